// Shapes of dense arrays, and what is said about them.
// SPDX-License-Identifier: Apache-2.0
#include "data/tensor/dense_cells.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/id_index.h"
#include "data/tensor/tensor_builder.h"

namespace rankflow {

Index DenseShape::count() const {
  Index product = 1;
  for (const Index size : shape) product *= size;
  return product;
}

std::vector<Index> DenseShape::strides() const {
  std::vector<Index> stride(shape.size(), 1);
  if (column_major) {
    for (std::size_t n = 1; n < shape.size(); ++n) stride[n] = stride[n - 1] * shape[n - 1];
  } else {
    for (std::size_t n = shape.size() - 1; n > 0; --n) stride[n - 1] = stride[n] * shape[n];
  }
  return stride;
}

void check_shape(const std::vector<Index>& shape, const Flaws& flaws) {
  if (shape.empty()) flaws.fail(0, "found a single number; expected an array");
  Index cells = 1;
  bool too_many = false;
  for (const Index size : shape) {
    if (size == 0) flaws.fail(0, fmt::format("the array is empty: {}", shape_text(shape)));
    if (size > IdIndex::kMost)
      flaws.fail(0,
                 fmt::format("the array is {}; a mode can have at most {} indices", shape_text(shape), IdIndex::kMost));
    too_many = too_many || __builtin_mul_overflow(cells, size, &cells);
  }
  constexpr Index kMostCells = Index{1} << 56;  // so that their bytes can be counted, too
  if (too_many || cells > kMostCells)
    flaws.fail(0, fmt::format("the shape {} is larger than any memory", shape_text(shape)));
}

std::string place_text(const std::vector<std::int32_t>& index) {
  return fmt::format("[{}]", fmt::join(index, ", "));
}

std::string holes_text(bool integers, const std::string& missing) {
  if (missing.empty()) return integers ? "nothing: every cell is a number" : "NaN";
  return fmt::format("{}cells equal to {}", integers ? "" : "NaN and ", missing);
}

std::vector<Axis> position_axes(const std::vector<Index>& shape) {
  std::vector<Axis> axes;
  for (const Index size : shape) axes.push_back(Axis::positions(size));
  return axes;
}

}  // namespace rankflow
