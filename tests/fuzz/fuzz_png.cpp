// The .png reader against any bytes.
// SPDX-License-Identifier: Apache-2.0
#include "fuzz_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rankflow::fuzz::read_both_ways({reinterpret_cast<const char*>(data), size}, {}, "fuzz.png");
  return 0;
}
