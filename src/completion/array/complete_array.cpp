// From an array with holes to a completed one: split, fit every model that is asked for, choose, judge, fit again.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/complete_array.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "completion/array/candidates.h"
#include "completion/array/describe.h"
#include "completion/array/empty_indices.h"
#include "completion/array/fits.h"
#include "completion/array/held_out.h"
#include "completion/array/list_fit.h"
#include "completion/array/ranking.h"
#include "completion/array/unseen.h"
#include "completion/array/verdict.h"
#include "completion/fingerprint.h"
#include "completion/magnitude.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

using namespace completion;
using Clock = std::chrono::steady_clock;

constexpr Index kFewestToJudge = 50;  // observations below which nothing is held out

void check(const Tensor& tensor, const ArrayOptions& options) {
  if (tensor.order() < 2) throw InputError(tensor.source, "an array of order 1 has nothing to be completed from");
  if (tensor.num_observed() == 0)
    throw InputError(tensor.source, "no cell is observed: there is nothing to learn from");
  double largest = 0;
  for (const double value : tensor.value) largest = std::max(largest, std::abs(value));
  check_magnitude(largest, tensor.source, "value");
  if (!(options.held_out >= 0 && options.held_out <= 0.9)) throw OptionError("--held-out: must be in [0, 0.9]");
  if (!(options.validation > 0 && options.validation <= 0.9)) throw OptionError("--validation: must be in (0, 0.9]");
}

void check_values(const Tensor& tensor, const ArrayOptions& options) {
  if (!options.parts.empty() && options.parts.size() != tensor.value.size())
    throw InputError(tensor.source,
                     fmt::format("found {} parts for {} observations", options.parts.size(), tensor.num_observed()));
  if (options.absent_zero && (options.loss != TensorPenalty::logistic || tensor.layout != Tensor::Layout::list))
    throw OptionError("absent_zero is for lists of facts under the logistic loss");
  if (options.loss != TensorPenalty::squared && options.model == ArrayModel::overlap)
    throw OptionError("--model overlap knows the squared loss alone", "--model cp takes any loss");
  const bool facts = options.loss == TensorPenalty::logistic, counts = options.loss == TensorPenalty::poisson;
  for (const double y : tensor.value)
    if ((facts && y != 0 && y != 1) || (counts && y < 0))
      throw InputError(tensor.source, facts ? fmt::format("found {}, --loss logistic expects 0 or 1", y)
                                            : fmt::format("found {}, --loss poisson expects counts", y));
  if (facts && !options.absent_zero &&
      std::all_of(tensor.value.begin(), tensor.value.end(), [&](double y) { return y == tensor.value[0]; }))
    throw InputError(tensor.source, fmt::format("every value is {}: there is nothing to tell apart", tensor.value[0]),
                     "--absent zero makes what a list does not name a 0");
}

void carry_out(ArrayRun& run, ArrayCompletion& result) {
  std::vector<ArrayFit> fits = fit_models(run);
  if (run.interrupted) return;
  const auto better = [](const ArrayFit& a, const ArrayFit& b) {
    if (a.generalized) return a.criterion < b.criterion;
    return (a.solved && !b.solved) || (a.solved == b.solved && a.validation_rmse < b.validation_rmse);
  };
  ArrayFit& chosen = *std::min_element(fits.begin(), fits.end(), better);
  if (chosen.list) finish_list(run, chosen);
  if (run.interrupted) return;
  for (const ArrayFit& fit : fits)
    result.candidates.push_back(
        {fit.model, fit.parts, fit.validation_rmse, &fit == &chosen, fit.message, fit.criterion});
  if (!chosen.predictor) {  // it has lost its way: there is nothing to describe or to judge
    result.model = chosen.model;
    result.engine = chosen.engine;
    result.iterations = chosen.iterations;
    result.stop = chosen.stop;
    result.message = chosen.message;
    return;
  }
  if (run.options.loss == TensorPenalty::squared)  // others have intervals that grow with the prediction
    chosen.predictor = with_unseen(run, run.split.held_out, chosen.predictor);
  describe(chosen, result);
  judge(run, result);
  result.verdict = verdict_of(run, fits, chosen, result);
  if (!run.options.refit || !(result.held_out || (chosen.generalized && run.split.validation_given))) return;
  const ArrayFit again = fit_again(run, chosen);
  if (run.interrupted) return;
  const std::string problem = lost_its_way(run, *result.predictor, *again.predictor);
  if (problem.empty())
    result.table_predictor = again.predictor;
  else
    result.warnings.push_back("the fit on all observations lost its way (" + problem +
                              "): what is written comes from the fit that was judged");
}

}  // namespace

ArrayCompletion complete_array(const Tensor& tensor, const ArrayOptions& options, std::span<const Observer> observers,
                               const CheckpointOptions& checkpoint) {
  const Clock::time_point begin = Clock::now();
  check(tensor, options);
  check_values(tensor, options);
  ArrayCompletion result;
  result.loss = options.loss;
  ArrayOptions settings = options;
  if (tensor.num_observed() < kFewestToJudge && options.held_out > 0) {
    settings.held_out = 0;
    result.warnings.push_back(
        fmt::format("fewer than {} observations: nothing is held out, so no error can be stated", kFewestToJudge));
  }
  if (static_cast<double>(tensor.num_observed()) == tensor.cells())
    result.warnings.push_back("every cell is observed: there is nothing to fill");
  result.empty_indices = empty_indices(tensor);
  if (!options.absent_zero)  // there, an index without facts has zeros everywhere
    for (const EmptyIndices& empty : result.empty_indices) result.warnings.push_back(warning_of(empty, tensor));
  const std::optional<DenseView> dense = dense_view(tensor);
  check_combination(settings, dense.has_value());
  const ArraySplit split = split_array(tensor, dense, settings);
  if (split.validation.empty())
    throw InputError(tensor.source, "too few observations: none is left to choose by",
                     settings.held_out > 0 ? "lower --held-out"
                                           : "raise --validation, or name the cells that choose with --valid FILE");
  ArrayRun run{tensor, settings, observers, dense, split, Checkpoint(checkpoint, fingerprint(tensor, settings))};
  if (options.absent_zero) run.ranked_modes = ranked_modes(tensor, options.ranked_modes);
  run.history = run.checkpoint.history();
  result.seed = settings.seed;
  result.holes = split.holes;
  carry_out(run, result);
  if (run.interrupted) {
    result.stop = Stop::interrupted;
    result.message = "interrupted";
  }
  result.parts.assign(static_cast<std::size_t>(tensor.num_observed()), Part::train);
  for (const Index k : split.held_out) result.parts[k] = Part::held_out;
  for (const std::vector<Index>& part : split.validation)
    for (const Index k : part) result.parts[k] = Part::validation;
  result.history = std::move(run.history);
  result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  return result;
}

}  // namespace rankflow
