// A counting sort by row, then each row by column; pairs that meet are merged or refused.
// SPDX-License-Identifier: Apache-2.0
#include "data/table_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "data/cell.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

using Duplicates = ReadOptions::Duplicates;

void scatter_by_row(Table& table, const Entries& entries) {
  const std::size_t count = entries.row.size();
  table.row_begin.assign(table.num_rows() + 1, 0);
  for (const std::int32_t i : entries.row) ++table.row_begin[i + 1];
  std::partial_sum(table.row_begin.begin(), table.row_begin.end(), table.row_begin.begin());
  std::vector<Index> next(table.row_begin.begin(), table.row_begin.end() - 1);
  table.column.resize(count);
  table.value.resize(count);
  table.weight.resize(entries.weight.size());
  for (std::size_t k = 0; k < count; ++k) {
    const Index to = next[entries.row[k]]++;
    table.column[to] = entries.column[k];
    table.value[to] = entries.value[k];
    if (!entries.weight.empty()) table.weight[to] = entries.weight[k];
  }
}

// Within a row by column; equal columns stay in the order of the file.
class RowSorter {
 public:
  explicit RowSorter(Table& table) : table_(table) {}

  void sort(Index begin, Index end) {
    if (std::is_sorted(table_.column.begin() + begin, table_.column.begin() + end)) return;
    order_.clear();
    for (Index k = begin; k < end; ++k)
      order_.push_back(static_cast<std::uint64_t>(table_.column[k]) << 32 | static_cast<std::uint64_t>(k - begin));
    std::sort(order_.begin(), order_.end());
    value_.assign(table_.value.begin() + begin, table_.value.begin() + end);
    if (!table_.weight.empty()) weight_.assign(table_.weight.begin() + begin, table_.weight.begin() + end);
    for (Index k = begin; k < end; ++k) {
      const auto from = static_cast<Index>(order_[k - begin] & 0xFFFFFFFFu);
      table_.column[k] = static_cast<std::int32_t>(order_[k - begin] >> 32);
      table_.value[k] = value_[from];
      if (!table_.weight.empty()) table_.weight[k] = weight_[from];
    }
  }

 private:
  Table& table_;
  std::vector<std::uint64_t> order_;  // column, then position in the row: one key
  std::vector<double> value_;
  std::vector<float> weight_;
};

class Merger {
 public:
  Merger(Table& table, const Entries& entries, Duplicates duplicates, const LineMap& lines, Flaws& flaws,
         const std::string& remedy)
      : table_(table), entries_(entries), duplicates_(duplicates), lines_(lines), flaws_(flaws), remedy_(remedy) {}

  // Row i is in [begin, end); what is kept goes to `to`. Returns the position behind it.
  Index merge(Index i, Index begin, Index end, Index to) {
    while (begin < end) {
      Index next = begin + 1;
      bool same = true;
      while (next < end && table_.column[next] == table_.column[begin]) {
        same = same && table_.value[next] == table_.value[begin] &&
               (table_.weight.empty() || table_.weight[next] == table_.weight[begin]);
        ++next;
      }
      if (next > begin + 1 && same) equal_ += next - begin - 1;
      if (next > begin + 1 && !same) differ(i, begin, next);
      table_.column[to] = table_.column[begin];
      table_.value[to] = table_.value[begin];
      if (!table_.weight.empty()) table_.weight[to] = table_.weight[begin];
      ++to;
      begin = next;
    }
    return to;
  }

  void report() const {
    if (equal_ > 0)
      table_.warnings.push_back(
          fmt::format("{} observation(s) repeat an earlier one with the same value: kept once", equal_));
    if (merged_ > 0 && duplicates_ != Duplicates::error)
      table_.warnings.push_back(fmt::format("{} pair(s) occur more than once with different values: {}", merged_,
                                            duplicates_ == Duplicates::mean ? "averaged" : "the last one is kept"));
  }

