// Quantiles of scaled residuals on cells that a fit has not seen.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/array_intervals.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "rankflow/error.h"

namespace rankflow {
namespace {

constexpr double kSmoothing = 10;  // residuals of the global level that each fibre's own are mixed with
constexpr double kJudgedAt = .9;   // probability at which scales are compared
constexpr double kInfinity = std::numeric_limits<double>::infinity();

double variance_factor(double x, bool grows) {
  return grows ? std::max(x, 0.0) + 1 : 1;
}

// The smallest number that at least probability (n + 1) of n numbers do not exceed.
double conformal_quantile(const std::vector<double>& sorted, double probability) {
  const auto n = static_cast<double>(sorted.size());
  const double place = std::ceil(probability * (n + 1));
  return place > n ? kInfinity : sorted[static_cast<std::size_t>(std::max(1.0, place)) - 1];
}

// Sum over cells of width + 2 / alpha * distance of what is missed (Gneiting and Raftery 2007), alpha = 1 - kJudgedAt.
// Widths alone would favour scales that give up on the few cells with large residuals.
double interval_score(const std::vector<double>& ratio, const std::vector<double>& local) {
  std::vector<double> sorted = ratio;
  std::sort(sorted.begin(), sorted.end());
  const double quantile = conformal_quantile(sorted, kJudgedAt);
  double score = 0;
  for (std::size_t k = 0; k < ratio.size(); ++k)
    score += local[k] * (2 * quantile + 2 / (1 - kJudgedAt) * std::max(0.0, ratio[k] - quantile));
  return score;
}

}  // namespace

LocalScale::LocalScale(const DenseArray& array, const CellMask& train, const std::vector<float>& x,
                       bool grows_with_prediction)
    : grows_(grows_with_prediction) {
  const auto cells = array.cells();
  RANKFLOW_ASSERT(static_cast<Index>(x.size()) == cells && static_cast<Index>(train.size()) == cells,
                  "predictions or training cells are of another array");
  std::vector<std::vector<double>> squares, seen;
  for (Index n = 0; n < array.order(); ++n) {
    views_.push_back(view_along(array.shape, n));
    const auto fibres = static_cast<std::size_t>(views_.back().outer * views_.back().inner);
    squares.emplace_back(fibres, 0.0);
    seen.emplace_back(fibres, 0.0);
  }
  double total = 0, count = 0;
  for (Index cell = 0; cell < cells; ++cell) {
    if (!train[cell]) continue;
    const double prediction = static_cast<double>(x[cell]), e = prediction - array.value[cell];
    const double square = e * e / variance_factor(prediction, grows_);
    total += square, count += 1;
    for (std::size_t n = 0; n < views_.size(); ++n) {
      const Index fibre = views_[n].fibre(cell);
      squares[n][fibre] += square;
      seen[n][fibre] += 1;
    }
  }
  const double level = count > 0 && total > 0 ? total / count : 1;
  sigma_ = std::sqrt(level);
  for (std::size_t n = 0; n < views_.size(); ++n) {
    log_ratio_.emplace_back(squares[n].size());
    for (std::size_t k = 0; k < squares[n].size(); ++k)
      log_ratio_[n][k] = static_cast<float>(std::log((squares[n][k] / level + kSmoothing) / (seen[n][k] + kSmoothing)));
  }
}

double LocalScale::at(Index cell, double x, double exponent) const {
  double sum = 0;
  if (exponent != 0)
    for (std::size_t n = 0; n < views_.size(); ++n) sum += log_ratio_[n][views_[n].fibre(cell)];
  return sigma_ * std::sqrt(variance_factor(x, grows_)) * std::exp(.5 * exponent * sum);
}

Interval ArrayIntervals::at(Index cell, double prediction, double probability) const {
  const double half = conformal_quantile(quantiles, probability) * scale.at(cell, prediction, exponent);
  return {prediction - half, prediction + half};
}

ArrayIntervals calibrate_intervals(const DenseArray& array, const CellMask& train, const std::vector<float>& x,
                                   const std::vector<std::vector<Index>>& parts,
                                   const std::vector<std::vector<float>>& part_x) {
  RANKFLOW_ASSERT(parts.size() == part_x.size(), "a fit per calibration part is needed");
  const bool negative = std::any_of(array.value.begin(), array.value.end(), [](double y) { return y < 0; });
  ArrayIntervals best;
  double best_score = kInfinity;
  for (const bool grows : {false, true}) {
    if (grows && negative) continue;
    std::vector<LocalScale> scales;
    for (std::size_t k = 0; k < parts.size(); ++k) {
      CellMask without = train;
      for (const Index cell : parts[k]) without[cell] = 0;
      scales.emplace_back(array, without, part_x[k], grows);
    }
    for (const double exponent : {0.0, 1.0 / static_cast<double>(array.order()), .5, 1.0}) {
      std::vector<double> ratio, local;
      for (std::size_t k = 0; k < parts.size(); ++k) {
        for (const Index cell : parts[k]) {
          const double prediction = static_cast<double>(part_x[k][cell]);
          local.push_back(scales[k].at(cell, prediction, exponent));
          ratio.push_back(std::abs(prediction - array.value[cell]) / local.back());
        }
      }
      if (ratio.empty()) continue;
      const double score = interval_score(ratio, local);
      if (!(score < best_score) && !best.quantiles.empty()) continue;
      best_score = score;
      best.exponent = exponent;
      best.grows_with_prediction = grows;
      std::sort(ratio.begin(), ratio.end());
      best.quantiles = std::move(ratio);
    }
  }
  best.scale = LocalScale(array, train, x, best.grows_with_prediction);
  return best;
}

}  // namespace rankflow
