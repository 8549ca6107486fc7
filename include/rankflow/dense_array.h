// An array with holes, every cell of it in memory: what engines for dense arrays see.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "rankflow/tensor.h"
#include "rankflow/types.h"

namespace rankflow {

/// Yes or no for every cell of an array, in the array's order.
using CellMask = std::vector<std::uint8_t>;

/// Cells are numbered with the last mode fastest. 9 bytes a cell.
struct DenseArray {
  std::vector<Index> shape;
  CellMask observed;
  std::vector<double> value;  // 0 where nothing is observed

  Index order() const { return static_cast<Index>(shape.size()); }
  Index cells() const { return static_cast<Index>(value.size()); }
  Index num_observed() const;
};

DenseArray to_dense(const Tensor& tensor);

/// Number of cells of a shape. Throws InputError where a size is below 1 or the product exceeds 2^62.
Index count_cells(const std::vector<Index>& shape);
/// Distance of neighbours along each mode, last mode fastest.
std::vector<Index> strides(const std::vector<Index>& shape);

/// An array seen along one mode: cell (o, i, k) is at (o * size + i) * inner + k.
struct ModeView {
  Index outer = 1, size = 1, inner = 1;
  Index cells() const { return outer * size * inner; }
  /// Number of the fibre along the mode that a cell lies on, in [0, outer * inner).
  Index fibre(Index cell) const { return cell / (size * inner) * inner + cell % inner; }
  Index position(Index cell) const { return cell / inner % size; }
};
ModeView view_along(const std::vector<Index>& shape, Index mode);

}  // namespace rankflow
