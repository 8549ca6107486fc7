// Tables read in both ways.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "data/readers.h"
#include "fuzz_both_ways.h"
#include "rankflow/summary.h"

namespace rankflow::fuzz {

inline void read_both_ways(std::string_view bytes, const ReadOptions& options, const std::string& name) {
  both_ways<Table>(
      bytes, name, [&](Input& input, Flaws& flaws) { return read_input(input, options, flaws); },
      [](const Table& table) { (void)summarize(table); },
      [](const Table& a, const Table& b) { return a.value == b.value && a.column == b.column; });
}

}  // namespace rankflow::fuzz
