// rankflow options --markdown: the manual's pages of options and of instruments, made from the tables in the code.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <string>
#include <vector>

#include "cli/array_verbs.h"
#include "cli/verbs.h"
#include "rankflow/complete.h"
#include "rankflow/instrument.h"
#include "rankflow/read.h"
#include "rankflow/sense.h"
#include "rankflow/tensor_instrument.h"
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

constexpr const char* kTensorInstruments = R"(
## Tensors

Of engines that move a CP or a hierarchical factorization (`rankflow/tensor_instrument.h`). T is the end tensor, T* the true
one where it is known; modes count from 0.
)";
constexpr const char* kInstruments =
    R"(# Instruments

This page is made by `rankflow options --markdown --instruments`; a test compares it with the program.

An instrument is a small named measure of a snapshot that any engine can carry: the flow (`rankflow/flow_problem.h`),
gradient descent (`rankflow/descent.h`), the nuclear norm (`rankflow/nuclear_norm.h`).

```cpp
Trajectory trajectory;
const std::vector<Watcher> watchers{record_into(
    trajectory, {make_instrument("singular_values:5", 100, 100), make_instrument("effective_rank", 100, 100)})};
follow_flow<double>(problem, start, options, watchers, regular_moments(10, 2000));
trajectory.write_csv("flow.csv");  // iteration, time, loss, sigma_1, ..., sigma_5, effective_rank
const double half = half_time(trajectory, "sigma_1", "time");
```

W is the end matrix, W = U S V^T its singular value decomposition, s_1 >= s_2 >= ... its singular values, G the gradient
of the loss at W, W* the true matrix where it is known. What is between brackets may be left out. All numbers are in the
units of the data, rates per unit of the flow's time (step size times iterations).

`rankflow/trajectory.h` has what claims are made of: first crossings, half times, plateaus, largest falls and rises.
`rankflow/rank_window.h` stops a run when a chosen singular value enters, and predicts when that will be.
`rankflow/scalar_law.h` has the times at which single values grow.
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
    if (const std::size_t value = name.find('{'); value != std::string::npos)  // what --no-... sets
      name.erase(value, name.find('}') + 1 - value);
    for (std::size_t comma = 0; (comma = name.find(',', comma)) != std::string::npos; comma += 4)
      name.replace(comma, 1, "`, `");
    fmt::print("| `{}` | {} |\n", name, cell(option->get_description()));
  }
}

void print_markdown(const CLI::App& program) {
  fmt::print("{}", kIntroduction);
  for (const CLI::App* verb : program.get_subcommands([](const CLI::App*) { return true; }))
    if (!verb->get_group().empty()) print_verb(*verb);
  TensorReadOptions read;
  std::vector<OptionField> reading = fields(read.table);
  for (OptionField& field : array_fields(read)) reading.push_back(std::move(field));
  print_fields("Reading",
               "How a file is read: options of `complete`, `check` and `convert`; of `ReadOptions` and "
               "`TensorReadOptions` in C++.",
               reading);
  CompleteOptions complete;
  print_fields("Learning", "How a table is learned: options of `complete`; of `CompleteOptions` in C++.",
               fields(complete));
  SenseOptions sense;
  print_fields("Sensing", "How a matrix is found from measurements: options of `sense`; of `SenseOptions` in C++.",
               fields(sense));
  WriteOptions write;
  print_fields("Writing", "How a table is written: options of `complete`; of `WriteOptions` in C++.", fields(write));
}

void print_instruments() {
  fmt::print("{}\n| instrument | what it gives |\n|---|---|\n", kInstruments);
  for (const auto& [name, help] : instrument_names()) fmt::print("| `{}` | {} |\n", name, cell(help));
  fmt::print("{}\n| instrument | what it gives |\n|---|---|\n", kTensorInstruments);
  for (const auto& [name, help] : tensor_instrument_names()) fmt::print("| `{}` | {} |\n", name, cell(help));
}

}  // namespace

void add_options(CLI::App& program, Outcome&) {
  CLI::App* verb = program.add_subcommand("options", "print the manual's pages of options and instruments");
  verb->group("");  // not in the help: for the manual and its test
  const auto markdown = std::make_shared<bool>(false);
  verb->add_flag("--markdown", *markdown, "as Markdown, the only form there is")->required();
  const auto instruments = std::make_shared<bool>(false);
  verb->add_flag("--instruments", *instruments, "the page of instruments instead");
  verb->callback([&program, instruments] { *instruments ? print_instruments() : print_markdown(program); });
}

}  // namespace rankflow::cli
