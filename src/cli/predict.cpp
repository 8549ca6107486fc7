// rankflow predict: values and intervals for pairs of names, from a kept model; arrays: predict_array.cpp.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "base/threads.h"
#include "cli/array_verbs.h"
#include "cli/option_binding.h"
#include "cli/verbs.h"
#include "rankflow/archive.h"
#include "rankflow/cell_writer.h"
#include "rankflow/completion_model.h"
#include "rankflow/error.h"
#include "rankflow/kept_array.h"
#include "rankflow/read.h"
#include "rankflow/read_cells.h"

namespace rankflow::cli {
namespace {

struct Settings {
  std::string model, pairs, given, weight, output = "-";
  double intervals = 0;
  int threads = 0, digits = 0;
  bool json = false, quiet = false, all_cells = false;
  std::uint64_t seed = 0;
};

// Rows of --given that the model does not know, folded in by the observations they have on known columns.
struct Folded {
  std::map<std::string, FoldedRow> rows;
  Index ignored = 0;  // observations on columns the model does not know
  Index known = 0;    // rows of the file that the model knows already
};

Folded fold(const Settings& settings, const CompletionModel& model, const FoldIn& fold_in) {
  Folded folded;
  if (settings.given.empty()) return folded;
  ReadOptions options;
  options.format = ReadOptions::Format::triplets;
  options.weight = settings.weight;
  const Table table = read_table(settings.given, options);
  for (Index i = 0; i < table.num_rows(); ++i) {
    const std::string name = table.rows.name(i);
    if (model.rows.find(name)) {
      ++folded.known;
      continue;
    }
    std::vector<FoldIn::Given> given;
    for (Index k = table.row_begin[i]; k < table.row_begin[i + 1]; ++k) {
      if (const auto j = model.columns.find(table.columns.name(table.column[k]))) {
        const double weight = table.weight.empty() ? 1 : static_cast<double>(table.weight[k]) / model.weight_unit;
        given.push_back({*j, table.value[k], weight});
      } else {
        ++folded.ignored;
      }
    }
    folded.rows.emplace(name, fold_in.row(given));
  }
  return folded;
}

struct Counts {
  Index pairs = 0, known = 0, folded = 0, unknown_row = 0, unknown_column = 0;
};

// Answers every pair, by what is known of its row and its column.
Counts write_predictions(const Settings& settings, const CompletionModel& model, const FoldIn& fold_in,
                         const Folded& folded) {
  CellReader pairs(settings.pairs, {&model.rows, &model.columns}, {"row", "column"});
  const bool with_interval = settings.intervals > 0;
  CellWriter writer(settings.output, {model.rows.title, model.columns.title, model.value_title}, with_interval,
                    settings.digits);
  const FoldedRow average = fold_in.row({});
  Counts counts;
  std::vector<std::string_view> names;
  while (pairs.next(names)) {
    const std::string_view row = names[0], column = names[1];
    const auto i = model.rows.find(row), j = model.columns.find(column);
    const auto found = i ? folded.rows.end() : folded.rows.find(std::string(row));
    double value = 0;
    Interval interval{kNaN, kNaN};
    if (i && j) {
      ++counts.known;
      value = model.predict(*i, *j);
      if (with_interval) interval = model.interval(*i, *j, settings.intervals);
    } else if (j) {
      const bool given = found != folded.rows.end();
      ++(given ? counts.folded : counts.unknown_row);
      const FoldedRow& x = given ? found->second : average;
      value = fold_in.predict(x, *j);
      if (with_interval) interval = fold_in.interval(x, *j, settings.intervals);
    } else {
      ++counts.unknown_column;
      value = predict_unknown(model, i, j);
    }
    writer.cell(row, column, value, with_interval ? &interval : nullptr);
  }
  writer.finish();
  counts.pairs = pairs.count();
  return counts;
}

void print_json(const Settings& settings, const Counts& counts) {
  const nlohmann::ordered_json out = {{"pairs", counts.pairs},
                                      {"known", counts.known},
                                      {"folded_in", counts.folded},
                                      {"unknown_row", counts.unknown_row},
                                      {"unknown_column", counts.unknown_column},
                                      {"output", settings.output}};
  fmt::print("{}\n", json_text(out, 2));
}

void print_summary(const Settings& settings, const Counts& counts, const Folded& folded) {
  fmt::print(stderr, "{} pairs: {} of known rows and columns", counts.pairs, counts.known);
  if (counts.folded > 0) fmt::print(stderr, ", {} of rows folded in from {}", counts.folded, settings.given);
  if (counts.unknown_row > 0)
    fmt::print(stderr, ", {} of unknown rows, answered by the biases (the average row)", counts.unknown_row);
  if (counts.unknown_column > 0)
    fmt::print(stderr, ", {} of unknown columns, answered by the average column, without interval",
               counts.unknown_column);
  fmt::print(stderr, "\n");
  if (folded.ignored > 0)
    fmt::print(stderr, "warning: {}: {} observations are of columns that the model does not know and were left out\n",
               settings.given, folded.ignored);
  if (folded.known > 0)
    fmt::print(stderr, "warning: {}: {} rows are known to the model already; their new observations were left out\n",
               settings.given, folded.known);
}

void run(const Settings& settings) {
  if (settings.json && settings.output == "-")
    throw OptionError("--json and predictions both want standard output", "name a file for the predictions with -o");
  if (!settings.weight.empty() && settings.given.empty()) throw OptionError("--weight names a column of --given");
  set_num_threads(settings.threads);
  const Archive archive = Archive::read(settings.model);
  if (KeptArray::is_one(archive)) {
    if (!settings.given.empty()) throw OptionError("--given folds rows into models of tables, and this is an array's");
    predict_array_cells({KeptArray::read(archive), settings.model, settings.pairs, settings.output, settings.intervals,
                         settings.digits, settings.all_cells, settings.json, settings.quiet});
    return;
  }
  if (settings.all_cells) throw OptionError("--all-cells is for models of arrays", "give a file of pairs");
  if (settings.pairs.empty()) throw OptionError("pairs is required: a file with a row and a column a line");
  const CompletionModel model = CompletionModel::read(archive);
  if (settings.intervals > 0 && model.calibration.empty())
    throw InputError(settings.model, "this model has no calibration, so it gives no intervals");
  const FoldIn fold_in(model);
  const Folded folded = fold(settings, model, fold_in);
  const Counts counts = write_predictions(settings, model, fold_in, folded);
  if (settings.json && settings.output != "-") print_json(settings, counts);
  if (!settings.quiet) print_summary(settings, counts, folded);
}

}  // namespace

void add_predict(CLI::App& program, Outcome&) {
  const auto settings = std::make_shared<Settings>();
  CLI::App* verb = program.add_subcommand(
      "predict", "values for pairs of rows and columns, or cells of an array, from a kept model");
  verb->add_option("model", settings->model, "model.npz of `rankflow complete`")->required();
  verb->add_option(
      "pairs", settings->pairs,
      "file with the names of a row and a column a line (arrays: a name per mode), further columns are left "
      "out; a header with all these titles says their order; - is standard input. Arrays: also an array of "
      "the model's shape whose holes are asked for");
  verb->add_option("-o,--output", settings->output, "where to; - is standard output")->capture_default_str();
  verb->add_option("--intervals", settings->intervals, "adds low and high of this level, e.g. 0.9")
      ->check(in_range({0, 0.999}));
  verb->add_flag("--all-cells", settings->all_cells, "arrays: every cell, without a file that names them");
  verb->add_option("--given", settings->given, "observations (row,column,value) of rows that training did not see");
  verb->add_option("--weight", settings->weight,
                   "column of --given with a weight > 0 for each observation, in the unit of the training weights");
  verb->add_option("--digits", settings->digits, "significant digits; 0 = all")->check(CLI::Range(0, 17));
  verb->add_option("--threads", settings->threads, "0 = as many as there are cores")->check(CLI::Range(0, 1024));
  verb->add_option("--seed", settings->seed, "nothing here is random; accepted for uniformity");
  verb->add_flag("--json", settings->json, "with -o FILE: counts as one JSON object on standard output");
  verb->add_flag("-q,--quiet", settings->quiet, "no summary");
  verb->callback([settings] { run(*settings); });
}

}  // namespace rankflow::cli
