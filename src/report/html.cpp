// How does text become safe HTML?
// SPDX-License-Identifier: Apache-2.0
#include "report/html.h"

#include "rankflow/error.h"

namespace rankflow::report {

std::string escape(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    if (c == '&')
      safe += "&amp;";
    else if (c == '<')
      safe += "&lt;";
    else if (c == '>')
      safe += "&gt;";
    else if (c == '"')
      safe += "&quot;";
    else if (c == '\'')
      safe += "&#39;";
    else if (static_cast<unsigned char>(c) >= 0x20 || c == '\t' || c == '\n')
      safe += c;
  }
  return safe;
}

std::string fill(std::string_view page, const std::map<std::string, std::string, std::less<>>& values) {
  std::string filled;
  for (std::size_t begin = 0;;) {
    const std::size_t open = page.find("{{", begin);
    filled += page.substr(begin, open - begin);
    if (open == std::string_view::npos) return filled;
    const std::size_t close = page.find("}}", open);
    RANKFLOW_ASSERT(close != std::string_view::npos, "a template has {{ without }}");
    const std::string_view key = page.substr(open + 2, close - open - 2);
    const auto value = values.find(key);
    RANKFLOW_ASSERT(value != values.end(), "a template asks for " + std::string(key));
    filled += value->second;
    begin = close + 2;
  }
}

}  // namespace rankflow::report
