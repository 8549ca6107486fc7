// Throwing or keeping.
// SPDX-License-Identifier: Apache-2.0
#include "data/flaws.h"

#include <fmt/format.h>

#include "rankflow/error.h"

namespace rankflow {

std::string Flaws::where(Index line) const {
  return line > 0 ? fmt::format("{}:{}", path_, line) : path_;
}

void Flaws::fail(Index line, const std::string& problem, const std::string& hint) const {
  throw InputError(where(line), problem, hint);
}

void Flaws::add(Index line, const std::string& problem, const std::string& hint, const std::string& repair) {
  if (!collect_) fail(line, problem, hint);
  ++count_;
  if (static_cast<Index>(list_.size()) < limit_) list_.push_back({line, problem, hint, repair});
}

}  // namespace rankflow
