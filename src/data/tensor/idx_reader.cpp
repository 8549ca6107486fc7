// The idx format of the MNIST files: a type, an order, sizes and cells, all big-endian.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>

#include "data/npy.h"
#include "data/tensor/byte_array.h"
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

// Sizes and type; the cells lie behind them, as many as are declared.
struct IdxHeader {
  IdxType type;
  std::vector<Index> shape;
  std::size_t begin = 0;
};

IdxHeader parse_header(std::string_view bytes, const Flaws& flaws) {
  IdxHeader header{*type_of(bytes), {}, 0};
  const auto order = static_cast<std::size_t>(static_cast<unsigned char>(bytes[3]));
  header.begin = 4 + 4 * order;
  if (bytes.size() < header.begin) flaws.fail(0, "the idx file is cut off within its sizes", "copy the file again");
  for (std::size_t n = 0; n < order; ++n)
    header.shape.push_back(load_item<std::uint32_t>(bytes.data() + 4 + 4 * n, true));
  check_shape(header.shape, flaws);
  std::size_t declared = static_cast<std::size_t>(header.type.size);
  for (const Index size : header.shape) declared *= static_cast<std::size_t>(size);
  const std::size_t found = bytes.size() - header.begin;
  if (found != declared)
    flaws.fail(0,
               fmt::format("the idx file declares {} cells of {} ({} bytes), but {} bytes follow",
                           shape_text(header.shape), header.type.name, declared, found),
               found < declared ? "the file is cut off: copy it again" : "this may be a file of another kind");
  return header;
}

}  // namespace

bool looks_like_idx(std::string_view head) {
  return head.size() >= 4 && head[0] == '\0' && head[1] == '\0' && type_of(head) != nullptr && head[3] != '\0';
}

Tensor read_idx(std::string_view bytes, const TensorReadOptions& options, Flaws& flaws) {
  const IdxHeader idx = parse_header(bytes, flaws);
  DenseShape dense;
  dense.shape = idx.shape;
  dense.integers = idx.type.kind != 'f';
  Tensor tensor;
  tensor.format = fmt::format("idx {}", idx.type.name);
  tensor.notes.push_back(
      fmt::format("an idx array of {}, {}; indices count from 0", idx.type.name, shape_text(dense.shape)));
  NpyHeader header;
  header.kind = idx.type.kind;
  header.item_size = idx.type.size;
  with_npy_type(header, [&]<class T>(T) {
    fill_dense(tensor, dense, options.table.missing, flaws, [&](Index position) {
      return static_cast<double>(
          load_item<T>(bytes.data() + idx.begin + static_cast<std::size_t>(position) * sizeof(T), true));
    });
  });
  return tensor;
}

ByteArray read_byte_array(const std::string& path) {
  Input input(path);
  const Flaws flaws(input.name());
  const std::string_view bytes = input.rest();
  if (!looks_like_idx(bytes)) flaws.fail(0, "this is no idx file", "expected one as of MNIST, packed with gzip or not");
  const IdxHeader idx = parse_header(bytes, flaws);
  if (idx.type.code != kTypes[0].code)
    flaws.fail(0, fmt::format("its cells are {}, expected {}", idx.type.name, kTypes[0].name));
  const std::string_view cells = bytes.substr(idx.begin);
  return {idx.shape, {cells.begin(), cells.end()}};
}

}  // namespace rankflow
