// What must hold whatever the bytes are: something sound or an InputError, nothing else; and the collecting reader
// never refuses what the strict one takes. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "data/flaws.h"
#include "data/input.h"
#include "rankflow/error.h"

namespace rankflow::fuzz {

/// read(input, flaws) gives a T; look(T) describes it; same(T, T) compares observations.
template <class T, class Read, class Look, class Same>
void both_ways(std::string_view bytes, const std::string& name, const Read& read, const Look& look, const Same& same) {
  bool taken = false;
  T strict;
  try {
    Input input(bytes, name);
    Flaws flaws(name);
    strict = read(input, flaws);
    strict.validate();
    taken = true;
  } catch (const InputError&) {
  } catch (const OptionError&) {
  }
  try {
    Input input(bytes, name);
    Flaws flaws(name, true, 5);
    const T lenient = read(input, flaws);
    lenient.validate();
    look(lenient);
    if (taken && flaws.count() == 0) RANKFLOW_ASSERT(same(strict, lenient), "both readers agree");
    RANKFLOW_ASSERT(taken == (flaws.count() == 0), "strict refuses exactly what has flaws");
  } catch (const InputError&) {
    RANKFLOW_ASSERT(!taken, "the collecting reader refuses what the strict one takes");
  } catch (const OptionError&) {
  }
}

}  // namespace rankflow::fuzz