 private:
  void differ(Index i, Index begin, Index end) {
    if (duplicates_ == Duplicates::error && flaws_.wants_more())
      complain(i, table_.column[begin]);
    else if (duplicates_ == Duplicates::error)
      flaws_.add(0, "", "", "");
    ++merged_;
    if (duplicates_ == Duplicates::last) {
      table_.value[begin] = table_.value[end - 1];
      if (!table_.weight.empty()) table_.weight[begin] = table_.weight[end - 1];
      return;
    }
    double sum = 0, weights = 0;
    for (Index k = begin; k < end; ++k) {
      const double weight = table_.weight.empty() ? 1.0 : table_.weight[k];
      sum += weight * table_.value[k];
      weights += weight;
    }
    table_.value[begin] = sum / weights;
    table_.integer_values = table_.integer_values && std::floor(sum / weights) == sum / weights;
    if (!table_.weight.empty()) table_.weight[begin] = static_cast<float>(weights);  // precisions add up
  }

  void complain(Index i, std::int32_t j) const {
    Index first = -1, second = -1;
    for (Index k = 0; k < static_cast<Index>(entries_.row.size()) && second < 0; ++k) {
      if (entries_.row[k] != i || entries_.column[k] != j) continue;
      if (first < 0) {
        first = k;
      } else if (entries_.value[k] != entries_.value[first] ||
                 (!entries_.weight.empty() && entries_.weight[k] != entries_.weight[first])) {
        second = k;
      }
    }
    const Index line = lines_.line(second);
    const std::string before =
        line > 0 ? fmt::format("line {}", lines_.line(first)) : fmt::format("entry {}", first + 1);
    flaws_.add(line,
               fmt::format("row {} and column {} have the value {} here and {} on {}", shown(table_.rows.name(i)),
                           shown(table_.columns.name(j)), entries_.value[second], entries_.value[first], before),
               remedy_ + "pass --duplicates mean or --duplicates last, or take one of them out", "averaged");
  }

  Table& table_;
  const Entries& entries_;
  Duplicates duplicates_;
  const LineMap& lines_;
  Flaws& flaws_;
  const std::string& remedy_;
  Index equal_ = 0, merged_ = 0;
};

}  // namespace

Index LineMap::line(Index ordinal) const {
  const auto after = std::upper_bound(runs_.begin(), runs_.end(), ordinal,
                                      [](Index value, const auto& run) { return value < run.first; });
  return after == runs_.begin() ? 0 : ordinal + std::prev(after)->second;
}

void sort_into(Table& table, Entries&& entries, Duplicates duplicates, const LineMap& lines, Flaws& flaws,
               const std::string& remedy) {
  scatter_by_row(table, entries);
  RowSorter sorter(table);
  Merger merger(table, entries, duplicates, lines, flaws, remedy);
  Index to = 0;
  for (Index i = 0; i < table.num_rows(); ++i) {
    const Index begin = table.row_begin[i], end = table.row_begin[i + 1];
    sorter.sort(begin, end);
    table.row_begin[i] = to;
    to = merger.merge(i, begin, end, to);
  }
  table.row_begin.back() = to;
  table.column.resize(to);
  table.value.resize(to);
  if (!table.weight.empty()) table.weight.resize(to);
  merger.report();
  entries = {};
}

void finish_table(Table& table, Flaws& flaws) {
  if (table.num_rows() == 0 || table.num_columns() == 0) flaws.fail(0, "the table has no rows or no columns");
  if (table.num_observed() == 0)
    flaws.fail(0, fmt::format("none of the {} x {} cells is observed", table.num_rows(), table.num_columns()),
               "check how holes are written, and --missing");
  Index empty_rows = 0, first_row = -1;
  for (Index i = 0; i < table.num_rows(); ++i)
    if (table.row_begin[i] == table.row_begin[i + 1]) {
      if (empty_rows++ == 0) first_row = i;
    }
  std::vector<bool> seen(static_cast<std::size_t>(table.num_columns()));
  for (const std::int32_t j : table.column) seen[j] = true;
  const auto empty_columns = static_cast<Index>(std::count(seen.begin(), seen.end(), false));
  if (empty_rows > 0)
    table.warnings.push_back(
        fmt::format("{} row(s) have no observation, the first is {}: only the biases can fill "
                    "them",
                    empty_rows, shown(table.rows.name(first_row))));
  if (empty_columns > 0) {
    const Index first_column = std::find(seen.begin(), seen.end(), false) - seen.begin();
    table.warnings.push_back(
        fmt::format("{} column(s) have no observation, the first is {}: only the biases can "
                    "fill them",
                    empty_columns, shown(table.columns.name(first_column))));
  }
}

}  // namespace rankflow
