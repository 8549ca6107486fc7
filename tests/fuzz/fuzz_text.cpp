// Text readers against any bytes; the first byte chooses options.
// SPDX-License-Identifier: Apache-2.0
#include "fuzz_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using rankflow::ReadOptions;
  if (size == 0) return 0;
  ReadOptions options;
  options.format = static_cast<ReadOptions::Format>(data[0] % 3);
  options.duplicates = static_cast<ReadOptions::Duplicates>(data[0] / 3 % 3);
  options.header = static_cast<ReadOptions::Choice>(data[0] / 9 % 3);
  if (data[0] >= 128) options.columns = "1,2,3";
  if (data[0] >= 192) options.weight = "3";
  rankflow::fuzz::read_both_ways({reinterpret_cast<const char*>(data) + 1, size - 1}, options, "fuzz.csv");
  return 0;
}
