// The inequalities of the 2 x 2 problem as numbers.
// SPDX-License-Identifier: Apache-2.0
#include "instrument/two_by_two.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace rankflow {

double least_norm(double loss, double unit_norm, double largest_unit_norm, double c) {
  const double a = unit_norm / (std::numbers::sqrt2 * c);
  const double b = std::max(std::numbers::sqrt2 * a, 8 * c * c * largest_unit_norm);
  return a / std::sqrt(loss) - b;
}

double most_effective_rank(double loss) {
  return 1 + 2 * std::sqrt(12.0) / std::numbers::ln2 * std::sqrt(loss);
}

double most_rank_one_distance(double loss) {
  return 3 * std::numbers::sqrt2 * std::sqrt(loss);
}

double least_unobserved_entry(double loss) {
  const double left = 1 - std::sqrt(loss);
  return left * left / std::sqrt(2 * loss);
}

double most_second_singular_value(double loss) {
  return std::sqrt(2 * loss);
}

double least_unobserved_entry(double loss, double z, double z_prime, double e) {
  const double s = std::sqrt(2 * loss);
  if (s >= std::min(std::abs(z), std::abs(z_prime))) return 0;
  return (std::abs(z) - s) * (std::abs(z_prime) - s) / (std::abs(e) + s);
}

}  // namespace rankflow
