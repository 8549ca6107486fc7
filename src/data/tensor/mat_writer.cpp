// Arrays as MATLAB files of version 5: one variable of doubles, not packed.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "data/output_file.h"
#include "data/tensor/mat_file.h"
#include "data/tensor/tensor_builder.h"
#include "data/tensor/tensor_writers.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

constexpr std::string_view kVariable = "value";

void put_word(std::string& bytes, std::uint32_t word) {
  bytes.append(reinterpret_cast<const char*>(&word), sizeof word);
}

void put_tag(std::string& bytes, MatType type, std::size_t size) {
  put_word(bytes, static_cast<std::uint32_t>(type));
  put_word(bytes, static_cast<std::uint32_t>(size));
}

// Elements begin at multiples of 8.
void pad(std::string& bytes) {
  bytes.append((8 - bytes.size() % 8) % 8, '\0');
}

std::string file_header() {
  constexpr std::size_t kText = 116;
  std::string header = "MATLAB 5.0 MAT-file, written by rankflow";
  header.append(kText - header.size(), ' ');
  header.append(8, '\0');                        // where further data lie: nowhere
  return header + std::string("\x00\x01IM", 4);  // version 1, little-endian
}

}  // namespace

void write_mat_cells(const std::string& path, CellStream& cells) {
  std::vector<Index> shape = cells.tensor().shape();
  if (shape.size() == 1) shape.push_back(1);  // MATLAB knows no fewer than two dimensions
  std::string description;
  put_tag(description, MatType::uint32, 8);
  put_word(description, static_cast<std::uint32_t>(MatClass::float64));
  put_word(description, 0);
  put_tag(description, MatType::int32, 4 * shape.size());
  for (const Index size : shape) put_word(description, static_cast<std::uint32_t>(size));
  pad(description);
  put_tag(description, MatType::int8, kVariable.size());
  description += kVariable;
  pad(description);
  constexpr double kMostBytes = 2147483647;  // MATLAB's own limit for a variable of this version
  const double total = static_cast<double>(description.size() + kMatTag) + 8.0 * static_cast<double>(cells.count());
  if (total > kMostBytes)
    throw OptionError(fmt::format("{}: the array {} has {:.3g} bytes, and this format holds at most {:.3g}", path,
                                  shape_text(cells.tensor().shape()), total, kMostBytes),
                      "write .h5 or .npy");
  const auto data = static_cast<std::size_t>(cells.count()) * sizeof(double);
  put_tag(description, MatType::float64, data);

  OutputFile file(path);
  std::string beginning = file_header();
  put_tag(beginning, MatType::matrix, description.size() + data);
  file.write(beginning + description);
  put_cells(file, cells);
  file.finish();
}

}  // namespace rankflow
