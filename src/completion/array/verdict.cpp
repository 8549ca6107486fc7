// What may be said of a completed array: solved, predicts or not determined; and whether a refit is to be trusted.
// SPDX-License-Identifier: Apache-2.0
#include "completion/array/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "completion/array/generalized.h"
#include "completion/array/held_out.h"
#include "problem/chance.h"
#include "rankflow/rng.h"

namespace rankflow::completion {
namespace {

constexpr double kClearly = 0.9;       // of the error of means: predicts
constexpr double kSurely = 0.95;       // the same where the 95 % interval lies below it
constexpr double kStandardErrors = 3;  // from chance
constexpr double kMatched = 1e-5;  // residual of held-out cells, relative to the values, that an exact fit may leave
constexpr Index kMostLookedAt = 20'000;  // cells
constexpr double kWorse = 1.2;           // error of a refit over all observations, of the judged fit's
constexpr double kFarther = 3;  // root mean square of what is predicted, of that of the judged fit or the values
constexpr std::uint64_t kHoles = 0x686f6c65;

// On few cells a good ratio is chance: a mean square of n normal errors has the relative deviation sqrt(2 / n).
double chance_share(std::size_t cells) {
  return std::min(1.0, kStandardErrors * std::sqrt(2 / static_cast<double>(cells)));
}

GrowVerdict squared_verdict(const ArrayRun& run, const ArrayFit& chosen, ArrayCompletion& result) {
  const bool pairs = run.tensor.layout == Tensor::Layout::dense || pairs_are_seen(run.tensor);
  result.baseline = pairs ? "means of modes and of pairs of modes" : "means of modes";
  result.baseline_rmse = error_of_means(run.tensor, run.split.held_out);
  const bool held = result.held_out.has_value();
  double error = 0, squares = 0, cells = 0, means = 0;
  if (held) {
    error = result.held_out->rmse;
    means = std::min(result.baseline_rmse, error_of_constant(run.tensor, run.split.held_out));
  } else {
    for (const std::vector<Index>& part : run.split.validation) {
      const double rival = std::min(error_of_means(run.tensor, part), error_of_constant(run.tensor, part));
      squares += rival * rival * static_cast<double>(part.size());
      cells += static_cast<double>(part.size());
    }
    error = chosen.validation_rmse;
    means = std::sqrt(squares / cells);
  }
  const bool surely = held && error < kSurely * means && result.held_out->rmse_high < means;
  const bool by_chance =
      held ? !beats_constant(run, *result.predictor, kStandardErrors)
           : chosen.by_chance || error * error >= (1 - chance_share(static_cast<std::size_t>(cells))) * means * means;
  return (error < kClearly * means || surely) && !by_chance ? GrowVerdict::predicts : GrowVerdict::not_determined;
}

// Facts: their places in the ranking beside all other cells are no chance. The area under the curve of n facts drawn at
// random has the variance 1 / (12 n) at least (Hanley and McNeil 1982).
bool ranked_by_chance(const FactRanking& ranking) {
  return !(ranking.auc - .5 > kStandardErrors / std::sqrt(12 * static_cast<double>(ranking.facts)));
}

GrowVerdict generalized_verdict(const ArrayRun& run, const ArrayFit& chosen, const ArrayFit& effects,
                                ArrayCompletion& result) {
  result.baseline = "effects of single modes under the same loss";
  judge_generalized(run, chosen, effects, result);
  double error = 0, means = 0;
  bool by_chance = false;
  if (!result.held_out) {
    std::size_t cells = 0;
    for (const std::vector<Index>& part : run.split.validation) cells += part.size();
    error = chosen.criterion;
    means = std::min(effects.criterion, constant_criterion(run));
    by_chance = error >= (1 - chance_share(cells)) * means;
  } else if (result.ranking) {
    error = 1 - result.ranking->mrr;
    means = 1 - result.baseline_ranking->mrr;
    by_chance = ranked_by_chance(*result.ranking);
  } else if (std::isfinite(result.deviance)) {
    const DevianceGains gains = gains_over_constant(run, chosen.generalized->model);
    error = result.deviance;
    means = std::min(result.baseline_deviance, gains.constant);
    by_chance = !beyond_chance(gains.gains, kStandardErrors);
  } else {
    error = result.held_out->rmse;
    means = std::min(result.baseline_rmse, error_of_constant(run.tensor, run.split.held_out));
    by_chance = !beats_constant(run, *result.predictor, kStandardErrors);
  }
  return error < kClearly * means && !by_chance ? GrowVerdict::predicts : GrowVerdict::not_determined;
}

double relative_to_values(const Tensor& tensor, double squares, double count) {
  double values = 0;
  for (const double y : tensor.value) values += y * y;
  values /= static_cast<double>(tensor.num_observed());
  return values > 0 ? std::sqrt(squares / count / values) : 0;
}

std::vector<std::int32_t> somewhere(const Tensor& tensor, Rng& rng) {
  std::vector<std::int32_t> index;
  for (Index n = 0; n < tensor.order(); ++n)
    index.push_back(static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(tensor.size(n)))));
  return index;
}

}  // namespace

