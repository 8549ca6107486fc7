// From an array with holes to a completed one: split, fit every model that is asked for, choose, judge, fit again.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/complete_array.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "completion/array/empty_indices.h"
#include "completion/array/fits.h"
#include "completion/array/generalized.h"
#include "completion/array/list_fit.h"
#include "completion/array/mode_ranks.h"
#include "completion/array/ranking.h"
#include "completion/magnitude.h"
#include "rankflow/error.h"
#include "rankflow/tensor_effects.h"

namespace rankflow {
namespace {

using namespace completion;
using Clock = std::chrono::steady_clock;

constexpr Index kFewestToJudge = 50;        // observations below which nothing is held out
constexpr double kDistinct = 0.05;          // of the largest component's norm
constexpr double kRankCut = 1e-3;           // of an unfolding's largest singular value
constexpr double kClearly = 0.9;            // of the error of means: predicts
constexpr Index kMostForExact = 1'000'000;  // observations of a list that an exact solution is looked for in
constexpr double kPairsPerObservation = 4;  // cells of a pair of modes, above which its means are left out
constexpr double kNormal95 = 1.959964;

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

std::vector<ArrayFit> fit_models(ArrayRun& run) {
  const ArrayModel wanted = run.options.model;
  if (run.options.loss != TensorPenalty::squared) return validated_generalized(run);
  if (wanted == ArrayModel::overlap && !run.dense)
    throw OptionError("--model overlap works on arrays whose cells fit into memory, and this is a list of cells",
                      "--model cp takes both");
  if (!run.dense) {
    if (run.tensor.num_observed() <= kMostForExact) {
      ArrayFit exact = validated_cp(run, GrowStrategy::exact, kNaN);
      if (exact.solved || run.interrupted) return {std::move(exact)};
    }
    return validated_list(run);
  }
  if (wanted == ArrayModel::cp) return {validated_cp(run, GrowStrategy::automatic, kNaN)};
  if (wanted == ArrayModel::overlap) return {validated_overlap(run)};
  ArrayFit exact = validated_cp(run, GrowStrategy::exact, kNaN);
  if (exact.solved || run.interrupted) return {std::move(exact)};
  ArrayFit overlap = validated_overlap(run);
  if (run.interrupted) return {std::move(overlap)};
  ArrayFit grown = validated_cp(run, GrowStrategy::noisy, overlap.validation_rmse);
  return {std::move(overlap), std::move(grown)};
}

std::vector<std::int32_t> index_at(const Tensor& tensor, Index k) {
  std::vector<std::int32_t> index;
  for (Index n = 0; n < tensor.order(); ++n) index.push_back(tensor.index[n][k]);
  return index;
}

void judge(const ArrayRun& run, ArrayCompletion& result) {
  const std::vector<Index>& numbers = run.split.held_out;
  if (numbers.empty()) return;
  double squares = 0, fourth = 0, covered = 0;
  const double count = static_cast<double>(numbers.size());
  for (const Index k : numbers) {
    const std::vector<std::int32_t> index = index_at(run.tensor, k);
    const double y = run.tensor.value[k], e = result.predictor->predict(index) - y;
    const Interval interval = result.predictor->interval(index, 0.9);
    squares += e * e;
    fourth += e * e * e * e;
    covered += interval.low <= y && y <= interval.high ? 1 : 0;
  }
  const double mean = squares / count;
  const double half = kNormal95 * std::sqrt(std::max(0.0, fourth / count - mean * mean) / count);
  result.held_out = HeldOutError{static_cast<Index>(numbers.size()), std::sqrt(mean),
                                 std::sqrt(std::max(0.0, mean - half)), std::sqrt(mean + half), covered / count};
}

// Pairs of indices of a long list may be far more than there are observations: a mean of none or one says nothing.
bool pairs_are_seen(const Tensor& tensor) {
  for (Index n = 0; n < tensor.order(); ++n)
    for (Index m = 0; m < n; ++m)
      if (static_cast<double>(tensor.size(n)) * static_cast<double>(tensor.size(m)) >
          kPairsPerObservation * static_cast<double>(tensor.num_observed()))
        return false;
  return true;
}

// Root mean square error of means of modes and of pairs of modes on some observations, fitted to all others.
double error_of_means(const Tensor& tensor, const std::vector<Index>& unseen) {
  if (unseen.empty()) return kNaN;
  CellMask use(static_cast<std::size_t>(tensor.num_observed()), 1);
  for (const Index k : unseen) use[k] = 0;
  TensorEffectOptions options;
  if (tensor.layout == Tensor::Layout::list && !pairs_are_seen(tensor)) options.largest_group = 1;
  const TensorEffects effects = fit_effects(tensor, use, options);
  double squares = 0;
  std::vector<Index> index(static_cast<std::size_t>(tensor.order()));
  for (const Index k : unseen) {
    for (std::size_t n = 0; n < index.size(); ++n) index[n] = tensor.index[n][k];
    squares += std::pow(effects.at(index) - tensor.value[k], 2);
  }
  return std::sqrt(squares / static_cast<double>(unseen.size()));
}

void describe(const ArrayFit& fit, ArrayCompletion& result) {
  result.model = fit.model;
  result.engine = fit.generalized ? "generalized_cp" : fit.list ? "list_cp" : fit.overlap ? "overlap" : "grow";
  result.train_rmse = fit.train_rmse;
  result.iterations = fit.iterations;
  result.stop = fit.stop;
  result.message = fit.message;
  result.predictor = fit.predictor;
  if (fit.cp || fit.generalized || fit.list) {
    const CpFactorization<double>& model = fit.cp     ? fit.cp->model
                                           : fit.list ? fit.list->model.components
                                                      : fit.generalized->model.components;
    const Vector norms = model.component_norms();
    result.component_norms.assign(norms.begin(), norms.end());
    std::sort(result.component_norms.rbegin(), result.component_norms.rend());
    result.rank = norms.size();
    for (const double norm : result.component_norms)
      result.distinct_components += norm > kDistinct * result.component_norms[0] ? 1 : 0;
    if (result.rank > 0) result.mode_ranks = mode_ranks(model, kRankCut);
  } else {
    for (const OverlapUnfolding& unfolding : fit.overlap->unfoldings)
      if (unfolding.modes.size() == 1) result.mode_ranks.push_back(unfolding.rank);
    result.rank = *std::max_element(result.mode_ranks.begin(), result.mode_ranks.end());
  }
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
      result.table_predictor = generalized_again(run, chosen).predictor;
    return;
  }
  const bool pairs = run.tensor.layout == Tensor::Layout::dense || pairs_are_seen(run.tensor);
  result.baseline = pairs ? "means of modes and of pairs of modes" : "means of modes";
  result.baseline_rmse = error_of_means(run.tensor, run.split.held_out);
  const double means = held ? result.baseline_rmse : error_of_means(run.tensor, run.split.validation.at(0));
  const double error = held ? result.held_out->rmse : chosen.validation_rmse;
  result.verdict = chosen.solved              ? GrowVerdict::solved
                   : error < kClearly * means ? GrowVerdict::predicts
                                              : GrowVerdict::not_determined;
  if (run.options.refit && held)
    result.table_predictor = (chosen.list ? list_again(run, chosen) : fit_again(run, chosen)).predictor;
}

}  // namespace

ArrayCompletion complete_array(const Tensor& tensor, const ArrayOptions& options, std::span<const Observer> observers) {
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
  const ArraySplit split = split_array(tensor, dense, settings);
  if (split.validation.empty())
    throw InputError(tensor.source, "too few observations: none is left to choose by", "lower --held-out");
  ArrayRun run{tensor, settings, observers, dense, split};
  if (options.absent_zero) run.ranked_modes = ranked_modes(tensor, options.ranked_modes);
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
