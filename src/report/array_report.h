// What of a completed array goes into its report.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "rankflow/complete_array.h"
#include "rankflow/report.h"

namespace rankflow {

/// summary: the paragraph of brief(). command: the line that repeats the run.
ReportInput array_report(const Tensor& tensor, const ArrayCompletion& result, const ArrayOptions& options,
                         const std::string& summary, const std::string& command);

}  // namespace rankflow
