// Variables of MATLAB files of version 5 to 7. (7.3 is HDF5: hdf5_reader.cpp.) Sizes in the file are claims: they are
// compared with the bytes that are there before anything is made of them.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <optional>

#include "data/npy.h"
#include "data/tensor/dense_cells.h"
#include "data/tensor/mat_file.h"
#include "data/tensor/tensor_builder.h"
#include "data/tensor/tensor_readers.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

constexpr const char* kHint = "copy or save the file again";

// Unpacks zlib data, at most `limit` bytes of it. Memory grows with what was really unpacked.
std::string unpack(std::string_view packed, std::size_t limit, const Flaws& flaws) {
  struct Inflater {
    z_stream stream{};
    ~Inflater() { inflateEnd(&stream); }
  } inflater;
  z_stream& stream = inflater.stream;
  RANKFLOW_ASSERT(inflateInit(&stream) == Z_OK, "zlib");
  std::string out;
  int result = Z_OK;
  while (result == Z_OK && out.size() < limit) {
    constexpr std::size_t kStep = std::size_t{1} << 20;
    if (stream.avail_in == 0) {
      if (packed.empty()) flaws.fail(0, "the MATLAB file is cut off within a packed variable", kHint);
      const std::size_t now = std::min(packed.size(), kStep);
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
      stream.avail_in = static_cast<uInt>(now);
      packed.remove_prefix(now);
    }
    const std::size_t before = out.size(), room = std::min(limit - before, std::max(std::min(before, kStep), kMatTag));
    out.resize(before + room);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(room);
    result = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    if (result == Z_BUF_ERROR) result = Z_OK;
    if (result != Z_OK && result != Z_STREAM_END)
      flaws.fail(0, fmt::format("a packed variable is damaged: {}", stream.msg == nullptr ? "zlib" : stream.msg),
                 kHint);
  }
  return out;
}

class MatFile {
 public:
  MatFile(std::string_view bytes, const Flaws& flaws) : bytes_(bytes), flaws_(flaws) {
    if (bytes.size() < kMatHeader) flaws.fail(0, "the MATLAB file is cut off within its header", kHint);
    swapped_ = bytes.substr(kMatHeader - 2, 2) == "MI";  // written as one number, read byte by byte
  }

  std::vector<MatVariable> variables() const {
    std::vector<MatVariable> all;
    std::string_view rest = bytes_.substr(kMatHeader);
    while (!rest.empty()) {
      const std::string_view whole = rest;
      const MatElement element = next(rest, element_padding(rest));
      if (element.type != MatType::matrix && element.type != MatType::compressed) continue;
      constexpr std::size_t kDescription = std::size_t{1} << 14;  // dimensions and name are far shorter
      std::string unpacked;
      MatElement inner = element;
      if (element.type == MatType::compressed) {
        unpacked = unpack(element.data, kDescription, flaws_);
        if (!as_matrix(unpacked, inner)) continue;
      }
      MatVariable variable;
      if (!describe(inner.data, variable)) continue;
      variable.element = whole.substr(0, kMatTag + element.data.size());
      all.push_back(std::move(variable));
    }
    return all;
  }

  // Type and bytes of the real part; `storage` holds them if they were packed.
  MatElement cells(const MatVariable& variable, std::string& storage) const {
    std::string_view rest = variable.element;
    MatElement element = next(rest, 0);
    if (element.type == MatType::compressed) {
      storage = unpack(element.data, std::string::npos, flaws_);
      if (!as_matrix(storage, element)) flaws_.fail(0, "a packed variable is damaged", kHint);
    }
    std::string_view inside = element.data;
    for (int k = 0; k < 3; ++k) (void)next(inside, kAlign);  // flags, dimensions, name
    return next(inside, kAlign);
  }

  bool swapped() const { return swapped_; }

 private:
  static constexpr std::size_t kAlign = 8;

  std::uint32_t word(std::string_view at) const { return load_item<std::uint32_t>(at.data(), swapped_); }
  // Packed elements follow one another without padding.
  std::size_t element_padding(std::string_view at) const {
    return at.size() >= kMatTag && word(at) == static_cast<std::uint32_t>(MatType::compressed) ? 0 : kAlign;
  }
  std::size_t declared_size(std::string_view at) const { return at.size() >= kMatTag ? word(at.substr(4)) : 0; }

