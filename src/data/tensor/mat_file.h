// How is a MATLAB file of version 5 (and 6, 7) laid out? Elements with a type and a size, some of them packed.
// Source: The MathWorks, "MAT-File Format" (R2023b), chapter "Level 5 MAT-File Format".
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rankflow/types.h"

namespace rankflow {

/// Types of elements (table 1-1).
enum class MatType : std::uint32_t {
  int8 = 1,
  uint8 = 2,
  int16 = 3,
  uint16 = 4,
  int32 = 5,
  uint32 = 6,
  float32 = 7,
  float64 = 9,
  int64 = 12,
  uint64 = 13,
  matrix = 14,
  compressed = 15,
};

/// Classes of arrays (table 1-3).
enum class MatClass : std::uint8_t {
  cell = 1,
  structure = 2,
  object = 3,
  text = 4,
  sparse = 5,
  float64 = 6,
  float32 = 7,
  int8 = 8,
  uint8 = 9,
  int16 = 10,
  uint16 = 11,
  int32 = 12,
  uint32 = 13,
  int64 = 14,
  uint64 = 15,
};

inline constexpr std::size_t kMatHeader = 128;  // text, version, byte order
inline constexpr std::size_t kMatTag = 8;       // type and size of an element

struct MatElement {
  MatType type = MatType::matrix;
  std::string_view data;
};

/// One array as a file describes it.
struct MatVariable {
  std::string name;
  MatClass kind = MatClass::float64;
  bool complex = false, logical = false;
  std::vector<Index> shape;  // as MATLAB shows it
  std::string_view element;  // the element in the file, packed or not

  bool numeric() const { return kind >= MatClass::float64 && kind <= MatClass::uint64; }
  const char* class_name() const;
};

}  // namespace rankflow
