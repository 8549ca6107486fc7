// Tensors of low rank and observed cells of them, for tests and measurements.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "rankflow/cp_factorization.h"
#include "rankflow/rng.h"
#include "rankflow/tensor_problem.h"

namespace rankflow::test {

inline Index num_cells(const std::vector<Index>& shape) {
  return std::accumulate(shape.begin(), shape.end(), Index{1}, std::multiplies<>());
}

/// All cells, the last mode fastest: by definition, one component after another.
inline Vector cp_cells(const std::vector<Matrix>& factors) {
  Index cells = 1;
  for (const Matrix& factor : factors) cells *= factor.rows();
  Vector all = Vector::Zero(cells);
  for (Index r = 0; r < factors.front().cols(); ++r) {
    Vector outer = Vector::Ones(1);
    for (const Matrix& factor : factors) {
      Vector next(outer.size() * factor.rows());
      for (Index i = 0; i < outer.size(); ++i)
        next.segment(i * factor.rows(), factor.rows()) = outer[i] * factor.col(r);
      outer = next;
    }
    all += outer;
  }
  return all;
}

/// Factors N(0, 1), then scaled to Frobenius norm 1.
inline std::vector<Matrix> cp_target(const std::vector<Index>& shape, Index rank, std::uint64_t seed) {
  std::vector<Matrix> factors;
  Rng rng(seed, 101);
  for (const Index size : shape) {
    Matrix factor(size, rank);
    for (Index k = 0; k < factor.size(); ++k) factor.data()[k] = rng.normal();
    factors.push_back(factor);
  }
  // |T|^2 = sum over pairs of components of the product of their inner products.
  Matrix gram = Matrix::Ones(rank, rank);
  for (const Matrix& factor : factors) gram.array() *= (factor.transpose() * factor).array();
  const double each = std::pow(gram.sum(), -.5 / static_cast<double>(shape.size()));
  for (Matrix& factor : factors) factor *= each;
  return factors;
}

/// `count` different cells drawn uniformly (all orders), sorted.
inline std::vector<Index> draw_cells(Index cells, Index count, std::uint64_t seed) {
  std::vector<Index> drawn;
  Rng rng(seed, 102);
  if (4 * count > cells) {
    std::vector<Index> all(static_cast<std::size_t>(cells));
    std::iota(all.begin(), all.end(), Index{0});
    for (Index k = 0; k < count; ++k)
      std::swap(all[k], all[k + static_cast<Index>(rng.below(static_cast<std::uint64_t>(cells - k)))]);
    drawn.assign(all.begin(), all.begin() + count);
  } else {
    while (static_cast<Index>(drawn.size()) < count) {
      while (static_cast<Index>(drawn.size()) < count)
        drawn.push_back(static_cast<Index>(rng.below(static_cast<std::uint64_t>(cells))));
      std::sort(drawn.begin(), drawn.end());
      drawn.erase(std::unique(drawn.begin(), drawn.end()), drawn.end());
    }
  }
  std::sort(drawn.begin(), drawn.end());
  return drawn;
}

/// Cells with the given numbers (the last mode fastest), values from `value(number)`.
template <class Value>
TensorProblem<double> observe_cells(const std::vector<Index>& shape, const std::vector<Index>& numbers, Value&& value) {
  TensorProblem<double> problem;
  problem.shape = shape;
  problem.index.resize(shape.size());
  for (const Index number : numbers) {
    Index rest = number;
    std::vector<std::int32_t> at(shape.size());
    for (std::size_t n = shape.size(); n-- > 0;) {
      at[n] = static_cast<std::int32_t>(rest % shape[n]);
      rest /= shape[n];
    }
    for (std::size_t n = 0; n < shape.size(); ++n) problem.index[n].push_back(at[n]);
    problem.value.push_back(value(number));
  }
  return problem;
}

/// noise: standard deviation relative to the root mean square of all cells.
inline TensorProblem<double> observe(const std::vector<Index>& shape, const Vector& all, Index count,
                                     std::uint64_t seed, double noise = 0) {
  const double deviation = noise * all.norm() / std::sqrt(static_cast<double>(all.size()));
  Rng rng(seed, 103);
  return observe_cells(shape, draw_cells(all.size(), count, seed),
                       [&](Index number) { return all[number] + (noise > 0 ? deviation * rng.normal() : 0); });
}

inline double relative_error(const Vector& found, const Vector& truth) {
  return (found - truth).norm() / truth.norm();
}

}  // namespace rankflow::test
