// How do numbers get into the page's data block: short, valid JSON, and safe inside a <script> element?
// SPDX-License-Identifier: Apache-2.0
#include "report/json_data.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

#include "base/json_text.h"

namespace rankflow::report {

Json number(double value) {
  if (!std::isfinite(value)) return nullptr;
  if (value == std::floor(value) && std::abs(value) < 1e6) return static_cast<std::int64_t>(value);
  const double rounded = std::strtod(fmt::format("{:.6g}", value).c_str(), nullptr);
  if (rounded == std::floor(rounded) && std::abs(rounded) < 1e9) return static_cast<std::int64_t>(rounded);
  return rounded;
}

Json numbers(const std::vector<double>& values) {
  Json list = Json::array();
  for (const double value : values) list.push_back(number(value));
  return list;
}

std::string script_safe(const Json& data) {
  const std::string text = json_text(data);
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    if (c == '<')
      safe += "\\u003c";  // '<' occurs only inside JSON strings, where this is the same character
    else
      safe += c;
  }
  return safe;
}

}  // namespace rankflow::report
