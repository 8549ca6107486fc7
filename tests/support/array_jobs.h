// Arrays for whole jobs: a planted sum of outer products, some of its cells with noise.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "rankflow/cp_factorization.h"
#include "rankflow/rng.h"
#include "rankflow/tensor.h"

namespace rankflow::test {

inline const std::vector<Index> kJobShape = {12, 10, 9};

inline CpFactorization<double> planted(Index rank, std::uint64_t seed, const std::vector<Index>& shape = kJobShape) {
  CpFactorization<double> truth;
  for (std::size_t n = 0; n < shape.size(); ++n) {
    Matrix factor(shape[n], rank);
    Rng rng(seed, 5, n);
    for (Index k = 0; k < factor.size(); ++k) factor.data()[k] = rng.normal();
    truth.factors.push_back(factor);
  }
  return truth;
}

/// Calls visit(index) for all cells, the last mode fastest.
template <class Visit>
void for_cells(const CpFactorization<double>& truth, Visit&& visit) {
  std::vector<std::int32_t> index(truth.factors.size(), 0);
  for (;;) {
    visit(index);
    std::size_t n = index.size();
    while (n > 0 && index[n - 1] + 1 == truth.factors[n - 1].rows()) index[--n] = 0;
    if (n == 0) return;
    ++index[n - 1];
  }
}

/// Cells of `truth` with noise, a share of them observed at random.
inline Tensor observed(const CpFactorization<double>& truth, double share, double noise, Tensor::Layout layout) {
  Tensor tensor;
  tensor.layout = layout;
  tensor.source = "array";
  tensor.index.resize(truth.factors.size());
  for (const Matrix& factor : truth.factors) tensor.modes.push_back(Axis::positions(factor.rows()));
  Rng rng(7);
  for_cells(truth, [&](const std::vector<std::int32_t>& index) {
    const double draw = rng.uniform(), error = rng.normal();
    if (draw > share) return;
    for (std::size_t n = 0; n < index.size(); ++n) tensor.index[n].push_back(index[n]);
    tensor.value.push_back(truth.entry(index) + noise * error);
  });
  return tensor;
}

}  // namespace rankflow::test
