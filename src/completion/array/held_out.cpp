// The error on cells that no fit has seen, of a model and of means.
// SPDX-License-Identifier: Apache-2.0
#include "completion/array/held_out.h"

#include <algorithm>
#include <cmath>

#include "problem/chance.h"
#include "rankflow/tensor_effects.h"

namespace rankflow::completion {
namespace {

constexpr double kPairsPerObservation = 4;  // cells of a pair of modes, above which its means are left out
constexpr double kNormal95 = 1.959964;

double mean_without(const Tensor& tensor, const std::vector<Index>& unseen) {
  double sum = 0;
  for (const double y : tensor.value) sum += y;
  for (const Index k : unseen) sum -= tensor.value[k];
  const double count = static_cast<double>(tensor.num_observed() - static_cast<Index>(unseen.size()));
  return count > 0 ? sum / count : 0;
}

}  // namespace

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

double error_of_constant(const Tensor& tensor, const std::vector<Index>& unseen) {
  if (unseen.empty()) return kNaN;
  const double mean = mean_without(tensor, unseen);
  double squares = 0;
  for (const Index k : unseen) squares += std::pow(tensor.value[k] - mean, 2);
  return std::sqrt(squares / static_cast<double>(unseen.size()));
}

bool beats_constant(const ArrayRun& run, const ArrayPredictor& predictor, double standard_errors) {
  const std::vector<Index>& unseen = run.split.held_out;
  std::vector<double> fitted, x, y;
  for (const Index k : unseen) {
    x.push_back(predictor.predict(index_at(run.tensor, k)));
    y.push_back(run.tensor.value[k]);
  }
  for (const Index k : numbers_without(run.tensor, unseen)) fitted.push_back(run.tensor.value[k]);
  return nearer_than_constants(x, y, {}, mean_without(run.tensor, unseen), median_of(fitted), standard_errors);
}

}  // namespace rankflow::completion
