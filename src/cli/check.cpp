// rankflow check: what is in a file, how will it be read, what is wrong with it?
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/array_verbs.h"
#include "cli/option_binding.h"
#include "cli/option_scope.h"
#include "cli/table_report.h"
#include "cli/verbs.h"
#include "rankflow/error.h"
#include "rankflow/read.h"
#include "rankflow/summary.h"
#include "rankflow/write.h"

namespace rankflow::cli {
namespace {

constexpr int kCannotBeRead = 3;

struct Check {
  std::string path, output;
  bool json = false, fix = false;
  Index max_problems = 20;
  TensorReadOptions read;
};

void print_flaws(const Inspection& inspection, const std::string& source) {
  fmt::print("problems: {}\n", inspection.num_flaws);
  for (const Flaw& flaw : inspection.flaws) {
    fmt::print("  {}{}: {}\n", source, flaw.line > 0 ? fmt::format(":{}", flaw.line) : "", flaw.problem);
    if (!flaw.hint.empty()) fmt::print("    hint: {}\n", flaw.hint);
    if (!flaw.repair.empty()) fmt::print("    --fix: {}\n", flaw.repair);
  }
  const auto more = inspection.num_flaws - static_cast<Index>(inspection.flaws.size());
  if (more > 0) fmt::print("  and {} more; --max-problems shows more of them\n", more);
}

nlohmann::ordered_json flaws_json(const Inspection& inspection) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Flaw& flaw : inspection.flaws)
    list.push_back({{"line", flaw.line}, {"problem", flaw.problem}, {"hint", flaw.hint}, {"repair", flaw.repair}});
  return list;
}

// With --json even a file that cannot be read at all gets its object.
int report_unreadable(const Check& check, const InputError& error) {
  const nlohmann::ordered_json object = {
      {"file", check.path}, {"readable", false}, {"num_problems", 1}, {"problems", {{{"problem", error.what()}}}}};
  fmt::print("{}\n", dump(object));
  return kCannotBeRead;
}

int run(const Check& check, const CLI::App& verb) {
  if (check.fix && check.output.empty()) throw OptionError("--fix needs -o OUT", "the file itself is never changed");
  if (!check.fix && !check.output.empty())
    throw OptionError("-o is for --fix", "`rankflow convert` writes other formats");
  if (holds_tensor(check.path, check.read)) {
    if (check.fix) throw OptionError("--fix repairs tables, and this is an array");
    return check_array_file(check.path, check.read, check.json, check.max_problems);
  }
  refuse_array_options(verb);
  const Inspection inspection = inspect_table(check.path, check.read.table, check.max_problems);
  const Table& table = inspection.table;
  const TableSummary summary = summarize(table);
  const bool clean = inspection.num_flaws == 0;
  if (check.fix) write_table(check.output, table);
  if (check.json) {
    nlohmann::ordered_json object = table_json(table, summary);
    object["readable"] = clean;
    object["num_problems"] = inspection.num_flaws;
    object["problems"] = flaws_json(inspection);
    if (check.fix) object["repaired_copy"] = check.output;
    fmt::print("{}\n", dump(object));
  } else if (check.output != "-") {
    print_table(table, summary);
    if (!clean) print_flaws(inspection, table.source);
    if (check.fix) {
      fmt::print("{}: written{}\n", check.output, clean ? ", nothing had to be repaired" : " with the repairs above");
    } else {
      fmt::print("{}\n", clean ? "nothing is wrong" : "cannot be read as it is; --fix -o OUT writes a repaired copy");
    }
  }
  return clean || check.fix ? 0 : kCannotBeRead;
}

}  // namespace

void add_check(CLI::App& program, Outcome& outcome) {
  CLI::App* verb =
      program.add_subcommand("check", "say what is in a file, how it will be read, and what is wrong with it");
  const auto check = std::make_shared<Check>();
  verb->add_option("FILE", check->path, "the file; - is standard input")->required();
  verb->add_flag("--json", check->json, "one JSON object instead of text");
  verb->add_flag("--fix", check->fix, "write a repaired copy to -o");
  verb->add_option("-o,--output", check->output, "where --fix writes");
  verb->add_option("--max-problems", check->max_problems, "how many problems are listed [20]")
      ->check(CLI::Range(Index{1}, Index{1'000'000}));
  bind(*verb, fields(check->read.table), "Reading");
  bind(*verb, array_fields(check->read), "Reading");
  verb->footer(
      "Reads text (triplets or a dense table), .npy, .npz, Matrix Market, PGM and PNG, each also packed with gzip;\n"
      "arrays of order 3 and more from .npy, .npz, HDF5, MATLAB, idx, .tns and text.\n"
      "Exit status: 0 nothing is wrong (warnings are allowed) or --fix wrote the copy; 2 wrong options; 3 the file "
      "cannot be read as it is.");
  verb->callback([check, verb, &outcome] {
    try {
      outcome.status = run(*check, *verb);
    } catch (const InputError& error) {
      if (!check->json) throw;
      outcome.status = report_unreadable(*check, error);
    }
  });
}

}  // namespace rankflow::cli
