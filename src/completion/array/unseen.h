// Intervals for cells with an index that no observation has: as wide as the means of a mode miss what is known.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "completion/array/fits.h"

namespace rankflow::completion {

/// What is known of one mode.
struct UnseenIndices {
  Index mode = 0;
  std::vector<std::int64_t> positions;  // without observations, ascending
  std::vector<double> residuals;        // absolute, ascending: of averages over the mode, on observed cells
};

/// Predicts as `inner` does. Cells with an unseen index have intervals from the residuals of those modes' averages
/// (squared half widths add).
std::shared_ptr<const ArrayPredictor> unseen_predictor(std::shared_ptr<const ArrayPredictor> inner,
                                                       std::vector<UnseenIndices> unseen);
/// The same, with what the observations but those in `without` say; `inner` itself where they have every index.
std::shared_ptr<const ArrayPredictor> with_unseen(const ArrayRun& run, const std::vector<Index>& without,
                                                  std::shared_ptr<const ArrayPredictor> inner);

void save(const std::vector<UnseenIndices>& unseen, Archive& to);
/// Throws InputError where the arrays do not fit together.
std::vector<UnseenIndices> load_unseen(const Archive& from, const std::vector<Index>& shape);

}  // namespace rankflow::completion
