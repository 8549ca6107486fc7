// The .pgm reader against any bytes after a P and a digit.
// SPDX-License-Identifier: Apache-2.0
#include "fuzz_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes = "P" + std::string(reinterpret_cast<const char*>(data), size);
  rankflow::fuzz::read_both_ways(bytes, {}, "fuzz.pgm");
  return 0;
}
