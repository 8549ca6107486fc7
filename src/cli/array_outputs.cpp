// The files that `rankflow complete` leaves behind for an array.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>

#include "cli/array_verbs.h"
#include "cli/verbs.h"
#include "data/rounding.h"
#include "rankflow/archive.h"
#include "rankflow/cell_writer.h"
#include "rankflow/error.h"
#include "rankflow/report.h"
#include "rankflow/write_tensor.h"
#include "report/array_report.h"

namespace rankflow::cli {
namespace {

constexpr double kMostListedCells = 1e7;

bool is_text(std::string path) {
  if (path.ends_with(".gz")) path.resize(path.size() - 3);
  return path == "-" || path.ends_with(".csv") || path.ends_with(".tsv") || path.ends_with(".txt");
}

// Calls `see(index, value, interval, observed)` for every cell, the last mode fastest.
template <class See>
void each_cell(const Tensor& tensor, const ArrayPredictor& predictor, double level, bool keep_observed, See see) {
  const auto cells = static_cast<std::size_t>(tensor.cells());
  std::vector<std::int32_t> index(static_cast<std::size_t>(tensor.order()), 0);
  constexpr Interval kNone = {kNaN, kNaN};
  const bool given = interval_problem(predictor, index.size(), level).empty();
  Index next = 0;
  for (std::size_t cell = 0; cell < cells; ++cell) {
    bool observed = next < tensor.num_observed();
    for (std::size_t n = 0; observed && n < index.size(); ++n) observed = tensor.index[n][next] == index[n];
    const bool kept = observed && keep_observed;
    const double value = kept ? tensor.value[next] : predictor.predict(index);
    see(index, value, kept ? Interval{value, value} : given ? predictor.interval(index, level) : kNone, kept);
    next += observed ? 1 : 0;
    for (std::size_t n = index.size(); n-- > 0;) {
      if (++index[n] < tensor.size(static_cast<Index>(n))) break;
      index[n] = 0;
    }
  }
}

void write_listed_intervals(const std::string& path, const Tensor& tensor, const ArrayPredictor& predictor,
                            double level, const WriteOptions& options) {
  std::vector<std::string> titles, scratch(tensor.modes.size());
  for (const Axis& mode : tensor.modes) titles.push_back(mode.title);
  CellWriter writer(path, titles, tensor.value_title, true, options.digits);
  std::vector<std::string_view> names(tensor.modes.size());
  each_cell(tensor, predictor, level, options.keep_observed,
            [&](const std::vector<std::int32_t>& index, double value, const Interval& interval, bool observed) {
              for (std::size_t n = 0; n < names.size(); ++n) names[n] = tensor.modes[n].name(index[n], scratch[n]);
              writer.cell(names, value, &interval, observed);
            });
  writer.finish();
}

// value, low and high with the array's shape, and what names its modes.
void write_interval_arrays(const std::string& path, const Tensor& tensor, const ArrayPredictor& predictor, double level,
                           const WriteOptions& options) {
  std::vector<double> values, low, high;
  for (auto* list : {&values, &low, &high}) list->reserve(static_cast<std::size_t>(tensor.cells()));
  each_cell(tensor, predictor, level, options.keep_observed,
            [&](const std::vector<std::int32_t>&, double value, const Interval& interval, bool observed) {
              const int digits = observed ? 0 : options.digits;
              values.push_back(rounded(value, digits));
              low.push_back(rounded(interval.low, digits));
              high.push_back(rounded(interval.high, digits));
            });
  Archive archive;
  archive.set("value", Array{tensor.shape(), std::move(values)});
  archive.set("low", Array{tensor.shape(), std::move(low)});
  archive.set("high", Array{tensor.shape(), std::move(high)});
  set_names(archive, tensor);
  archive.write(path);
}

void write_array(const OutputOptions& output, const Tensor& tensor, const ArrayCompletion& result) {
  const ArrayPredictor& predictor = result.table_predictor ? *result.table_predictor : *result.predictor;
  if (output.intervals > 0)
    return write_array_intervals(output.table_path, tensor, predictor, output.intervals, output.write);
  write_dense(
      output.table_path, tensor, [&](std::span<const std::int32_t> index) { return predictor.predict(index); },
      output.write);
}

}  // namespace

std::string interval_problem(const ArrayPredictor& predictor, std::size_t order, double level) {
  const std::vector<std::int32_t> first(order, 0);
  const Interval interval = predictor.interval(first, level);
  if (std::isfinite(interval.low) && std::isfinite(interval.high)) return "";
  return fmt::format("this model's calibration is too small for intervals of level {:g}", level);
}

void write_array_intervals(const std::string& path, const Tensor& tensor, const ArrayPredictor& predictor, double level,
                           const WriteOptions& options) {
  if (is_text(path)) return write_listed_intervals(path, tensor, predictor, level, options);
  if (path.ends_with(".npz")) return write_interval_arrays(path, tensor, predictor, level, options);
  throw OptionError("--intervals: an array's intervals are columns of text or further arrays of an .npz file",
                    "write -o FILE.csv or -o FILE.npz");
}

void check_array_outputs(const OutputOptions& output, const Tensor& tensor) {
  if (!output.report_folder.empty()) make_folder(output.report_folder);
  check_writable(output.model_path);
  if (!output.model_path.empty() && output.model_path == output.table_path)
    throw OptionError("-o and --model-file name the same file, " + output.model_path);
  if (output.table_path.empty()) {
    if (output.intervals > 0) throw OptionError("--intervals needs -o FILE.csv or -o FILE.npz");
    return;
  }
  if (output.intervals > 0 && !is_text(output.table_path) && !output.table_path.ends_with(".npz"))
    throw OptionError("--intervals: an array's intervals are columns of text or further arrays of an .npz file",
                      "write -o FILE.csv or -o FILE.npz");
  if (tensor.layout == Tensor::Layout::list && tensor.cells() > kMostListedCells && !output.all_cells)
    throw OptionError(
        fmt::format("-o would list all {:.3g} cells", tensor.cells()),
        "keep the model with --model-file and ask `rankflow predict` for the cells you need, or pass --all-cells");
  check_writable(output.table_path);
}

std::vector<std::string> write_array_outputs(const OutputOptions& output, const Tensor& tensor,
                                             const ArrayCompletion& result, const ArrayOptions& options,
                                             const std::vector<std::string>& command) {
  std::vector<std::string> written;
  if (!output.table_path.empty()) {
    write_array(output, tensor, result);
    written.push_back("completed array: " + output.table_path);
  }
  if (const std::string path = model_path(output); !path.empty()) {
    ArrayOptions copy = options;
    const std::string record = kept_record(json(tensor, result), fields(copy), command);
    KeptArray{tensor.modes, tensor.value_title, record, result.predictor}.write(path);
    written.push_back("model: " + path);
  }
  if (!output.report_folder.empty())
    write_report_files(output.report_folder, result.history,
                       array_report(tensor, result, options, brief(tensor, result), shell_line(command)), written);
  return written;
}

}  // namespace rankflow::cli
