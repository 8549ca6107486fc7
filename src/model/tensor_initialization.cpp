// How factorizations of tensors start: independent normal numbers, as published, or balanced ones.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "rankflow/cp_factorization.h"
#include "rankflow/error.h"
#include "rankflow/rng.h"

namespace rankflow {
namespace {

constexpr std::uint64_t kStream = 0x7C9;  // of the random numbers
constexpr double kMostWeights = 4e9;

void check(const TensorInitializationOptions& options) {
  TensorInitializationOptions copy = options;
  for (OptionField& option : fields(copy)) option.set(option.get());
  if (options.deviation == 0 && options.mean == 0)
    throw OptionError("deviation = 0 and mean = 0: a product of zeros never leaves the origin");
}

// Every tensor is a sum of cells / largest size outer products: one along the largest mode for each choice of the other
// indices.
Index most_components(const std::vector<Index>& shape) {
  double count = 1;
  for (const Index size : shape) count *= static_cast<double>(size);
  count /= static_cast<double>(*std::max_element(shape.begin(), shape.end()));
  if (count > kMostWeights)
    throw OptionError(fmt::format("components = 0: a tensor of this shape can need {:.3g} components", count),
                      "say how many there shall be");
  return static_cast<Index>(std::llround(count));
}

// All vectors of a component get the geometric mean of their norms.
void balance(std::vector<Matrix>& factors) {
  for (Index r = 0; r < factors.front().cols(); ++r) {
    double log = 0;
    bool zero = false;
    for (const Matrix& factor : factors) {
      const double norm = factor.col(r).norm();
      zero = zero || norm == 0;
      log += zero ? 0 : std::log(norm);
    }
    const double common = std::exp(log / static_cast<double>(factors.size()));
    for (Matrix& factor : factors) factor.col(r) *= zero ? 0 : common / factor.col(r).norm();
  }
}

}  // namespace

std::vector<OptionField> fields(TensorInitializationOptions& o) {
  return {
      field("mean", o.mean, Range{-1e6, 1e6}, "mean of all weights at the start"),
      field("deviation", o.deviation, Range{0, 1e6},
            "standard deviation of all weights at the start; components leave the origin after a time that grows as "
            "deviation^(2 - N), N the order"),
      field("balanced", o.balanced, "scale the vectors of each component to one norm; the component's norm stays"),
      field("seed", o.seed, "seed of the start"),
  };
}

template <class T>
CpFactorization<T> initialize_cp(const std::vector<Index>& shape, Index components,
                                 const TensorInitializationOptions& options) {
  check(options);
  if (shape.empty() || *std::min_element(shape.begin(), shape.end()) < 1)
    throw OptionError("a tensor needs at least one mode, and every mode at least one index");
  if (components < 0) throw OptionError(fmt::format("components = {}: must be >= 0", components));
  if (components == 0) components = most_components(shape);
  std::vector<Matrix> factors;
  for (std::size_t n = 0; n < shape.size(); ++n) {
    Matrix factor(shape[n], components);
    for (Index i = 0; i < shape[n]; ++i) {
      Rng rng(options.seed, kStream, n, static_cast<std::uint64_t>(i));
      for (Index r = 0; r < components; ++r) factor(i, r) = options.mean + options.deviation * rng.normal();
    }
    factors.push_back(std::move(factor));
  }
  if (options.balanced) balance(factors);
  CpFactorization<T> model;
  for (const Matrix& factor : factors) model.factors.push_back(factor.cast<T>());
  return model;
}

template CpFactorization<double> initialize_cp<double>(const std::vector<Index>&, Index,
                                                       const TensorInitializationOptions&);
template CpFactorization<float> initialize_cp<float>(const std::vector<Index>&, Index,
                                                     const TensorInitializationOptions&);

}  // namespace rankflow
