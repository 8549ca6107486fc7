// A sensed matrix as the report shows it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "rankflow/report.h"
#include "rankflow/sense.h"

namespace rankflow {

ReportInput sense_report(const std::string& source, const SenseResult& result, const SenseOptions& options,
                         const std::string& summary, const std::string& command);

}  // namespace rankflow
