// Headline numbers, spectrum, history and options of a sensed matrix.
// SPDX-License-Identifier: Apache-2.0
#include "report/sense_report.h"

#include <fmt/format.h>

#include "report/run_facts.h"

namespace rankflow {
namespace {

std::vector<ReportFigure> figures(const SenseResult& result) {
  std::vector<ReportFigure> list = {
      {"Size", fmt::format("{} × {}", result.w.rows(), result.w.cols()),
       fmt::format("{} measurements", result.measurements), "Rows by columns of the matrix that was looked for."},
      {"Rank", std::to_string(result.rank), "effective rank " + format_number(result.effective_rank, 3),
       "Singular values above a thousandth of the largest. The effective rank weighs them by size."},
      {"Train RMSE", format_number(result.train_rmse), "",
       "Root mean square residual on the measurements learned from."}};
  if (result.held_out) {
    const HeldOutError& e = *result.held_out;
    list.push_back({"Held-out RMSE", format_number(e.rmse),
                    fmt::format("95 % interval {} to {}", format_number(e.rmse_low), format_number(e.rmse_high)),
                    fmt::format("On {} measurements that the fit had not seen.", e.count)});
    list.push_back(
        {"Baseline", format_number(result.baseline_rmse), "", "What predicting zero gives on the same measurements."});
  }
  if (result.proof)
    list.push_back(
        {"Nuclear norm", format_number(result.proof->nuclear_norm, 7),
         "relative gap " + format_number(result.proof->relative_gap(), 2),
         "No matrix that matches the measurements has one below " + format_number(result.proof->dual_bound, 7) + "."});
  list.push_back({"Engine",
                  result.depth > 0 ? fmt::format("{}, depth {:g}", result.engine, result.depth) : result.engine, "",
                  "How the matrix was found."});
  list.push_back({"Stopped", name(result.stop), "", result.message});
  list.push_back({"Time", format_seconds(result.seconds),
                  format_bytes(static_cast<double>(peak_bytes())) + " of memory", "All fits included."});
  return list;
}

}  // namespace

ReportInput sense_report(const std::string& source, const SenseResult& result, const SenseOptions& options,
                         const std::string& summary, const std::string& command) {
  ReportInput report;
  report.source = source;
  report.title = source.substr(source.rfind('/') + 1) + ", solved";
  report.summary = summary;
  report.figures = figures(result);
  report.warnings = result.warnings;
  report.history = result.history;
  if (!result.observed.empty()) report.held_out = ReportHeldOut{result.observed, result.predicted};
  const Vector& s = result.singular_values;
  report.spectrum = ReportSpectrum{{s.data(), s.data() + s.size()}, result.rank};
  report.options = report::options_shown(options);
  report.facts = report::run_facts(result.seed);
  report.command = command;
  return report;
}

}  // namespace rankflow
