// Arrays for whole jobs: a planted sum of outer products, some of its cells with noise.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rankflow/cp_factorization.h"
#include "rankflow/rng.h"
#include "rankflow/tensor.h"

namespace rankflow::test {

inline constexpr Index kJobShape[] = {12, 10, 9};

inline CpFactorization<double> planted(Index rank, std::uint64_t seed) {
  CpFactorization<double> truth;
  for (std::size_t n = 0; n < 3; ++n) {
    Matrix factor(kJobShape[n], rank);
    Rng rng(seed, 5, n);
    for (Index k = 0; k < factor.size(); ++k) factor.data()[k] = rng.normal();
    truth.factors.push_back(factor);
  }
  return truth;
}

// Cells of `truth` with noise, a share of them observed at random.
inline Tensor observed(const CpFactorization<double>& truth, double share, double noise, Tensor::Layout layout) {
  Tensor tensor;
  tensor.layout = layout;
  tensor.source = "array";
  tensor.index.resize(3);
  for (const Index size : kJobShape) tensor.modes.push_back(Axis::positions(size));
  Rng rng(7);
  for (std::int32_t i = 0; i < kJobShape[0]; ++i)
    for (std::int32_t j = 0; j < kJobShape[1]; ++j)
      for (std::int32_t k = 0; k < kJobShape[2]; ++k) {
        const double draw = rng.uniform(), error = rng.normal();
        if (draw > share) continue;
        const std::int32_t index[] = {i, j, k};
        for (std::size_t n = 0; n < 3; ++n) tensor.index[n].push_back(index[n]);
        tensor.value.push_back(truth.entry(index) + noise * error);
      }
  return tensor;
}

}  // namespace rankflow::test
