// Writing the completed table, the model and the report.
// SPDX-License-Identifier: Apache-2.0
#include "cli/complete_outputs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "cli/verbs.h"
#include "rankflow/cell_writer.h"
#include "rankflow/error.h"
#include "rankflow/report.h"
#include "rankflow/write.h"
#include "report/completion_report.h"

namespace rankflow::cli {
namespace {

constexpr double kMostCells = 1e7;  // of a completed list of triplets, unless --all-cells

double cells(const Table& table) {
  return static_cast<double>(table.num_rows()) * static_cast<double>(table.num_columns());
}

// completed.csv -> completed.low.csv; completed.csv.gz -> completed.low.csv.gz
std::string beside(const std::string& path, const std::string& word) {
  std::string stem = path, ending;
  if (stem.ends_with(".gz")) {
    ending = ".gz";
    stem.resize(stem.size() - 3);
  }
  const std::filesystem::path p = stem;
  return (p.parent_path() / (p.stem().string() + "." + word + p.extension().string())).string() + ending;
}

// Every cell of a list of triplets, row by row: observed ones as they are.
void write_cells(const OutputOptions& output, const Table& table, const CompletionModel& model) {
  CellWriter writer(output.table_path, {table.rows.title, table.columns.title, table.value_title}, output.intervals > 0,
                    output.write.digits);
  std::vector<std::string> columns;
  for (Index j = 0; j < table.num_columns(); ++j) columns.push_back(table.columns.name(j));
  for (Index i = 0; i < table.num_rows(); ++i) {
    const std::string row = table.rows.name(i);
    Index k = table.row_begin[i];
    for (Index j = 0; j < table.num_columns(); ++j) {
      const bool observed = k < table.row_begin[i + 1] && table.column[k] == j;
      k += observed;
      const bool kept = observed && output.write.keep_observed;
      const double value = kept ? table.value[k - 1] : model.predict(i, j);
      Interval interval{value, value};
      if (output.intervals > 0 && !kept) interval = model.interval(i, j, output.intervals);
      writer.cell(row, columns[j], value, output.intervals > 0 ? &interval : nullptr, kept);
    }
  }
  writer.finish();
}

void write_completed(const OutputOptions& output, const Table& table, const CompletionModel& model,
                     std::vector<std::string>& written) {
  if (table.layout == Table::Layout::triplets) {
    write_cells(output, table, model);
    written.push_back("every cell, one a line: " + output.table_path);
    return;
  }
  const WriteOptions& options = output.write;
  write_dense(
      output.table_path, table, [&](Index i, Index j) { return model.predict(i, j); }, options);
  written.push_back("completed table: " + output.table_path);
  if (output.intervals == 0) return;
  const std::string low = beside(output.table_path, "low"), high = beside(output.table_path, "high");
  write_dense(
      low, table, [&](Index i, Index j) { return model.interval(i, j, output.intervals).low; }, options);
  write_dense(
      high, table, [&](Index i, Index j) { return model.interval(i, j, output.intervals).high; }, options);
  written.push_back(fmt::format("{:g} % intervals: {} and {}", 100 * output.intervals, low, high));
}

}  // namespace

void make_folder(const std::filesystem::path& folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) throw InputError(folder.string(), "cannot make this folder: " + failure.message());
}

void check_writable(const std::string& path) {
  if (path.empty() || path == "-" || path.starts_with("/dev/")) return;
  std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) folder = ".";
  if (!std::filesystem::is_directory(folder))
    throw InputError(path, "its folder " + folder.string() + " does not exist", "make the folder first");
  if (std::filesystem::is_directory(path)) throw InputError(path, "this is a folder, expected a file's name");
  if (access(folder.c_str(), W_OK) != 0)
    throw InputError(path, "its folder " + folder.string() + " cannot be written to");
}

void check_outputs(const OutputOptions& output, const Table& table) {
  if (!output.report_folder.empty()) make_folder(output.report_folder);
  check_writable(output.table_path);
  check_writable(output.model_path);
  if (!output.model_path.empty() && output.model_path == output.table_path)
    throw OptionError("-o and --model-file name the same file, " + output.model_path);
  if (!(output.intervals >= 0)) throw OptionError("--intervals is not a number");
  if (output.table_path.empty()) return;
  if (table.layout == Table::Layout::triplets && !output.all_cells && cells(table) > kMostCells)
    throw OptionError(
        fmt::format("the completed table has {:.3g} cells, and each would be a line of {}", cells(table),
                    output.table_path),
        "keep the model with --model-file FILE and ask `rankflow predict` for the cells you need, or pass --all-cells");
  if (output.intervals > 0 && output.table_path == "-" && table.layout != Table::Layout::triplets)
    throw OptionError("--intervals with -o -: low and high of a dense table go into files of their own",
                      "name a file with -o");
  if (table.layout == Table::Layout::triplets)
    for (const char* text : {".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz"})
      if (output.table_path.ends_with(text) || output.table_path == "-" || output.table_path.starts_with("/dev/"))
        return;
  if (table.layout == Table::Layout::triplets)
    throw OptionError("-o " + output.table_path + ": a completed list of triplets is written as text",
                      "name the file .csv, .tsv or .txt; .gz may follow");
}

std::string model_path(const OutputOptions& output) {
  if (!output.model_path.empty() || output.report_folder.empty()) return output.model_path;
  return (std::filesystem::path(output.report_folder) / "model.npz").string();
}

void write_report_files(const std::filesystem::path& folder, const std::vector<Step>& history,
                        const ReportInput& report, std::vector<std::string>& written) {
  const std::string steps = (folder / "history.csv").string(), page = (folder / "report.html").string();
  write_history_csv(steps, history);
  written.push_back("history: " + steps);
  write_report(page, report);
  written.push_back("report: " + page);
}

std::string kept_record(const std::string& figures, const std::vector<OptionField>& options,
                        const std::vector<std::string>& command) {
  nlohmann::ordered_json record = nlohmann::ordered_json::parse(figures);
  record["command"] = shell_line(command);
  record["version"] = RANKFLOW_VERSION;
  for (const OptionField& option : options) record["options"][option.name] = option.get();
  return json_text(record);
}

std::vector<std::string> write_outputs(const OutputOptions& output, const Table& table, Completion& result,
                                       const CompleteOptions& options, const std::vector<std::string>& command) {
  std::vector<std::string> written;
  CompleteOptions copy = options;
  result.model.record = kept_record(json(table, result), fields(copy), command);
  if (!output.report_folder.empty()) make_folder(output.report_folder);
  if (!output.table_path.empty())
    write_completed(output, table, result.table_model ? *result.table_model : result.model, written);
  if (const std::string path = model_path(output); !path.empty()) {
    result.model.write(path);
    written.push_back("model: " + path);
  }
  if (!output.report_folder.empty())
    write_report_files(output.report_folder, result.history,
                       completion_report(table, result, options, brief(table, result), shell_line(command)), written);
  return written;
}

}  // namespace rankflow::cli
