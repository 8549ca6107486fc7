// A completion as the report shows it.
// SPDX-License-Identifier: Apache-2.0
#include "report/completion_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/run_facts.h"

namespace rankflow {
namespace {

constexpr double kMostMapCells = 4e6;  // of a dense table shown whole; larger ones are not mapped
constexpr std::size_t kSurprises = 10;

// Entries of one part with what the kept model says about them.
struct Unseen {
  std::vector<Index> row, column;
  std::vector<double> observed, predicted, deviation;
};

Unseen unseen(const Table& table, const Completion& result, Part part) {
  Unseen list;
  for (Index i = 0; i < table.num_rows(); ++i)
    for (Index k = table.row_begin[i]; k < table.row_begin[i + 1]; ++k) {
      if (result.parts[k] != part) continue;
      const Index j = table.column[k];
      const double weight = table.weight.empty() ? 1 : static_cast<double>(table.weight[k]) / result.model.weight_unit;
      list.row.push_back(i);
      list.column.push_back(j);
      list.observed.push_back(table.value[k]);
      list.predicted.push_back(result.model.predict(i, j));
      list.deviation.push_back(result.model.standard_deviation(i, j, weight));
    }
  return list;
}

std::vector<ReportFigure> figures(const Table& table, const Completion& result) {
  const bool spreads = result.unit == "column spreads";
  const std::string unit = spreads ? "in units of each column's spread" : "in the unit of the values";
  std::vector<ReportFigure> list = {
      {"Size", fmt::format("{} × {}", table.num_rows(), table.num_columns()),
       fmt::format("{} entries, {} observed", table.num_observed(), format_share(table.density())),
       "Rows by columns, and the share of the cells that the file has a value for."},
      {"Rank", std::to_string(result.rank), "effective rank " + format_number(result.effective_rank, 3),
       "Singular values above a thousandth of the largest; nobody chose it. The effective rank weighs them by size."},
      {"Train RMSE", format_number(result.train_rmse), "",
       "Root mean square residual on the entries learned from, " + unit + "."}};
  if (result.held_out) {
    const HeldOutError& e = *result.held_out;
    list.push_back({"Held-out RMSE", format_number(e.rmse),
                    fmt::format("95 % interval {} to {}", format_number(e.rmse_low), format_number(e.rmse_high)),
                    fmt::format("On {} entries that no fit had seen, {}.", e.count, unit)});
    list.push_back({"Baseline", format_number(result.baseline_rmse),
                    fmt::format("{} less error with the model", format_share(1 - e.rmse / result.baseline_rmse)),
                    "What " + result.baseline + " alone give on the same entries."});
    if (std::isfinite(e.coverage90))
      list.push_back({"Coverage", format_share(e.coverage90), "of 90 % intervals",
                      "Share of the held-out entries inside their 90 % interval."});
  }
  const std::string engine =
      result.engine == "posterior" ? result.engine : fmt::format("{}, depth {:g}", result.engine, result.depth);
  list.push_back(
      {"Engine", engine, "centering: " + result.centering, "How the table was learned; see the candidates below."});
  list.push_back({"Stopped", name(result.stop), "", result.message});
  list.push_back({"Time", format_seconds(result.seconds),
                  format_bytes(static_cast<double>(peak_bytes())) + " of memory",
                  "For everything: reading excluded, all fits included."});
  return list;
}

ReportCalibration coverage(const Completion& result, const Unseen& held_out) {
  ReportCalibration shown;
  for (const double level : {0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99}) {
    const double quantile = result.model.calibration_quantile(level);
    shown.nominal.push_back(level);
    const auto inside = std::upper_bound(result.model.calibration.begin(), result.model.calibration.end(), quantile);
    shown.validation.push_back(static_cast<double>(inside - result.model.calibration.begin()) /
                               static_cast<double>(result.model.calibration.size()));
    if (held_out.row.empty()) continue;
    double covered = 0;
    for (std::size_t k = 0; k < held_out.row.size(); ++k)
      covered += std::abs(held_out.observed[k] - held_out.predicted[k]) <= quantile * held_out.deviation[k];
    shown.held_out.push_back(covered / static_cast<double>(held_out.row.size()));
  }
  return shown;
}

std::vector<ReportSurprise> surprises(const Table& table, const Unseen& held_out) {
  std::vector<std::size_t> order;
  const auto sigmas = [&](std::size_t k) {
    return held_out.deviation[k] > 0 ? std::abs(held_out.observed[k] - held_out.predicted[k]) / held_out.deviation[k]
                                     : 0;
  };
  for (std::size_t k = 0; k < held_out.row.size(); ++k) order.push_back(k);
  const std::size_t count = std::min(kSurprises, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [&](std::size_t a, std::size_t b) { return sigmas(a) > sigmas(b); });
  std::vector<ReportSurprise> list;
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t at = order[k];
    list.push_back({table.rows.name(held_out.row[at]), table.columns.name(held_out.column[at]), held_out.observed[at],
                    held_out.predicted[at], sigmas(at)});
  }
  return list;
}

ReportMap map(const Table& table, const Completion& result) {
  ReportMap shown;
  shown.before = Matrix::Constant(table.num_rows(), table.num_columns(), kNaN);
  shown.after = Matrix(table.num_rows(), table.num_columns());
  const CompletionModel& model = result.table_model ? *result.table_model : result.model;
  for (Index i = 0; i < table.num_rows(); ++i) {
    for (Index j = 0; j < table.num_columns(); ++j) shown.after(i, j) = model.predict(i, j);
    for (Index k = table.row_begin[i]; k < table.row_begin[i + 1]; ++k)
      shown.before(i, table.column[k]) = shown.after(i, table.column[k]) = table.value[k];
  }
  shown.image = table.layout == Table::Layout::image;
  shown.by_column = result.unit == "column spreads";
  shown.row_title = table.rows.title;
  shown.column_title = table.columns.title;
  shown.value_title = table.value_title;
  return shown;
}

}  // namespace

ReportInput completion_report(const Table& table, const Completion& result, const CompleteOptions& options,
                              const std::string& summary, const std::string& command) {
  ReportInput report;
  report.source = table.source;
  report.title = table.source.substr(table.source.rfind('/') + 1) + ", completed";
  report.summary = summary;
  report.figures = figures(table, result);
  report.notes = table.notes;
  report.warnings = table.warnings;
  report.warnings.insert(report.warnings.end(), result.warnings.begin(), result.warnings.end());
  for (const Candidate& candidate : result.candidates)
    report.candidates.push_back({candidate.engine, candidate.validation_rmse, candidate.chosen, candidate.remark});
  report.history = result.history;

  const Unseen held_out = unseen(table, result, Part::held_out);
  if (!held_out.row.empty()) {
    report.held_out = ReportHeldOut{held_out.observed, held_out.predicted};
    report.surprises = surprises(table, held_out);
  }
  const Vector& s = result.model.product.s;
  report.spectrum = ReportSpectrum{{s.data(), s.data() + s.size()}, result.rank};
  if (!result.model.calibration.empty()) report.calibration = coverage(result, held_out);
  const double cells = static_cast<double>(table.num_rows()) * static_cast<double>(table.num_columns());
  if (table.layout != Table::Layout::triplets && cells <= kMostMapCells) report.maps.push_back(map(table, result));
  for (const ColumnError& e : result.columns)
    report.columns.push_back(
        {table.columns.name(e.column), e.spread, e.rmse / e.spread, e.baseline_rmse / e.spread, e.count});
  report.options = report::options_shown(options);
  report.facts = report::run_facts(result.seed);
  report.command = command;
  return report;
}

}  // namespace rankflow
