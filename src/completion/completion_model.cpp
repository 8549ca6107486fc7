// Predictions and intervals of a kept model.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/completion_model.h"

#include <algorithm>
#include <cmath>

namespace rankflow {

double CompletionModel::from_engine(double value, Index j) const {
  if (scaling.scale.size() > 0) value = value * scaling.scale[j] + scaling.offset[j];
  return low > high ? value : std::clamp(value, low, high);
}

double CompletionModel::predict(Index i, Index j) const {
  return from_engine(product(i, j), j);
}

double CompletionModel::standard_deviation(Index i, Index j, double weight) const {
  if (spread.row_noise.size() == 0) return 0;
  const double deviation = std::sqrt(std::max(0.0, spread.variance(i, j, weight)));
  return scaling.scale.size() > 0 ? deviation * scaling.scale[j] : deviation;
}

double CompletionModel::calibration_quantile(double level) const {
  if (calibration.empty() || !(level > 0 && level < 1)) return kNaN;
  // Split conformal: the ceil((n + 1) level)-th smallest covers a new residual with probability >= level.
  const double n = static_cast<double>(calibration.size());
  const auto k = static_cast<std::size_t>(std::ceil((n + 1) * level));
  return calibration[std::min(calibration.size(), std::max<std::size_t>(k, 1)) - 1];
}

Interval CompletionModel::interval(Index i, Index j, double level) const {
  const double half = calibration_quantile(level) * standard_deviation(i, j), middle = predict(i, j);
  Interval result{middle - half, middle + half};
  if (low <= high) result = {std::max(result.low, low), std::min(result.high, high)};
  return result;
}

double predict_unknown(const CompletionModel& model, std::optional<Index> i, std::optional<Index> j) {
  const LowRankModel& p = model.product;
  const Vector left = i ? Vector(p.u.row(*i)) : Vector(p.u.colwise().mean());
  const Vector right = j ? Vector(p.v.row(*j)) : Vector(p.v.colwise().mean());
  const double row = i ? p.row_bias[*i] : p.row_bias.mean(), column = j ? p.column_bias[*j] : p.column_bias.mean();
  const double value = p.mean + row + column + left.cwiseProduct(p.s).dot(right);
  if (j || model.scaling.scale.size() == 0) return model.from_engine(value, j.value_or(0));
  // A column of unknown units: the average over the known ones.
  double sum = 0;
  for (Index k = 0; k < model.scaling.scale.size(); ++k) sum += model.from_engine(value, k);
  return sum / static_cast<double>(model.scaling.scale.size());
}

}  // namespace rankflow
