// JSON as text that is UTF-8 whatever was put into it: file names and titles may be any bytes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace rankflow {

/// Bytes that are not UTF-8 become U+FFFD; nlohmann's own dump() throws at them. Json: a nlohmann::basic_json.
template <class Json>
std::string json_text(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace rankflow
