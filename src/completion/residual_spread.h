// The shape of intervals around a fit that has no posterior: noise levels of lines, from the residuals it leaves.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rankflow/low_rank_model.h"
#include "rankflow/observations.h"
#include "rankflow/posterior.h"

namespace rankflow::completion {

/// Noise per row and per column from the residuals on the fitted entries: w_ij e_ij^2 ~ row_i column_j. The size of
/// intervals is calibrated on entries the fit did not see.
template <class T>
PosteriorSpread residual_spread(const Observations<T>& train, const LowRankModel& model);

}  // namespace rankflow::completion
