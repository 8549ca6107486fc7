// What does a .npy file say about its bytes, and how do its bytes become numbers?
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "rankflow/archive.h"
#include "rankflow/types.h"

namespace rankflow {

static_assert(std::endian::native == std::endian::little, "items are stored little-endian without conversion");

struct NpyHeader {
  char kind = 'f';       // f, i, u, b (bool), U (unicode, 4 bytes a character), S (bytes)
  Index item_size = 8;   // in bytes
  bool swapped = false;  // big endian
  bool fortran_order = false;
  std::vector<Index> shape;
  Index count = 0;  // product of the shape
  std::size_t data_begin = 0;

  std::string type_text() const;   // e.g. "float64"
  std::string shape_text() const;  // e.g. "(3, 4)"
};

bool looks_like_npy(std::string_view bytes);
/// Reads the header alone. Throws InputError naming `where` unless it is sound and the type is one we read.
NpyHeader parse_npy_header(std::string_view bytes, const std::string& where);
/// Throws InputError unless `available` bytes follow the header as it declares.
void check_npy_size(const NpyHeader& header, std::size_t available, const std::string& where);
/// The whole array, in C order, in the smallest type of Array that holds it.
Array decode_npy(std::string_view bytes, const std::string& where);
/// The bytes before the data. descr is NumPy's, e.g. "<f8".
std::string npy_header(std::string_view descr, std::span<const Index> shape);
/// descr and bytes of an array as they follow the header; strings are padded into `storage`.
std::string_view npy_bytes(const Array& array, std::string& descr, std::string& storage);

template <class T>
T load_item(const char* from, bool swapped) {
  T item;
  char bytes[sizeof(T)];
  std::memcpy(bytes, from, sizeof(T));
  if (swapped)
    for (std::size_t k = 0; k < sizeof(T) / 2; ++k) std::swap(bytes[k], bytes[sizeof(T) - 1 - k]);
  std::memcpy(&item, bytes, sizeof(T));
  return item;
}

/// Calls use(T{}) with the C++ type of the header's numbers. Returns false for strings.
template <class Use>
bool with_npy_type(const NpyHeader& header, Use&& use) {
  const auto key = [](char kind, Index size) { return kind * 16 + static_cast<int>(size); };
  const int type = key(header.kind, header.item_size);
  if (type == key('f', 8)) return use(double{}), true;
  if (type == key('f', 4)) return use(float{}), true;
  if (type == key('i', 8)) return use(std::int64_t{}), true;
  if (type == key('i', 4)) return use(std::int32_t{}), true;
  if (type == key('i', 2)) return use(std::int16_t{}), true;
  if (type == key('i', 1)) return use(std::int8_t{}), true;
  if (type == key('u', 8)) return use(std::uint64_t{}), true;
  if (type == key('u', 4)) return use(std::uint32_t{}), true;
  if (type == key('u', 2)) return use(std::uint16_t{}), true;
  if (type == key('u', 1) || type == key('b', 1)) return use(std::uint8_t{}), true;
  return false;
}

}  // namespace rankflow
