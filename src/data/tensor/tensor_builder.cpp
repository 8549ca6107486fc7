// Sorting cells by their modes; cells that meet are merged or refused.
// SPDX-License-Identifier: Apache-2.0
#include "data/tensor/tensor_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "data/cell.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

using Duplicates = ReadOptions::Duplicates;

bool same_cell(const TensorEntries& entries, Index a, Index b) {
  return std::all_of(entries.index.begin(), entries.index.end(), [&](const auto& mode) { return mode[a] == mode[b]; });
}

// The order of the cells; equal cells stay in the order of the file. Empty = sorted already, and no cell twice.
std::vector<Index> sorted_order(const Tensor& tensor, const TensorEntries& entries) {
  const auto less = [&](Index a, Index b) {
    for (const auto& mode : entries.index)
      if (mode[a] != mode[b]) return mode[a] < mode[b];
    return a < b;
  };
  const auto count = static_cast<Index>(entries.value.size());
  bool sorted = true;
  for (Index k = 1; k < count && sorted; ++k) sorted = less(k - 1, k) && !same_cell(entries, k - 1, k);
  if (sorted) return {};
  std::vector<Index> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), Index{0});
  if (tensor.cells() >= static_cast<double>(std::numeric_limits<Index>::max())) {
    std::sort(order.begin(), order.end(), less);
    return order;
  }
  // The position in the whole array is one number: quicker to compare than the modes.
  std::vector<std::pair<Index, Index>> keys(static_cast<std::size_t>(count));
  for (Index k = 0; k < count; ++k) {
    Index position = 0;
    for (Index n = 0; n < tensor.order(); ++n) position = position * tensor.size(n) + entries.index[n][k];
    keys[k] = {position, k};
  }
  std::sort(keys.begin(), keys.end());
  std::transform(keys.begin(), keys.end(), order.begin(), [](const auto& key) { return key.second; });
  return order;
}

class Merger {
 public:
  Merger(Tensor& tensor, const TensorEntries& entries, Duplicates duplicates, const LineMap& lines, Flaws& flaws)
      : tensor_(tensor), entries_(entries), duplicates_(duplicates), lines_(lines), flaws_(flaws) {}

  // Entries that name one cell, in the order of the file: [begin, end).
  void merge(const Index* begin, const Index* end) {
    double value = entries_.value[*begin];
    float weight = weighted() ? entries_.weight[*begin] : 1;
    const Index* other = std::find_if(begin + 1, end, [&](Index k) { return differs(*begin, k); });
    if (other != end) {
      differ(*begin, *other);
      join(begin, end, value, weight);
    } else {
      equal_ += end - begin - 1;
    }
    for (Index n = 0; n < tensor_.order(); ++n) tensor_.index[n].push_back(entries_.index[n][*begin]);
    tensor_.value.push_back(value);
    if (weighted()) tensor_.weight.push_back(weight);
  }

  void report() const {
    if (equal_ > 0)
      tensor_.warnings.push_back(
          fmt::format("{} observation(s) repeat an earlier one with the same value: kept once", equal_));
    if (merged_ > 0 && duplicates_ != Duplicates::error)
      tensor_.warnings.push_back(fmt::format("{} cell(s) occur more than once with different values: {}", merged_,
                                             duplicates_ == Duplicates::mean ? "averaged" : "the last one is kept"));
  }

 private:
  bool weighted() const { return !entries_.weight.empty(); }
  bool differs(Index a, Index b) const {
    return entries_.value[a] != entries_.value[b] || (weighted() && entries_.weight[a] != entries_.weight[b]);
  }

  void join(const Index* begin, const Index* end, double& value, float& weight) {
    if (duplicates_ == Duplicates::last) {
      value = entries_.value[*(end - 1)];
      if (weighted()) weight = entries_.weight[*(end - 1)];
      return;
    }
    double sum = 0, weights = 0;
    for (const Index* k = begin; k < end; ++k) {
      const double one = weighted() ? entries_.weight[*k] : 1.0;
      sum += one * entries_.value[*k];
      weights += one;
    }
    // Weights and values are finite, but their sum need not be: then the plain middle of the range does.
    value = std::isfinite(sum / weights) ? sum / weights : entries_.value[*begin] / 2 + entries_.value[*(end - 1)] / 2;
    weight = static_cast<float>(std::min(weights, static_cast<double>(std::numeric_limits<float>::max())));
    tensor_.integer_values = tensor_.integer_values && std::floor(value) == value;
  }

  void differ(Index first, Index second) {
    ++merged_;
    if (duplicates_ != Duplicates::error) return;
    if (!flaws_.wants_more()) return flaws_.add(0, "", "", "");
    std::string cell;
    constexpr Index kShownModes = 8;
    for (Index n = 0; n < std::min(tensor_.order(), kShownModes); ++n)
      cell += (n > 0 ? ", " : "") + shown(tensor_.modes[n].name(entries_.index[n][first]));
    if (tensor_.order() > kShownModes) cell += ", ...";
    const Index line = lines_.line(second);
    const std::string before =
        line > 0 ? fmt::format("line {}", lines_.line(first)) : fmt::format("entry {}", first + 1);
    const std::string values =
        entries_.value[first] == entries_.value[second]
            ? fmt::format("the weight {} here and {}", entries_.weight[second], entries_.weight[first])
            : fmt::format("the value {} here and {}", entries_.value[second], entries_.value[first]);
    flaws_.add(line, fmt::format("the cell ({}) has {} on {}", cell, values, before),
               "pass --duplicates mean or --duplicates last, or take one of them out", "averaged");
  }

