// Which weights to look at next.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "rankflow/overlap.h"

namespace rankflow::overlap {

/// The setting to look at after those in `trials`, or none: a pure function, so trials are all there is to keep.
/// First equal weights, then each unfolding times 10 (times 100 and a tenth too, unless there are many); then from the
/// best a coordinate search over each weight and the strength, in rounds until one brings nothing.
std::optional<OverlapSetting> next_setting(Index unfoldings, const OverlapOptions& options,
                                           const std::vector<OverlapTrial>& trials);

/// The trial with the smallest error; null without any.
const OverlapTrial* best_trial(const std::vector<OverlapTrial>& trials);

}  // namespace rankflow::overlap
