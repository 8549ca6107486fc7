// The idx reader against any bytes after two zeros.
// SPDX-License-Identifier: Apache-2.0
#include "fuzz_tensor_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes = std::string(2, '\0') + std::string(reinterpret_cast<const char*>(data), size);
  rankflow::fuzz::read_tensor_both_ways(bytes, {}, "fuzz");
  return 0;
}
