// How does text become safe HTML?
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace rankflow::report {

/// Text for an element or a quoted attribute: & < > " ' become entities, control characters but tab and newline go.
std::string escape(std::string_view text);

/// `page` with every {{key}} replaced by its value, in one pass: a value that contains {{another key}} stays as it is.
/// Throws InternalError for a key without a value.
std::string fill(std::string_view page, const std::map<std::string, std::string, std::less<>>& values);

}  // namespace rankflow::report