  // Takes the next element off; `align` = 0: without padding.
  MatElement next(std::string_view& rest, std::size_t align) const {
    if (rest.size() < kMatTag) flaws_.fail(0, "the MATLAB file is cut off", kHint);
    const std::uint32_t first = word(rest);
    MatElement element;
    if (first >> 16 != 0) {  // small: size and type in one word, at most 4 bytes of data beside it
      const std::size_t size = first >> 16;
      if (size > 4) flaws_.fail(0, "the MATLAB file is damaged: a small element is too large", kHint);
      element = {static_cast<MatType>(first & 0xffff), rest.substr(4, size)};
      rest.remove_prefix(kMatTag);
      return element;
    }
    const std::size_t size = word(rest.substr(4));
    rest.remove_prefix(kMatTag);
    if (rest.size() < size)
      flaws_.fail(
          0, fmt::format("an element declares {} bytes, but only {} follow: the file is cut off", size, rest.size()),
          kHint);
    element = {static_cast<MatType>(first), rest.substr(0, size)};
    const std::size_t padded = align == 0 ? size : (size + align - 1) / align * align;
    rest.remove_prefix(std::min(padded, rest.size()));
    return element;
  }

  // What was unpacked, perhaps only its beginning, as a matrix element.
  bool as_matrix(std::string_view unpacked, MatElement& element) const {
    if (unpacked.size() < kMatTag) flaws_.fail(0, "a packed variable is empty", kHint);
    if (word(unpacked) != static_cast<std::uint32_t>(MatType::matrix)) return false;
    element = {MatType::matrix, unpacked.substr(kMatTag, declared_size(unpacked))};
    return true;
  }

  // False for what has no name: the file's own bookkeeping.
  bool describe(std::string_view inside, MatVariable& variable) const {
    const MatElement flags = next(inside, kAlign);
    if (flags.type != MatType::uint32 || flags.data.size() != 8)
      flaws_.fail(0, "the MATLAB file is damaged: a variable does not begin with its class", kHint);
    const std::uint32_t bits = word(flags.data);
    variable.kind = static_cast<MatClass>(bits & 0xff);
    variable.complex = (bits & 0x800) != 0;
    variable.logical = (bits & 0x200) != 0;
    if ((bits & 0xff) == 0 || (bits & 0xff) > 15) return false;  // functions, opaque objects
    const MatElement shape = next(inside, kAlign);
    if (shape.type != MatType::int32 || shape.data.size() % 4 != 0)
      flaws_.fail(0, "the MATLAB file is damaged: the dimensions of a variable are missing", kHint);
    for (std::size_t at = 0; at < shape.data.size(); at += 4) {
      const auto extent = load_item<std::int32_t>(shape.data.data() + at, swapped_);
      if (extent < 0) flaws_.fail(0, "the MATLAB file is damaged: a dimension is negative", kHint);
      variable.shape.push_back(extent);
    }
    variable.name = std::string(next(inside, kAlign).data);
    return !variable.name.empty();
  }

  std::string_view bytes_;
  const Flaws& flaws_;
  bool swapped_ = false;
};

// Numbers are stored in the smallest type that holds them, whatever their class.
std::optional<NpyHeader> storage_of(MatType type, bool swapped) {
  static constexpr std::array<std::pair<MatType, std::pair<char, int>>, 10> kTypes = {{
      {MatType::int8, {'i', 1}},
      {MatType::uint8, {'u', 1}},
      {MatType::int16, {'i', 2}},
      {MatType::uint16, {'u', 2}},
      {MatType::int32, {'i', 4}},
      {MatType::uint32, {'u', 4}},
      {MatType::int64, {'i', 8}},
      {MatType::uint64, {'u', 8}},
      {MatType::float32, {'f', 4}},
      {MatType::float64, {'f', 8}},
  }};
  for (const auto& [known, kind] : kTypes)
    if (known == type) {
      NpyHeader header;
      header.kind = kind.first;
      header.item_size = kind.second;
      header.swapped = swapped;
      return header;
    }
  return std::nullopt;
}

