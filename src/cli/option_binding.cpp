// One command-line option per field.
// SPDX-License-Identifier: Apache-2.0
#include "cli/option_binding.h"

#include <fmt/format.h>

#include <algorithm>

#include "rankflow/error.h"

namespace rankflow::cli {
namespace {

// CLI11 turns its own errors into exit statuses; ours would fly past it without the usage text.
void set_or_throw(const OptionField& field, const std::string& given) {
  try {
    field.set(given);
  } catch (const OptionError& error) {
    throw CLI::ValidationError(error.what());
  }
}

}  // namespace

void bind(CLI::App& app, std::vector<OptionField> fields, const char* group) {
  for (const OptionField& field : fields) {
    std::string dashed = field.name;
    std::replace(dashed.begin(), dashed.end(), '_', '-');
    CLI::Option* option = nullptr;
    if (field.is_flag) {
      option = app.add_flag_function(
          fmt::format("--{},!--no-{}", dashed, dashed),
          [field](std::int64_t count) { set_or_throw(field, count > 0 ? "true" : "false"); },
          fmt::format("{} [{}]", field.help, field.default_text == "true" ? "yes" : "no"));
    } else {
      const std::string shown = field.default_text.empty() ? "" : fmt::format(" [{}]", field.default_text);
      option = app.add_option_function<std::string>(
          "--" + dashed, [field](const std::string& given) { set_or_throw(field, given); }, field.help + shown);
      option->type_name(field.domain);
    }
    option->group(group);
  }
}

CLI::Validator in_range(Range range) {
  const std::string text = range.text();
  return CLI::Validator(
      [range, text](const std::string& given) {
        double value = 0;
        const bool number = CLI::detail::lexical_cast(given, value);
        return number && range.contains(value) ? std::string() : fmt::format("found {}, must be in {}", given, text);
      },
      text);
}

}  // namespace rankflow::cli
