// Arrays of bytes as they lie in an idx file, such as sets of images: a cell takes one byte, not the 20 of a Tensor.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rankflow/types.h"

namespace rankflow {

struct ByteArray {
  std::vector<Index> shape;
  std::vector<std::uint8_t> cells;  // the last mode fastest
};

/// Throws InputError where the file is none of the idx format, is cut off, or holds another type.
ByteArray read_byte_array(const std::string& path);

}  // namespace rankflow
