// The reader of arrays in .npz against any bytes that begin as such a file does.
// SPDX-License-Identifier: Apache-2.0
#include "fuzz_tensor_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes = "PK\x03\x04" + std::string(reinterpret_cast<const char*>(data), size);
  rankflow::fuzz::read_tensor_both_ways(bytes, {}, "fuzz.npz");
  return 0;
}
