// What may be said of a completed array: solved, predicts or not determined; and whether a refit is to be trusted.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "completion/array/fits.h"
#include "rankflow/complete_array.h"

namespace rankflow::completion {

/// An exact fit that cells which were kept away from it contradict.
bool contradicted(const ArrayRun& run, const ArrayFit& fit);

/// Fills in what the chosen fit is compared with, and compares. `result` has its held-out error already.
GrowVerdict verdict_of(const ArrayRun& run, const std::vector<ArrayFit>& fits, const ArrayFit& chosen,
                       ArrayCompletion& result);

/// Why the fit on all observations is not to be written in place of the one that was judged; empty where it may.
std::string lost_its_way(const ArrayRun& run, const ArrayPredictor& judged, const ArrayPredictor& again);

}  // namespace rankflow::completion
