// Cells of dense arrays: how they are numbered, and where a list of observations lands.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/dense_array.h"

#include <algorithm>

#include "rankflow/error.h"

namespace rankflow {

Index DenseArray::num_observed() const {
  return std::count_if(observed.begin(), observed.end(), [](std::uint8_t o) { return o != 0; });
}

Index count_cells(const std::vector<Index>& shape) {
  Index cells = 1;
  for (const Index size : shape) {
    if (size < 1) throw InputError("shape", "found a mode of size " + std::to_string(size) + ", expected at least 1");
    if (cells > (Index{1} << 62) / size)
      throw InputError("shape", "the array has more than 2^62 cells", "use an engine for lists of observations");
    cells *= size;
  }
  return cells;
}

std::vector<Index> strides(const std::vector<Index>& shape) {
  std::vector<Index> stride(shape.size(), 1);
  for (std::size_t n = shape.size(); n-- > 1;) stride[n - 1] = stride[n] * shape[n];
  return stride;
}

ModeView view_along(const std::vector<Index>& shape, Index mode) {
  ModeView view;
  view.size = shape[static_cast<std::size_t>(mode)];
  for (Index n = 0; n < static_cast<Index>(shape.size()); ++n) {
    if (n < mode) view.outer *= shape[n];
    if (n > mode) view.inner *= shape[n];
  }
  return view;
}

DenseArray to_dense(const Tensor& tensor) {
  DenseArray array;
  for (const Axis& mode : tensor.modes) array.shape.push_back(mode.size());
  const auto cells = static_cast<std::size_t>(count_cells(array.shape));
  array.observed.assign(cells, 0);
  array.value.assign(cells, 0.0);
  const std::vector<Index> stride = strides(array.shape);
  for (std::size_t k = 0; k < tensor.value.size(); ++k) {
    Index cell = 0;
    for (std::size_t n = 0; n < stride.size(); ++n) cell += stride[n] * tensor.index[n][k];
    array.observed[cell] = 1;
    array.value[cell] = tensor.value[k];
  }
  return array;
}

}  // namespace rankflow
