// Factors, spectra and slices of a completed array, as its report shows them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "rankflow/complete_array.h"
#include "rankflow/report.h"

namespace rankflow::report {

/// What a mode is called: its title, or "mode 2".
std::string mode_title(const Tensor& tensor, Index mode);

/// cp: norms of the components and the largest components, mode by mode. Other models: singular values and leading
/// singular vectors of the unfoldings of the completed array, where it is small enough.
std::vector<ReportPanel> array_panels(const Tensor& tensor, const ArrayCompletion& result);

/// A few slices along the two largest modes, before and after.
std::vector<ReportMap> array_slices(const Tensor& tensor, const ArrayCompletion& result);

}  // namespace rankflow::report
