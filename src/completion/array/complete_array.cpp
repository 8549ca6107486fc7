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
#include "completion/array/generalized.h"
#include "completion/array/held_out.h"
#include "completion/array/list_fit.h"
#include "completion/array/ranking.h"
#include "completion/fingerprint.h"
#include "completion/magnitude.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

using namespace completion;
using Clock = std::chrono::steady_clock;

constexpr Index kFewestToJudge = 50;  // observations below which nothing is held out
constexpr double kClearly = 0.9;      // of the error of means: predicts
constexpr double kDeviations = 3;     // from chance
constexpr double kSurely = 0.95;      // the same where the 95 % interval lies below it

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
    result.candidates.push_back({fit.model, fit.validation_rmse, &fit == &chosen, fit.message, fit.criterion});
  if (!chosen.predictor) {  // it has lost its way: there is nothing to describe or to judge
    result.model = chosen.model;
    result.engine = chosen.engine;
    result.iterations = chosen.iterations;
    result.stop = chosen.stop;
    result.message = chosen.message;
    return;
  }
  describe(chosen, result);
  judge(run, result);
  const bool held = result.held_out.has_value();
  if (chosen.generalized) {
    const ArrayFit& effects = fits.front();
    result.baseline = "effects of single modes under the same loss";
    judge_generalized(run, chosen, effects, result);
    const bool usual = !held || !(result.ranking || std::isfinite(result.deviance));
    const double error =
                     usual && held ? result.held_out->rmse : verdict_measure(chosen, result.ranking, result.deviance),
                 means = usual && held ? result.baseline_rmse
                                       : verdict_measure(effects, result.baseline_ranking, result.baseline_deviance);
    result.verdict = error < kClearly * means ? GrowVerdict::predicts : GrowVerdict::not_determined;
    if (run.options.refit && (held || run.split.validation_given))
      result.table_predictor = fit_again(run, chosen).predictor;
    return;
  }
  const bool pairs = run.tensor.layout == Tensor::Layout::dense || pairs_are_seen(run.tensor);
  result.baseline = pairs ? "means of modes and of pairs of modes" : "means of modes";
  result.baseline_rmse = error_of_means(run.tensor, run.split.held_out);
  const std::vector<Index>& unseen = held ? run.split.held_out : run.split.validation.at(0);
  const double means =
      std::min(held ? result.baseline_rmse : error_of_means(run.tensor, unseen), error_of_constant(run.tensor, unseen));
  const double error = held ? result.held_out->rmse : chosen.validation_rmse;
  // A tenth less than the means; a twentieth where the interval rules chance out. On few cells that much is chance: a
  // mean square of n normal errors has the relative deviation sqrt(2 / n).
  const bool surely = held && error < kSurely * means && result.held_out->rmse_high < means;
  const double chance = std::min(1.0, kDeviations * std::sqrt(2 / static_cast<double>(unseen.size())));
  const bool by_chance =
      held ? !beats_constant(run, *result.predictor, kDeviations) : error * error >= (1 - chance) * means * means;
  const bool predicts = (error < kClearly * means || surely) && !by_chance;
  result.verdict = chosen.solved ? GrowVerdict::solved : predicts ? GrowVerdict::predicts : GrowVerdict::not_determined;
  if (run.options.refit && held) {
    ArrayFit again = fit_again(run, chosen);
    if (!run.interrupted) result.table_predictor = again.predictor;
  }
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
    throw InputError(tensor.source, "too few observations: none is left to choose by", "lower --held-out");
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
