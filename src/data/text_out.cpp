// Quoting.
// SPDX-License-Identifier: Apache-2.0
#include "data/text_out.h"

#include <string>

namespace rankflow {

void put_name(OutputFile& file, std::string_view name, char delimiter) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  const bool plain = !name.empty() && name.find(delimiter) == std::string_view::npos &&
                     name.find_first_of("\"\r\n") == std::string_view::npos && !blank(name.front()) &&
                     !blank(name.back()) && name.front() != '#' && name.front() != '%';
  if (plain) return file.write(name);
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    // The readers take one line for one row: a line break inside a name becomes a blank.
    quoted += c == '\n' || c == '\r' ? ' ' : c;
  }
  file.write(quoted + "\"");
}

}  // namespace rankflow