bool contradicted(const ArrayRun& run, const ArrayFit& fit) {
  const std::vector<Index>& unseen = run.split.held_out;
  if (unseen.empty() || !fit.predictor) return false;
  double squares = 0;
  for (const Index k : unseen)
    squares += std::pow(fit.predictor->predict(index_at(run.tensor, k)) - run.tensor.value[k], 2);
  return relative_to_values(run.tensor, squares, static_cast<double>(unseen.size())) > kMatched;
}

GrowVerdict verdict_of(const ArrayRun& run, const std::vector<ArrayFit>& fits, const ArrayFit& chosen,
                       ArrayCompletion& result) {
  if (chosen.generalized) return generalized_verdict(run, chosen, fits.front(), result);
  const GrowVerdict otherwise = squared_verdict(run, chosen, result);
  if (!chosen.solved) return otherwise;
  if (!contradicted(run, chosen)) return GrowVerdict::solved;
  result.message += ", but cells that were kept away from it say otherwise";
  return otherwise;
}

std::string lost_its_way(const ArrayRun& run, const ArrayPredictor& judged, const ArrayPredictor& again) {
  const Tensor& tensor = run.tensor;
  double before = 0, after = 0, count = 0, values = 0;
  const Index stride = std::max<Index>(1, tensor.num_observed() / kMostLookedAt);
  for (Index k = 0; k < tensor.num_observed(); k += stride) {
    const std::vector<std::int32_t> index = index_at(tensor, k);
    const double y = tensor.value[k];
    before += std::pow(judged.predict(index) - y, 2);
    after += std::pow(again.predict(index) - y, 2);
    values += y * y;
    ++count;
  }
  before = std::sqrt(before / count), after = std::sqrt(after / count), values = std::sqrt(values / count);
  if (!(after <= kWorse * before + kMatched * values))
    return fmt::format("its error over all observations is {:.4g}, that of the fit that was judged {:.4g}", after,
                       before);
  double there = 0, first = 0;
  Rng rng(tensor.order(), kHoles);
  for (Index k = 0; k < kMostLookedAt; ++k) {
    const std::vector<std::int32_t> index = somewhere(tensor, rng);
    first += std::pow(judged.predict(index), 2);
    there += std::pow(again.predict(index), 2);
  }
  first = std::sqrt(first / static_cast<double>(kMostLookedAt));
  there = std::sqrt(there / static_cast<double>(kMostLookedAt));
  if (!(there <= kFarther * std::max(first, values)))
    return fmt::format("what it predicts has a root mean square of {:.4g}, that of the fit that was judged {:.4g}",
                       there, first);
  return "";
}

}  // namespace rankflow::completion
