// Components and effects under other losses than the squared one: fitted, chosen by the validation part, judged.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "completion/array/fits.h"

namespace rankflow::completion {

/// Effects alone, then components beside them, for several decays where the loss has no natural one.
std::vector<ArrayFit> validated_generalized(ArrayRun& run);
/// The same on all observations.
ArrayFit generalized_again(ArrayRun& run, const ArrayFit& chosen);
/// Deviance and ranking on the held-out part, of the chosen fit and of effects alone.
void judge_generalized(const ArrayRun& run, const ArrayFit& chosen, const ArrayFit& effects, ArrayCompletion& result);

/// What the best constant leaves: its deviance on the held-out part, and per cell how much less the model leaves.
struct DevianceGains {
  double constant = kNaN;
  std::vector<double> gains;
};
DevianceGains gains_over_constant(const ArrayRun& run, const GeneralizedCp& model);
/// The criterion that validation parts choose by, of the best constant. Infinite for facts: a constant ranks nothing.
double constant_criterion(const ArrayRun& run);

}  // namespace rankflow::completion
