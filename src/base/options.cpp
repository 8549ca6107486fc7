// Reading and printing option values.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/options.h"

#include <fmt/format.h>

#include <charconv>

#include "rankflow/error.h"

namespace rankflow {
namespace {

std::string dashed(std::string name) {
  for (char& c : name)
    if (c == '_') c = '-';
  return "--" + name;
}

template <class T>
T parse_number(const std::string& name, const std::string& given, const char* wanted) {
  T value{};
  const char* end = given.data() + given.size();
  const auto [stop, error] = std::from_chars(given.data(), end, value);
  if (error != std::errc{} || stop != end)
    throw OptionError(fmt::format("{} = {}: expected {}", dashed(name), given, wanted));
  return value;
}

template <class T>
OptionField numeric(std::string name, T& value, Range range, std::string help, const char* wanted) {
  OptionField option;
  option.domain = range.text();
  option.get = [&value] { return fmt::format("{}", value); };
  option.set = [&value, range, name, wanted](const std::string& given) {
    const T parsed = parse_number<T>(name, given, wanted);
    if (!range.contains(static_cast<double>(parsed)))
      throw OptionError(fmt::format("{} = {}: must be in {}", dashed(name), given, range.text()));
    value = parsed;
  };
  option.default_text = option.get();
  option.name = std::move(name);
  option.help = std::move(help);
  return option;
}

}  // namespace

bool Range::contains(double x) const {  // NaN is in no range
  return (open_low ? x > low : x >= low) && (open_high ? x < high : x <= high);
}

std::string Range::text() const {
  const auto bound = [](double x) {
    if (x == -std::numeric_limits<double>::infinity()) return std::string("-inf");
    if (x == std::numeric_limits<double>::infinity()) return std::string("inf");
    return fmt::format("{:g}", x);
  };
  return fmt::format("{}{}, {}{}", open_low ? "(" : "[", bound(low), bound(high), open_high ? ")" : "]");
}

OptionField field(std::string name, double& value, Range range, std::string help) {
  return numeric(std::move(name), value, range, std::move(help), "a number");
}
OptionField field(std::string name, Index& value, Range range, std::string help) {
  return numeric(std::move(name), value, range, std::move(help), "an integer");
}
OptionField field(std::string name, std::uint64_t& value, std::string help) {
  return numeric(std::move(name), value, Range{0}, std::move(help), "an integer >= 0");
}
OptionField field(std::string name, int& value, Range range, std::string help) {
  return numeric(std::move(name), value, range, std::move(help), "an integer");
}

OptionField field(std::string name, bool& value, std::string help) {
  OptionField option;
  option.domain = "true | false";
  option.is_flag = true;
  option.get = [&value] { return std::string(value ? "true" : "false"); };
  option.set = [&value, name](const std::string& given) {
    if (given == "true") {
      value = true;
    } else if (given == "false") {
      value = false;
    } else {
      throw_unknown_word(name, given, "true | false");
    }
  };
  option.default_text = option.get();
  option.name = std::move(name);
  option.help = std::move(help);
  return option;
}

OptionField field(std::string name, std::string& value, std::string domain, std::string help) {
  OptionField option{std::move(name), std::move(help), std::move(domain), value, false, {}, {}};
  option.get = [&value] { return value; };
  option.set = [&value](const std::string& given) { value = given; };
  return option;
}

void throw_unknown_word(const std::string& name, const std::string& given, const std::string& domain) {
  throw OptionError(fmt::format("{} = {}: must be one of {}", dashed(name), given, domain));
}

}  // namespace rankflow
