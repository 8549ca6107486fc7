// Small arrays and their unfoldings, for tests of the overlap engine.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "rankflow/dense_array.h"
#include "rankflow/rng.h"

namespace rankflow::test_arrays {

using Shape = std::vector<Index>;

inline std::vector<double> normals(Index count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<double> x(static_cast<std::size_t>(count));
  for (double& value : x) value = rng.normal();
  return x;
}

inline CellMask random_mask(Index cells, double share, std::uint64_t seed) {
  Rng rng(seed, 1);
  CellMask mask(static_cast<std::size_t>(cells));
  for (auto& m : mask) m = rng.uniform() < share;
  return mask;
}

// Sum of products of gaussian factors: multilinear rank `rank` in each mode, plus noise.
inline DenseArray low_rank(const Shape& shape, Index rank, double noise, double observed, std::uint64_t seed) {
  DenseArray array;
  array.shape = shape;
  const Index cells = count_cells(shape);
  array.observed = random_mask(cells, observed, seed);
  const std::vector<Index> stride = strides(shape);
  array.value.assign(static_cast<std::size_t>(cells), 0);
  for (Index r = 0; r < rank; ++r) {
    std::vector<std::vector<double>> factor;
    for (std::size_t n = 0; n < shape.size(); ++n)
      factor.push_back(normals(shape[n], seed + 100 * static_cast<std::uint64_t>(r) + n));
    for (Index c = 0; c < cells; ++c) {
      double product = 1;
      for (std::size_t n = 0; n < shape.size(); ++n) product *= factor[n][c / stride[n] % shape[n]];
      array.value[c] += product;
    }
  }
  const std::vector<double> e = normals(cells, seed + 7);
  for (Index c = 0; c < cells; ++c) array.value[c] += noise * e[c];
  return array;
}

// Rows of an unfolding: the position of a cell along the modes of `rows`, and along the others.
inline std::pair<Index, Index> unfolded(const Shape& shape, const Shape& rows, Index cell) {
  const std::vector<Index> stride = strides(shape);
  Index row = 0, column = 0;
  for (Index n = 0; n < static_cast<Index>(shape.size()); ++n) {
    const bool is_row = std::find(rows.begin(), rows.end(), n) != rows.end();
    Index& number = is_row ? row : column;
    number = number * shape[n] + cell / stride[n] % shape[n];
  }
  return {row, column};
}

inline Matrix unfold(const Shape& shape, const Shape& rows, const std::vector<double>& x) {
  Index size = 1;
  for (const Index n : rows) size *= shape[n];
  const auto cells = static_cast<Index>(x.size());
  Matrix unfolding(size, cells / size);
  for (Index c = 0; c < cells; ++c) {
    const auto [i, j] = unfolded(shape, rows, c);
    unfolding(i, j) = x[c];
  }
  return unfolding;
}

}  // namespace rankflow::test_arrays
