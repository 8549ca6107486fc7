// What must hold whatever the bytes are: a sound array or an InputError, nothing else; and the collecting reader never
// refuses what the strict one takes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "data/tensor/tensor_readers.h"
#include "rankflow/error.h"
#include "rankflow/tensor_summary.h"

namespace rankflow::fuzz {

inline void read_tensor_both_ways(std::string_view bytes, const TensorReadOptions& options, const std::string& name) {
  bool taken = false;
  Tensor strict;
  try {
    Input input(bytes, name);
    Flaws flaws(name);
    strict = read_tensor_input(input, "", options, flaws);
    strict.validate();
    taken = true;
  } catch (const InputError&) {
  } catch (const OptionError&) {
  }
  try {
    Input input(bytes, name);
    Flaws flaws(name, true, 5);
    const Tensor lenient = read_tensor_input(input, "", options, flaws);
    lenient.validate();
    (void)summary_text(lenient, summarize(lenient));
    if (taken && flaws.count() == 0)
      RANKFLOW_ASSERT(strict.value == lenient.value && strict.index == lenient.index, "both readers agree");
    RANKFLOW_ASSERT(taken == (flaws.count() == 0), "strict refuses exactly what has flaws");
  } catch (const InputError&) {
    RANKFLOW_ASSERT(!taken, "the collecting reader refuses what the strict one takes");
  } catch (const OptionError&) {
  }
}

}  // namespace rankflow::fuzz
