// The MATLAB reader against any bytes after the header; the first byte chooses the byte order.
// SPDX-License-Identifier: Apache-2.0
#include "fuzz_tensor_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string bytes = "MATLAB 5.0 MAT-file";
  bytes.resize(124, ' ');
  bytes += data[0] % 2 == 0 ? std::string("\x00\x01IM", 4) : std::string("\x01\x00MI", 4);
  bytes.append(reinterpret_cast<const char*>(data) + 1, size - 1);
  rankflow::fuzz::read_tensor_both_ways(bytes, {}, "fuzz.mat");
  return 0;
}
