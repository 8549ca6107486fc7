// Arrays read in both ways.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "data/tensor/tensor_readers.h"
#include "fuzz_both_ways.h"
#include "rankflow/tensor_summary.h"

namespace rankflow::fuzz {

inline void read_tensor_both_ways(std::string_view bytes, const TensorReadOptions& options, const std::string& name) {
  both_ways<Tensor>(
      bytes, name, [&](Input& input, Flaws& flaws) { return read_tensor_input(input, "", options, flaws); },
      [](const Tensor& tensor) { (void)summary_text(tensor, summarize(tensor)); },
      [](const Tensor& a, const Tensor& b) { return a.value == b.value && a.index == b.index; });
}

}  // namespace rankflow::fuzz
