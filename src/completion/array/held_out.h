// The error on cells that no fit has seen, of a model and of means.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "completion/array/fits.h"

namespace rankflow::completion {

/// Fills in result.held_out from result.predictor, where something is held out.
void judge(const ArrayRun& run, ArrayCompletion& result);

/// Are there enough observations for means of pairs of modes?
bool pairs_are_seen(const Tensor& tensor);
/// Root mean square error of means of modes, and of pairs of modes where they are seen, on some observations, fitted to
/// all others. NaN without any.
double error_of_means(const Tensor& tensor, const std::vector<Index>& unseen);
/// The same of one number, the mean of all others: on noise nothing predicts better.
double error_of_constant(const Tensor& tensor, const std::vector<Index>& unseen);
/// Are squared errors on the held-out part smaller than those of that constant, by so many standard errors of the mean
/// difference, or of the number of cells that are nearer?
bool beats_constant(const ArrayRun& run, const ArrayPredictor& predictor, double standard_errors);

}  // namespace rankflow::completion
