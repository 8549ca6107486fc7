// Arrays of NumPy, of any order; NaN is a hole.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "data/npy.h"
#include "data/tensor/dense_cells.h"
#include "data/tensor/tensor_builder.h"
#include "data/tensor/tensor_readers.h"

namespace rankflow {

Tensor read_npy_tensor(std::string_view bytes, const TensorReadOptions& options, Flaws& flaws) {
  const NpyHeader header = parse_npy_header(bytes, flaws.path());
  if (header.kind == 'U' || header.kind == 'S') flaws.fail(0, "the array holds text; expected numbers");
  check_shape(header.shape, flaws);
  check_npy_size(header, bytes.size() - header.data_begin, flaws.path());

  Tensor tensor;
  tensor.format = "npy " + header.type_text();
  tensor.notes.push_back(fmt::format("an array of {}, {}, {} order{}; indices count from 0", header.type_text(),
                                     shape_text(header.shape), header.fortran_order ? "Fortran" : "C",
                                     header.swapped ? ", big endian" : ""));
  const DenseShape dense = {header.shape, header.fortran_order, header.kind != 'f',
                            header.kind != 'f' && header.item_size == 8};
  const char* data = bytes.data() + header.data_begin;
  with_npy_type(header, [&]<class T>(T) {
    fill_dense(tensor, dense, options.table.missing, flaws, [&](Index position) {
      return static_cast<double>(load_item<T>(data + position * static_cast<Index>(sizeof(T)), header.swapped));
    });
  });
  return tensor;
}

}  // namespace rankflow
