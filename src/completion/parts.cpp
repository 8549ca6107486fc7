// Splitting observations and choosing units.
// SPDX-License-Identifier: Apache-2.0
#include "completion/parts.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "rankflow/rng.h"

namespace rankflow::completion {
namespace {

constexpr std::uint64_t kSplitStream = 0x5350;
constexpr double kDifferentUnits = 3, kDifferentLevels = 30;
constexpr std::size_t kMostScaleValues = 64;

struct ColumnSums {
  Vector count, weights, mean, squares;  // squares: weighted sum of squared deviations (West 1979)
};

ColumnSums column_sums(const Table& table, const std::vector<Part>& parts) {
  const Index n = table.num_columns();
  ColumnSums sums{Vector::Zero(n), Vector::Zero(n), Vector::Zero(n), Vector::Zero(n)};
  for (Index k = 0; k < table.num_observed(); ++k) {
    if (!parts.empty() && parts[k] == Part::held_out) continue;
    const Index j = table.column[k];
    const double weight = table.weight.empty() ? 1 : static_cast<double>(table.weight[k]);
    const double before = table.value[k] - sums.mean[j];
    ++sums.count[j];
    sums.weights[j] += weight;
    sums.mean[j] += weight * before / sums.weights[j];
    sums.squares[j] += weight * before * (table.value[k] - sums.mean[j]);
  }
  return sums;
}

}  // namespace

std::vector<Part> split(Index count, double held_out, double validation, std::uint64_t seed) {
  std::vector<Part> parts(count, Part::train);
  for (Index k = 0; k < count; ++k) {
    Rng rng(seed, kSplitStream, static_cast<std::uint64_t>(k));
    const double judged = rng.uniform(), chosen = rng.uniform();
    parts[k] = judged < held_out ? Part::held_out : chosen < validation ? Part::validation : Part::train;
  }
  return parts;
}

bool columns_differ(const Table& table, const std::vector<Part>& parts) {
  if (table.layout != Table::Layout::dense) return false;
  const ColumnSums sums = column_sums(table, parts);
  double low = std::numeric_limits<double>::infinity(), high = 0;
  for (Index j = 0; j < table.num_columns(); ++j) {
    if (sums.count[j] < 2 || !(sums.squares[j] > 0)) continue;
    const double spread = std::sqrt(sums.squares[j] / sums.weights[j]);
    low = std::min(low, spread);
    high = std::max(high, spread);
  }
  double lowest = std::numeric_limits<double>::infinity(), highest = -lowest;
  for (Index j = 0; j < table.num_columns(); ++j) {
    if (sums.count[j] == 0) continue;
    lowest = std::min(lowest, sums.mean[j]);
    highest = std::max(highest, sums.mean[j]);
  }
  return high > kDifferentUnits * low || (high > 0 && highest - lowest > kDifferentLevels * high);
}

ColumnScaling column_scaling(const Table& table, const std::vector<Part>& parts) {
  const ColumnSums sums = column_sums(table, parts);
  ColumnScaling scaling{sums.mean, Vector::Ones(table.num_columns())};
  for (Index j = 0; j < table.num_columns(); ++j) {
    const double spread = sums.count[j] > 1 ? std::sqrt(sums.squares[j] / sums.weights[j]) : 0;
    if (spread > 1e-12 * std::abs(sums.mean[j]) && spread > 0) scaling.scale[j] = spread;
  }
  return scaling;
}

Vector rounding_levels(const Table& table, const std::vector<Part>& parts, bool per_column) {
  Vector largest = Vector::Zero(table.num_columns());
  for (Index k = 0; k < table.num_observed(); ++k)
    if (parts[k] != Part::held_out)
      largest[table.column[k]] = std::max(largest[table.column[k]], std::abs(table.value[k]));
  if (!per_column) largest.setConstant(largest.maxCoeff());
  return std::numeric_limits<double>::epsilon() * largest;
}

std::pair<double, double> value_range(const Table& table, const std::vector<Part>& parts) {
  const std::pair<double, double> none{1, -1};
  std::set<double> distinct;
  double low = std::numeric_limits<double>::infinity(), high = -low;
  Index count = 0;
  for (Index k = 0; k < table.num_observed(); ++k) {
    if (parts[k] == Part::held_out) continue;
    ++count;
    low = std::min(low, table.value[k]);
    high = std::max(high, table.value[k]);
    if (distinct.size() <= kMostScaleValues) distinct.insert(table.value[k]);
  }
  if (count == 0) return none;
  if (table.layout == Table::Layout::image)
    return {0.0, table.image_max > 0 ? static_cast<double>(table.image_max) : std::max(high, 255.0)};
  const bool repeats = static_cast<Index>(distinct.size()) * 10 <= count;
  return distinct.size() <= kMostScaleValues && repeats ? std::pair{low, high} : none;
}

}  // namespace rankflow::completion
