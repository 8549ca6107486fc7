// rankflow options --markdown: the manual's page of options, made from the same tables as the command line.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <string>
#include <vector>

#include "cli/verbs.h"
#include "rankflow/complete.h"
#include "rankflow/read.h"
#include "rankflow/sense.h"
#include "rankflow/write.h"

namespace rankflow::cli {
namespace {

constexpr const char* kIntroduction =
    R"(# Options

This page is made by `rankflow options --markdown`; a test compares it with the program. To change it, change the
option tables in the code and run `build/release/rankflow options --markdown > docs/options.md`.

A number's range is written as an interval: `[0, 0.9]` includes both ends, `(1, inf)` neither. An option has one name
everywhere: `--held-out` on the command line is `held_out` in C++ and in the record that a model keeps.
)";

// A table's cell: a bar would end it.
std::string cell(const std::string& text) {
  std::string escaped;
  for (const char c : text) escaped += c == '|' ? std::string("\\|") : std::string(1, c);
  return escaped;
}

std::string dashed(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  return "--" + name;
}

void print_fields(const std::string& title, const std::string& explanation, const std::vector<OptionField>& fields) {
  fmt::print("\n## {}\n\n{}\n\n| option | values | default | meaning |\n|---|---|---|---|\n", title, explanation);
  for (const OptionField& field : fields) {
    const std::string name = dashed(field.name);
    std::string shown = "`" + name + "`";
    if (field.is_flag) shown += fmt::format(", `--no-{}`", name.substr(2));
    const std::string standard = field.is_flag ? (field.default_text == "true" ? "yes" : "no") : field.default_text;
    fmt::print("| {} | {} | {} | {} |\n", shown, field.is_flag ? "" : cell("`" + field.domain + "`"),
               standard.empty() ? "" : "`" + standard + "`", cell(field.help));
  }
}

// A verb's own options; those of the tables come after all verbs.
void print_verb(const CLI::App& verb) {
  std::string description = verb.get_description();
  description[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(description[0])));
  fmt::print("\n## rankflow {}\n\n{}.\n\n| option | meaning |\n|---|---|\n", verb.get_name(), description);
  for (const CLI::Option* option : verb.get_options()) {
    const std::string& group = option->get_group();
    if (group == "Reading" || group == "Learning" || group == "Sensing" || option == verb.get_help_ptr()) continue;
    std::string name = option->get_name(option->get_positional(), true);
    for (std::size_t comma = 0; (comma = name.find(',', comma)) != std::string::npos; comma += 4)
      name.replace(comma, 1, "`, `");
    fmt::print("| `{}` | {} |\n", name, cell(option->get_description()));
  }
}

void print_markdown(const CLI::App& program) {
  fmt::print("{}", kIntroduction);
  for (const CLI::App* verb : program.get_subcommands([](const CLI::App*) { return true; }))
    if (!verb->get_group().empty()) print_verb(*verb);
  ReadOptions read;
  print_fields("Reading", "How a file is read: options of `complete`, `check` and `convert`; of `ReadOptions` in C++.",
               fields(read));
  CompleteOptions complete;
  print_fields("Learning", "How a table is learned: options of `complete`; of `CompleteOptions` in C++.",
               fields(complete));
  SenseOptions sense;
  print_fields("Sensing", "How a matrix is found from measurements: options of `sense`; of `SenseOptions` in C++.",
               fields(sense));
  WriteOptions write;
  print_fields("Writing", "How a table is written: options of `complete`; of `WriteOptions` in C++.", fields(write));
}

}  // namespace

void add_options(CLI::App& program, Outcome&) {
  CLI::App* verb = program.add_subcommand("options", "print the manual's page of options");
  verb->group("");  // not in the help: for the manual and its test
  const auto markdown = std::make_shared<bool>(false);
  verb->add_flag("--markdown", *markdown, "as Markdown, the only form there is")->required();
  verb->callback([&program, markdown] { print_markdown(program); });
}

}  // namespace rankflow::cli
