// What of a completion goes into its report.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "rankflow/complete.h"
#include "rankflow/report.h"

namespace rankflow {

/// summary: the paragraph of brief(). command: the line that repeats the run.
ReportInput completion_report(const Table& table, const Completion& result, const CompleteOptions& options,
                              const std::string& summary, const std::string& command);

}  // namespace rankflow
