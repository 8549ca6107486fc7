// A completed array as the report shows it.
// SPDX-License-Identifier: Apache-2.0
#include "report/array_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/array_panels.h"
#include "report/run_facts.h"

namespace rankflow {
namespace {

using report::mode_title;

constexpr std::size_t kSurprises = 10;
constexpr double kOneSpread = .6827;  // the interval whose half width is one spread

// Held-out cells with what the kept model says about them.
struct Unseen {
  std::vector<Index> number;
  std::vector<std::vector<std::int32_t>> index;
  std::vector<double> observed, predicted;
};

Unseen unseen(const Tensor& tensor, const ArrayCompletion& result) {
  Unseen list;
  for (Index k = 0; k < tensor.num_observed(); ++k) {
    if (result.parts[static_cast<std::size_t>(k)] != Part::held_out) continue;
    std::vector<std::int32_t> index;
    for (Index n = 0; n < tensor.order(); ++n) index.push_back(tensor.index[n][k]);
    list.number.push_back(k);
    list.observed.push_back(tensor.value[k]);
    list.predicted.push_back(result.predictor->predict(index));
    list.index.push_back(std::move(index));
  }
  return list;
}

std::string shape_text(const Tensor& tensor) {
  std::string text;
  for (const Index size : tensor.shape()) text += (text.empty() ? "" : " × ") + std::to_string(size);
  return text;
}

std::string list_text(const std::vector<Index>& list) {
  std::string text;
  for (const Index x : list) text += (text.empty() ? "" : ", ") + std::to_string(x);
  return text;
}

std::string verdict_explanation(GrowVerdict verdict) {
  switch (verdict) {
    case GrowVerdict::solved:
      return "The model matches the observations to round-off with clearly fewer numbers than there are observations.";
    case GrowVerdict::predicts:
      return "The held-out error is clearly below that of the means.";
    case GrowVerdict::not_determined:
      break;
  }
  return "The held-out error is not clearly below that of the means: do not rely on the completed cells.";
}

std::string model_explanation(const ArrayCompletion& result) {
  if (result.model == "tree")
    return "A hierarchical factorization over the mode tree " + result.tree + "; nobody chose its widths.";
  if (result.model == "matrix") return "The one unfolding that predicts best, as a matrix of low rank.";
  if (result.model == "effects") return "Effects of single modes; components beside them did not predict better.";
  return "Every unfolding of low rank at once; nobody chose the ranks.";
}

std::vector<ReportFigure> figures(const Tensor& tensor, const ArrayCompletion& result) {
  std::vector<ReportFigure> list = {
      {"Shape", shape_text(tensor),
       fmt::format("{} cells observed, {}", format_number(static_cast<double>(tensor.num_observed())),
                   format_share(tensor.density())),
       "Holes: " + tensor.holes + "; they come as " + result.holes + "."},
      {"Verdict", name(result.verdict), "", verdict_explanation(result.verdict)},
      {"Model", result.model,
       result.model == "cp" ? fmt::format("{} components, {} of them distinct", result.rank, result.distinct_components)
       : result.mode_ranks.empty() ? fmt::format("rank {}", result.rank)
                                   : "ranks of the unfoldings " + list_text(result.mode_ranks),
       result.model == "cp" ? "A sum of outer products; nobody chose their number. Ranks of the unfoldings: " +
                                  list_text(result.mode_ranks) + "."
                            : model_explanation(result)},
      {"Train RMSE", format_number(result.train_rmse), "",
       "Root mean square residual on the cells learned from, in the unit of the values."}};
  if (result.held_out) {
    const HeldOutError& e = *result.held_out;
    list.push_back({"Held-out RMSE", format_number(e.rmse),
                    fmt::format("95 % interval {} to {}", format_number(e.rmse_low), format_number(e.rmse_high)),
                    fmt::format("On {} cells that no fit had seen, chosen as the holes lie ({}).",
                                format_number(static_cast<double>(e.count)), result.holes)});
    list.push_back({"Baseline", format_number(result.baseline_rmse),
                    fmt::format("{} less error with the model", format_share(1 - e.rmse / result.baseline_rmse)),
                    "What " + result.baseline + " alone give on the same cells."});
    if (std::isfinite(e.coverage90))
      list.push_back({"Coverage", format_share(e.coverage90), "of 90 % intervals",
                      "Share of the held-out cells inside their 90 % interval."});
  }
  list.push_back({"Stopped", name(result.stop), "", result.message});
  list.push_back({"Time", format_seconds(result.seconds),
                  format_bytes(static_cast<double>(peak_bytes())) + " of memory",
                  "For everything: reading excluded, all fits included."});
  return list;
}

std::optional<ReportCalibration> coverage(const ArrayCompletion& result, const Unseen& held_out) {
  ReportCalibration shown;
  for (const double level : {0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99}) {
    double covered = 0;
    for (std::size_t k = 0; k < held_out.index.size(); ++k) {
      const Interval interval = result.predictor->interval(held_out.index[k], level);
      if (!std::isfinite(interval.high)) return shown.nominal.empty() ? std::nullopt : std::optional(shown);
      covered += interval.low <= held_out.observed[k] && held_out.observed[k] <= interval.high;
    }
    shown.nominal.push_back(level);
    shown.held_out.push_back(covered / static_cast<double>(held_out.index.size()));
  }
  return shown;
}

// Ids of a cell, all but the last and the last one.
std::pair<std::string, std::string> names_of(const Tensor& tensor, const std::vector<std::int32_t>& index) {
  std::pair<std::string, std::string> names;
  for (std::size_t n = 0; n + 1 < index.size(); ++n)
    names.first += (n == 0 ? "" : ", ") + tensor.modes[n].name(index[n]);
  names.second = tensor.modes.back().name(index.back());
  return names;
}

std::vector<ReportSurprise> surprises(const Tensor& tensor, const ArrayCompletion& result, const Unseen& held_out) {
  std::vector<double> sigmas;
  for (std::size_t k = 0; k < held_out.index.size(); ++k) {
    const Interval spread = result.predictor->interval(held_out.index[k], kOneSpread);
    const double half = .5 * (spread.high - spread.low);
    sigmas.push_back(half > 0 && std::isfinite(half) ? std::abs(held_out.observed[k] - held_out.predicted[k]) / half
                                                     : 0);
  }
  std::vector<std::size_t> order(sigmas.size());
  for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
  const std::size_t count = std::min(kSurprises, order.size());
  std::partial_sort(
      order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
      [&](std::size_t a, std::size_t b) { return sigmas[a] != sigmas[b] ? sigmas[a] > sigmas[b] : a < b; });
  std::vector<ReportSurprise> list;
  for (std::size_t k = 0; k < count; ++k) {
    const auto [row, column] = names_of(tensor, held_out.index[order[k]]);
    list.push_back({row, column, held_out.observed[order[k]], held_out.predicted[order[k]], sigmas[order[k]]});
  }
  return list;
}

// One run for the search over weights instead of one per attempt.
std::vector<Step> history(const ArrayCompletion& result) {
  std::vector<Step> steps = result.history;
  for (Step& step : steps)
    if (step.stage.starts_with("search ")) step.stage = "search weights";
  return steps;
}

std::vector<ReportOption> options_shown(const ArrayOptions& options) {
  ArrayOptions otherwise;
  otherwise.held_out = CompleteOptions{}.held_out;  // the command line has one default for tables and arrays
  otherwise.validation = CompleteOptions{}.validation;
  return report::options_shown(options, otherwise);
}

}  // namespace

ReportInput array_report(const Tensor& tensor, const ArrayCompletion& result, const ArrayOptions& options,
                         const std::string& summary, const std::string& command) {
  ReportInput report;
  report.source = tensor.source;
  report.title = tensor.source.substr(tensor.source.rfind('/') + 1) + ", completed";
  report.summary = summary;
  report.figures = figures(tensor, result);
  report.notes = tensor.notes;
  report.notes.push_back("holes: " + tensor.holes);
  const auto says_empty = [](const std::string& warning) {
    return warning.find("have no observation") != std::string::npos;
  };
  for (const std::string& warning : tensor.warnings)  // what the completion says better is left to it
    if (!says_empty(warning) || std::none_of(result.warnings.begin(), result.warnings.end(), says_empty))
      report.warnings.push_back(warning);
  report.warnings.insert(report.warnings.end(), result.warnings.begin(), result.warnings.end());
  report.candidate_word = "model";
  for (const ArrayCandidate& candidate : result.candidates)
    report.candidates.push_back({candidate.parts.empty() ? candidate.model : candidate.parts, candidate.validation_rmse,
                                 candidate.chosen, candidate.remark});
  report.history = history(result);
  report.sizes_word = "component norm";
  report.shown_engine = result.model;
  const Unseen held_out = unseen(tensor, result);
  if (!held_out.index.empty()) {
    report.held_out = ReportHeldOut{held_out.observed, held_out.predicted};
    report.calibration = coverage(result, held_out);
    report.surprises = surprises(tensor, result, held_out);
    report.row_title.clear();
    for (Index n = 0; n + 1 < tensor.order(); ++n) report.row_title += (n == 0 ? "" : ", ") + mode_title(tensor, n);
    report.column_title = mode_title(tensor, tensor.order() - 1);
  }
  report.maps = report::array_slices(tensor, result);
  report.panels = report::array_panels(tensor, result);
  report.options = options_shown(options);
  report.facts = report::run_facts(result.seed);
  report.command = command;
  return report;
}

}  // namespace rankflow