  Tensor& tensor_;
  const TensorEntries& entries_;
  Duplicates duplicates_;
  const LineMap& lines_;
  Flaws& flaws_;
  Index equal_ = 0, merged_ = 0;
};

}  // namespace

void sort_into(Tensor& tensor, TensorEntries&& entries, Duplicates duplicates, const LineMap& lines, Flaws& flaws) {
  const std::vector<Index> order = sorted_order(tensor, entries);
  if (order.empty()) {  // sorted, and no cell twice
    tensor.index = std::move(entries.index);
    tensor.value = std::move(entries.value);
    tensor.weight = std::move(entries.weight);
    return;
  }
  tensor.index.assign(static_cast<std::size_t>(tensor.order()), {});
  for (auto& mode : tensor.index) mode.reserve(order.size());
  tensor.value.reserve(order.size());
  if (!entries.weight.empty()) tensor.weight.reserve(order.size());
  Merger merger(tensor, entries, duplicates, lines, flaws);
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin + 1;
    while (end < order.size() && same_cell(entries, order[begin], order[end])) ++end;
    merger.merge(order.data() + begin, order.data() + end);
    begin = end;
  }
  merger.report();
  entries = {};
}

void fill_absent(Tensor& tensor, const Flaws& flaws) {
  // A few lines must not fill the memory: of arrays that are larger than 10^6, one cell in 10^5 is named.
  constexpr double kMostCells = 1 << 28, kFree = 1e6, kMostPerObservation = 1e5;
  const double most = std::min(kMostCells, kFree + kMostPerObservation * static_cast<double>(tensor.num_observed()));
  if (tensor.cells() > most)
    flaws.fail(
        0,
        fmt::format("--absent zero makes all {:.3g} cells of {} observed; with {} in the list, at most {:.3g} can be",
                    tensor.cells(), shape_text(tensor.shape()), tensor.num_observed(), most),
        "leave --absent out: what the list does not name is then a hole");
  const auto cells = static_cast<std::size_t>(tensor.cells());
  TensorEntries all;
  all.value.assign(cells, 0.0);
  if (!tensor.weight.empty()) all.weight.assign(cells, 1.0F);
  for (std::size_t k = 0; k < tensor.value.size(); ++k) {
    std::size_t position = 0;
    for (Index n = 0; n < tensor.order(); ++n)
      position = position * static_cast<std::size_t>(tensor.size(n)) + static_cast<std::size_t>(tensor.index[n][k]);
    all.value[position] = tensor.value[k];
    if (!tensor.weight.empty()) all.weight[position] = tensor.weight[k];
  }
  std::size_t repeat = cells;
  for (Index n = 0; n < tensor.order(); ++n) {
    const auto size = static_cast<std::size_t>(tensor.size(n));
    repeat /= size;
    auto& mode = tensor.index[n];
    mode.resize(cells);
    for (std::size_t k = 0; k < cells; ++k) mode[k] = static_cast<std::int32_t>(k / repeat % size);
  }
  tensor.notes.push_back(fmt::format("{} cells that the list does not name are 0", cells - tensor.value.size()));
  tensor.value = std::move(all.value);
  tensor.weight = std::move(all.weight);
  tensor.holes = "nothing: what the list does not name is 0";
}

void keep_only(Tensor& tensor, const std::vector<bool>& keep) {
  const auto thin = [&](auto& items) {
    std::size_t to = 0;
    for (std::size_t k = 0; k < items.size(); ++k)
      if (keep[k]) items[to++] = items[k];
    items.resize(to);
  };
  for (auto& mode : tensor.index) thin(mode);
  if (!tensor.weight.empty()) thin(tensor.weight);
  thin(tensor.value);
}

void finish_tensor(Tensor& tensor, Flaws& flaws) {
  if (tensor.num_observed() == 0)
    flaws.fail(0, fmt::format("none of the {} cells is observed", shape_text(tensor.shape())),
               "check what counts as a hole: --missing, --mask");
  constexpr int kMostWarnings = 5;
  int warned = 0;
  for (Index n = 0; n < tensor.order(); ++n) {
    std::vector<bool> seen(static_cast<std::size_t>(tensor.size(n)));
    for (const std::int32_t i : tensor.index[n]) seen[i] = true;
    const auto empty = static_cast<Index>(std::count(seen.begin(), seen.end(), false));
    if (empty == 0) continue;
    if (++warned > kMostWarnings) {
      tensor.warnings.push_back("further modes have indices without an observation");
      break;
    }
    const Index first = std::find(seen.begin(), seen.end(), false) - seen.begin();
    tensor.warnings.push_back(fmt::format("{} of the {} indices of {} have no observation, the first is {}", empty,
                                          tensor.size(n), mode_name(tensor, n), shown(tensor.modes[n].name(first))));
  }
}

std::string mode_name(const Tensor& tensor, Index mode) {
  const std::string& title = tensor.modes[mode].title;
  return title.empty() ? fmt::format("mode {}", mode + 1) : fmt::format("mode {} ({})", mode + 1, shown(title));
}

std::string shape_text(const std::vector<Index>& shape) {
  constexpr std::size_t kShown = 16;
  std::string text;
  for (std::size_t n = 0; n < std::min(shape.size(), kShown); ++n)
    text += fmt::format("{}{}", n > 0 ? " x " : "", shape[n]);
  return shape.size() > kShown ? fmt::format("{} x ... ({} modes)", text, shape.size()) : text;
}

}  // namespace rankflow
