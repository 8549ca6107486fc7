// Counting, judging, and saying it.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/tensor_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "data/cell.h"
#include "data/summary_parts.h"
#include "data/tensor/tensor_builder.h"

namespace rankflow {
namespace {

std::vector<Index> count_by_index(const Tensor& tensor, Index mode) {
  std::vector<Index> counts(static_cast<std::size_t>(tensor.size(mode)));
  for (const std::int32_t i : tensor.index[mode]) ++counts[i];
  return counts;
}

// An index whose cells are all 0, in an array that has hardly a 0 elsewhere: a sensor that was off.
void suspect_zeros(const Tensor& tensor, TensorSummary& out) {
  if (tensor.layout != Tensor::Layout::dense || out.num_zeros == 0) return;
  constexpr double kHardly = 0.01;
  for (Index n = 0; n < tensor.order(); ++n) {
    std::vector<Index> zeros(static_cast<std::size_t>(tensor.size(n)));
    for (Index k = 0; k < tensor.num_observed(); ++k) zeros[tensor.index[n][k]] += tensor.value[k] == 0;
    const std::vector<Index> counts = count_by_index(tensor, n);
    Index silent = 0, first = -1, cells = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] < 2 || zeros[i] < counts[i]) continue;
      if (silent++ == 0) first = static_cast<Index>(i);
      cells += counts[i];
    }
    const auto others = static_cast<double>(tensor.num_observed() - cells);
    if (silent == 0 || static_cast<double>(out.num_zeros - cells) > kHardly * others) continue;
    out.suspicions.push_back(
        fmt::format("all cells of {} of the {} indices of {} are 0 (the first is {}), and hardly any other is: if 0 "
                    "means a hole, pass --missing 0",
                    silent, tensor.size(n), mode_name(tensor, n), shown(tensor.modes[n].name(first))));
  }
}

std::string examples(const Axis& axis) {
  constexpr Index kShown = 3;
  std::string text;
  for (Index i = 0; i < std::min(axis.size(), kShown); ++i) text += (i > 0 ? ", " : "") + shown(axis.name(i));
  return text + (axis.size() > kShown ? ", ..." : "");
}

}  // namespace

TensorSummary summarize(const Tensor& tensor) {
  TensorSummary out;
  for (Index n = 0; n < tensor.order(); ++n) out.modes.push_back(axis_summary(count_by_index(tensor, n)));
  value_summary(tensor.value).copy_to(out);
  out.num_zeros = std::count(tensor.value.begin(), tensor.value.end(), 0.0);
  out.whole_values = !tensor.value.empty() &&
                     std::all_of(tensor.value.begin(), tensor.value.end(), [](double x) { return x == std::floor(x); });
  suspect_zeros(tensor, out);
  return out;
}

std::string summary_text(const Tensor& tensor, const TensorSummary& summary) {
  std::string text = fmt::format("{}: {}\n", tensor.source, tensor.format);
  text += fmt::format("shape    {}, {:.6g} cells, {} observed ({:.4g} %)\n", shape_text(tensor.shape()), tensor.cells(),
                      tensor.num_observed(), 100 * tensor.density());
  text += fmt::format("holes    {}\n", tensor.holes);
  constexpr Index kShownModes = 12;
  for (Index n = 0; n < std::min(tensor.order(), kShownModes); ++n) {
    const Axis& axis = tensor.modes[static_cast<std::size_t>(n)];
    text += fmt::format("{:9}{} {}{}: {}\n", fmt::format("mode {}", n + 1), axis.size(), kind_word(axis),
                        axis.title.empty() ? "" : fmt::format(" '{}'", shown(axis.title)), examples(axis));
    text += observations_line(summary.modes[static_cast<std::size_t>(n)]);
  }
  if (tensor.order() > kShownModes) text += fmt::format("         and {} modes more\n", tensor.order() - kShownModes);
  text += fmt::format("values   {} to {}, mean {:.5g}, standard deviation {:.5g}, {}{} different, {}\n", summary.min,
                      summary.max, summary.mean, summary.spread, summary.distinct_is_lower_bound ? "more than " : "",
                      summary.num_distinct,
                      tensor.integer_values  ? "integers"
                      : summary.whole_values ? "whole numbers"
                                             : "not all whole");
  if (summary.num_zeros > 0) text += fmt::format("zeros    {} observed cells are 0\n", summary.num_zeros);
  if (!tensor.weight.empty()) text += "weights  one per observation\n";
  for (const std::string& note : tensor.notes) text += fmt::format("note: {}\n", note);
  for (const auto* list : {&tensor.warnings, &summary.suspicions})
    for (const std::string& warning : *list) text += fmt::format("warning: {}\n", warning);
  return text;
}

std::string summary_json(const Tensor& tensor, const TensorSummary& summary) {
  nlohmann::ordered_json modes = nlohmann::ordered_json::array();
  for (std::size_t n = 0; n < tensor.modes.size(); ++n) modes.push_back(axis_json(tensor.modes[n], summary.modes[n]));
  nlohmann::ordered_json object = {
      {"file", tensor.source},       {"format", tensor.format}, {"order", tensor.order()},
      {"shape", tensor.shape()},     {"cells", tensor.cells()}, {"observed", tensor.num_observed()},
      {"density", tensor.density()}, {"holes", tensor.holes},   {"modes", modes}};
  object["values"] = {{"title", tensor.value_title},
                      {"min", summary.min},
                      {"max", summary.max},
                      {"mean", summary.mean},
                      {"standard_deviation", summary.spread},
                      {"zeros", summary.num_zeros},
                      {"distinct", summary.num_distinct},
                      {"distinct_is_lower_bound", summary.distinct_is_lower_bound},
                      {"whole", summary.whole_values},
                      {"integers", tensor.integer_values}};
  object["weights"] = !tensor.weight.empty();
  object["notes"] = tensor.notes;
  nlohmann::ordered_json warnings = tensor.warnings;
  for (const std::string& suspicion : summary.suspicions) warnings.push_back(suspicion);
  object["warnings"] = warnings;
  return json_text(object, 2);
}

}  // namespace rankflow
