// Has a refit on more observations lost its way? The one rule, for the library's refit and for `complete`.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rankflow/fit.h"
#include "rankflow/low_rank_model.h"

namespace rankflow::flow {

/// A tenth more data moves a fit by its error, which validation has shown to be small. A refit has failed if it
/// diverged, is not finite, ends farther from the first fit than nine tenths of its product's norm, or fits its own
/// observations more than 1.5 times worse than the first fit (round-off of both aside).
bool refit_failed(Stop stop, const LowRankModel& refit, double refit_rmse, const LowRankModel& first,
                  double first_rmse);

/// What the first fit's message then goes on with.
inline constexpr const char* kRefitDropped = "; the fit on more observations ended far from it and was dropped";

}  // namespace rankflow::flow
