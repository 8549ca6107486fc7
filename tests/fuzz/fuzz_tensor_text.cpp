// Readers of lists of cells against any bytes; the first byte chooses options.
// SPDX-License-Identifier: Apache-2.0
#include "fuzz_tensor_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using rankflow::ReadOptions;
  using rankflow::TensorReadOptions;
  if (size == 0) return 0;
  TensorReadOptions options;
  const int choice = data[0];
  options.table.duplicates = static_cast<ReadOptions::Duplicates>(choice % 3);
  options.table.index_base = static_cast<ReadOptions::IndexBase>(choice / 3 % 3);
  if (choice % 5 == 1) options.table.columns = "3,1,2,4";
  if (choice % 5 == 2) options.table.weight = "1";
  if (choice % 7 == 3) options.table.missing = "-1,x";
  if (choice % 4 == 2) options.absent = TensorReadOptions::Absent::zero;
  const std::string name = choice < 128 ? "fuzz.tns" : "fuzz.csv";
  rankflow::fuzz::read_tensor_both_ways({reinterpret_cast<const char*>(data) + 1, size - 1}, options, name);
  return 0;
}
