// The scalar law: times by quadrature and closed form, values by bisection, gradient descent's recursion.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/scalar_law.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "rankflow/error.h"

namespace rankflow {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kFarthest = 700;  // e^-700 is about the smallest number there is
constexpr int kMostSteps = 200;

// Gauss and Legendre's rule with 10 points on each piece of length at most 1/2; the integrands here are analytic and
// their their nearest singularity pi away, so each piece is exact to round-off.
template <class Function>
double integral(const Function& f, double from, double to) {
  constexpr double kNodes[] = {.1488743389816312109, .4333953941292471908, .6794095682990244062, .8650633666889845107,
                               .9739065285171717201};
  constexpr double kWeights[] = {.2955242247147528702, .2692667193099963551, .2190863625159820440, .1494513491505805931,
                                 .0666713443086881376};
  const double length = to - from;
  const int pieces = std::max(1, static_cast<int>(std::ceil(2 * std::abs(length))));
  const double half = length / pieces / 2;
  double sum = 0;
  for (int piece = 0; piece < pieces; ++piece) {
    const double middle = from + (2 * piece + 1) * half;
    for (int k = 0; k < 5; ++k) sum += kWeights[k] * (f(middle - half * kNodes[k]) + f(middle + half * kNodes[k]));
  }
  return sum * half;
}

double three(double x, double c) {
  const double root = std::numbers::sqrt3 * c;
  return std::log((x * x + c * x + c * c) / ((c - x) * (c - x))) / (6 * c) - std::atan((2 * x + c) / root) / root;
}

double four(double u, double lambda) {
  const double root = std::sqrt(lambda);
  return (-1 / u + std::log((root + u) / (root - u)) / (2 * root)) / (2 * lambda);
}

}  // namespace

double scalar_time(double depth, double lambda, double from, double to) {
  RANKFLOW_ASSERT(depth > 1 && from > 0 && to > 0, "the scalar law needs positive values and depth above 1");
  if (from == to) return 0;
  const double sign = lambda > from ? 1 : -1;  // below lambda it grows
  if (sign * (to - from) < 0 || sign * (lambda - to) <= 0) return kInfinity;
  const double power = 2 - 2 / depth;
  // In ln s away from lambda, in ln |lambda - s| beside it: there the integrand is smooth.
  const auto far = [&](double z) {
    const double s = std::exp(z);
    return std::pow(s, 1 - power) / (depth * (lambda - s));
  };
  const auto near = [&](double z) { return -1 / (depth * std::pow(lambda - sign * std::exp(z), power)); };
  if (lambda <= 0) return integral(far, std::log(from), std::log(to));
  const double border = lambda * (1 - .5 * sign);
  const double a = sign * std::min(sign * from, sign * border), b = sign * std::min(sign * to, sign * border);
  const double c = sign * std::max(sign * from, sign * border), d = sign * std::max(sign * to, sign * border);
  return integral(far, std::log(a), std::log(b)) +
         integral(near, std::log(sign * (lambda - c)), std::log(sign * (lambda - d)));
}

double layer_time(double depth, double lambda, double a, double mu) {
  if (!(lambda > 0 && a > 0 && mu >= a)) throw OptionError("the times of growth need 0 < a <= mu and lambda > 0");
  if (std::pow(mu, depth) >= lambda) return kInfinity;
  if (depth == 2) return std::log(mu * mu * (lambda - a * a) / (a * a * (lambda - mu * mu))) / (2 * lambda);
  if (depth == 3) {
    const double c = std::cbrt(lambda);
    return (1 / a - 1 / mu + three(mu, c) - three(a, c)) / lambda;
  }
  if (depth == 4) return four(mu * mu, lambda) - four(a * a, lambda);
  return scalar_time(depth, lambda, std::pow(a, depth), std::pow(mu, depth));
}

double small_start_time(double depth, double lambda, double a) {
  if (depth == 2) return std::log(lambda / (a * a)) / (2 * lambda);
  return 1 / ((depth - 2) * lambda * std::pow(a, depth - 2));
}

double scalar_value(double depth, double lambda, double s, double time) {
  if (time == 0 || s == lambda) return s;
  if (lambda == 0) {
    // ds/dt = -N s^(3-2/N)
    const double power = 2 - 2 / depth;
    return std::pow(std::pow(s, -power) + depth * power * time, -1 / power);
  }
  // In z, which shrinks the distance to the limit (lambda, or zero for a negative one) by e^-z, the law is
  // dz/dt = rate(s). Newton's method for the time, kept between two bounds.
  const bool to_zero = lambda < 0;
  const auto at = [&](double z) { return to_zero ? s * std::exp(-z) : lambda + (s - lambda) * std::exp(-z); };
  const auto rate = [&](double x) {
    return depth * (to_zero ? std::pow(x, 1 - 2 / depth) * (x - lambda) : std::pow(x, 2 - 2 / depth));
  };
  double low = 0, high = kFarthest, z = std::min(1.0, rate(s) * time);
  for (int k = 0; k < kMostSteps && high - low > 1e-15 * high; ++k) {
    const double value = at(z), missing = time - (value == lambda ? kInfinity : scalar_time(depth, lambda, s, value));
    (missing > 0 ? low : high) = z;
    const double step = z + missing * rate(value);
    if (std::abs(step - z) <= 1e-15 * z) return at(step);
    const bool outside = !(step > low && step < high);
    z = !outside ? step : high == kFarthest ? std::min(2 * low + 1, kFarthest) : (low + high) / 2;
  }
  return at(z);
}

double LayerRecursion::next(double x, double lambda) const {
  const double power = std::pow(x, depth - 1);
  return x + step_size * power * (lambda - power * x);
}

Index LayerRecursion::steps_to(double a, double lambda, double share, Index most) const {
  double x = a;
  for (Index k = 0; k <= most; ++k, x = next(x, lambda))
    if (std::pow(x, depth) >= share * lambda) return k;
  return -1;
}

double monotone_step_limit(double depth, double lambda) {
  return 1 / (depth * std::pow(lambda, 2 - 2 / depth));
}

double stable_step_limit(double depth, double lambda) {
  return 2 * monotone_step_limit(depth, lambda);
}

}  // namespace rankflow
