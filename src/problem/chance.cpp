// Is a difference that was seen on a number of cells more than chance?
// SPDX-License-Identifier: Apache-2.0
#include "problem/chance.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "rankflow/types.h"

namespace rankflow {
namespace {

bool all_equal(std::span<const double> values) {
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  return *least == *greatest;
}

}  // namespace

bool beyond_chance(std::span<const double> gains, double standard_errors) {
  if (gains.empty() || all_equal(gains)) return false;
  const double count = static_cast<double>(gains.size());
  double sum = 0, squares = 0;
  for (const double gain : gains) sum += gain;
  for (const double gain : gains) squares += (gain - sum / count) * (gain - sum / count);
  return sum > standard_errors * std::sqrt(count * squares / (count - 1));
}

bool mostly_positive(std::span<const double> gains, double standard_errors) {
  const double count = static_cast<double>(gains.size());
  double heads = 0;
  for (const double gain : gains) heads += gain > 0 ? 1 : gain < 0 ? 0 : .5;
  return count >= 2 && heads - .5 * count > standard_errors * .5 * std::sqrt(count);
}

bool nearer_than_constants(std::span<const double> x, std::span<const double> y, std::span<const double> weight,
                           double mean, double median, double standard_errors) {
  if (y.empty() || all_equal(y)) return false;
  std::vector<double> in_squares(x.size()), nearer(x.size());
  for (std::size_t k = 0; k < x.size(); ++k) {
    const double w = weight.empty() ? 1 : weight[k], e = x[k] - y[k];
    in_squares[k] = w * ((mean - y[k]) * (mean - y[k]) - e * e);
    nearer[k] = w * (std::abs(median - y[k]) - std::abs(e));
  }
  return beyond_chance(in_squares, standard_errors) || mostly_positive(nearer, standard_errors);
}

double median_of(std::span<const double> values) {
  if (values.empty()) return kNaN;
  std::vector<double> some(values.begin(), values.end());
  const auto middle = some.begin() + static_cast<std::ptrdiff_t>((some.size() - 1) / 2);
  std::nth_element(some.begin(), middle, some.end());
  return *middle;
}

}  // namespace rankflow