const MatVariable& choose(const std::vector<MatVariable>& variables, const TensorReadOptions& options,
                          const Flaws& flaws) {
  std::vector<ArrayChoice> choices;
  std::string others;
  for (const MatVariable& variable : variables) {
    if (variable.name == options.table.array && !variable.numeric())
      flaws.fail(0,
                 fmt::format("the variable '{}' is a {}; expected a full array of numbers", shown(variable.name),
                             variable.class_name()),
                 variable.kind == MatClass::sparse ? "save it as full, or its cells with [i, j, v] = find(x) as a .csv"
                                                   : "save the array itself: x = s.x; save('x.mat', 'x')");
    if (variable.numeric()) {
      choices.push_back({variable.name, variable.shape, variable.class_name()});
    } else {
      others += fmt::format("{}'{}' ({})", others.empty() ? "" : ", ", shown(variable.name), variable.class_name());
    }
  }
  if (choices.empty() && !others.empty())
    flaws.fail(0, "the file holds no array of numbers, but " + others, "save the array itself as a variable");
  const std::string name = choose_array(choices, options.table.array, "variable", flaws).name;
  return *std::find_if(variables.begin(), variables.end(),
                       [&](const MatVariable& variable) { return variable.numeric() && variable.name == name; });
}

}  // namespace

const char* MatVariable::class_name() const {
  static constexpr std::array<const char*, 16> kNames = {
      "?",    "cell array", "struct", "object", "text",  "sparse matrix", "double", "single",
      "int8", "uint8",      "int16",  "uint16", "int32", "uint32",        "int64",  "uint64"};
  if (logical) return "logical";
  return kNames[static_cast<std::size_t>(kind)];
}

bool looks_like_mat5(std::string_view head) {
  return head.starts_with("MATLAB 5.0") ||
         (head.size() >= kMatHeader && (head.substr(124, 4) == std::string_view("\x00\x01IM", 4) ||
                                        head.substr(124, 4) == std::string_view("\x01\x00MI", 4)));
}

Tensor read_mat5(std::string_view bytes, const TensorReadOptions& options, Flaws& flaws) {
  const MatFile file(bytes, flaws);
  const std::vector<MatVariable> variables = file.variables();
  const MatVariable& variable = choose(variables, options, flaws);
  if (variable.complex)
    flaws.fail(0, fmt::format("the variable '{}' is complex; expected real numbers", shown(variable.name)),
               "save its real part, its imaginary part or its absolute value");
  DenseShape dense;
  dense.shape = variable.shape;
  dense.column_major = true;
  check_shape(dense.shape, flaws);
  std::string storage;
  const MatElement cells = file.cells(variable, storage);
  const std::optional<NpyHeader> header = storage_of(cells.type, file.swapped());
  if (!header)
    flaws.fail(0,
               fmt::format("the MATLAB file is damaged: numbers of the unknown type {}",
                           static_cast<std::uint32_t>(cells.type)),
               kHint);
  const Index found = static_cast<Index>(cells.data.size()) / header->item_size;
  if (found != dense.count())
    flaws.fail(
        0,
        fmt::format("the variable '{}' is {}, but has {} values", shown(variable.name), shape_text(dense.shape), found),
        kHint);

  Tensor tensor;
  // MATLAB's numbers are doubles unless somebody takes pains: stored as integers, they are whole.
  dense.integers = variable.logical || variable.kind >= MatClass::int8 || header->kind != 'f';
  dense.wide_integers = header->kind != 'f' && header->item_size == 8;
  tensor.format = fmt::format("mat variable '{}'", variable.name);
  tensor.notes.push_back(
      fmt::format("the variable '{}' of class {}, {}, its modes in MATLAB's order; indices count from 1",
                  shown(variable.name), variable.class_name(), shape_text(dense.shape)));
  with_npy_type(*header, [&]<class T>(T) {
    fill_dense(tensor, dense, options.table.missing, flaws, [&](Index position) {
      return static_cast<double>(
          load_item<T>(cells.data.data() + position * static_cast<Index>(sizeof(T)), header->swapped));
    });
  });
  for (Axis& mode : tensor.modes) mode = Axis::positions(mode.size(), 1);
  return tensor;
}

Index order_of_mat5(std::string_view bytes, const TensorReadOptions& options, const Flaws& flaws) {
  const std::vector<MatVariable> variables = MatFile(bytes, flaws).variables();
  return static_cast<Index>(choose(variables, options, flaws).shape.size());
}

}  // namespace rankflow
