// The idx format of the MNIST files: a type, an order, sizes and cells, all big-endian.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>

#include "data/npy.h"
#include "data/tensor/dense_cells.h"
#include "data/tensor/tensor_builder.h"
#include "data/tensor/tensor_readers.h"

namespace rankflow {
namespace {

// The third byte of the file (http://yann.lecun.com/exdb/mnist/, "The IDX file format").
struct IdxType {
  unsigned char code;
  const char* name;
  char kind;
  Index size;
};
constexpr std::array<IdxType, 6> kTypes = {{{0x08, "uint8", 'u', 1},
                                            {0x09, "int8", 'i', 1},
                                            {0x0B, "int16", 'i', 2},
                                            {0x0C, "int32", 'i', 4},
                                            {0x0D, "float32", 'f', 4},
                                            {0x0E, "float64", 'f', 8}}};

const IdxType* type_of(std::string_view head) {
  for (const IdxType& type : kTypes)
    if (head.size() > 2 && static_cast<unsigned char>(head[2]) == type.code) return &type;
  return nullptr;
}

}  // namespace

bool looks_like_idx(std::string_view head) {
  return head.size() >= 4 && head[0] == '\0' && head[1] == '\0' && type_of(head) != nullptr && head[3] != '\0';
}

Tensor read_idx(std::string_view bytes, const TensorReadOptions& options, Flaws& flaws) {
  const IdxType& type = *type_of(bytes);
  const auto order = static_cast<std::size_t>(static_cast<unsigned char>(bytes[3]));
  const std::size_t begin = 4 + 4 * order;
  if (bytes.size() < begin) flaws.fail(0, "the idx file is cut off within its sizes", "copy the file again");
  DenseShape dense;
  for (std::size_t n = 0; n < order; ++n)
    dense.shape.push_back(load_item<std::uint32_t>(bytes.data() + 4 + 4 * n, true));
  dense.integers = type.kind != 'f';
  check_shape(dense.shape, flaws);
  const auto declared = static_cast<std::size_t>(dense.count() * type.size);
  const std::size_t found = bytes.size() - begin;
  if (found != declared)
    flaws.fail(0,
               fmt::format("the idx file declares {} cells of {} ({} bytes), but {} bytes follow",
                           shape_text(dense.shape), type.name, declared, found),
               found < declared ? "the file is cut off: copy it again" : "this may be a file of another kind");

  Tensor tensor;
  tensor.format = fmt::format("idx {}", type.name);
  tensor.notes.push_back(
      fmt::format("an idx array of {}, {}; indices count from 0", type.name, shape_text(dense.shape)));
  NpyHeader header;
  header.kind = type.kind;
  header.item_size = type.size;
  with_npy_type(header, [&]<class T>(T) {
    fill_dense(tensor, dense, options.table.missing, flaws, [&](Index position) {
      return static_cast<double>(
          load_item<T>(bytes.data() + begin + static_cast<std::size_t>(position) * sizeof(T), true));
    });
  });
  return tensor;
}

}  // namespace rankflow
