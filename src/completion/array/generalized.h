// Components and effects under other losses than the squared one: fitted, chosen by the validation part, judged.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "completion/array/fits.h"

namespace rankflow::completion {

/// Effects alone, then components beside them, for several decays where the loss has no natural one.
std::vector<ArrayFit> validated_generalized(ArrayRun& run);
/// The same on all observations.
ArrayFit generalized_again(ArrayRun& run, const ArrayFit& chosen);
/// Deviance and ranking on the held-out part, of the chosen fit and of effects alone.
void judge_generalized(const ArrayRun& run, const ArrayFit& chosen, const ArrayFit& effects, ArrayCompletion& result);
/// By what a verdict is found; smaller is better. Of the held-out part, or of the validation part without one.
double verdict_measure(const ArrayFit& fit, const std::optional<FactRanking>& ranking, double deviance);

}  // namespace rankflow::completion
