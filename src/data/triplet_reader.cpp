// Reading one observation a line.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "data/id_index.h"
#include "data/observation_lines.h"
#include "data/readers.h"
#include "data/table_builder.h"

namespace rankflow {
namespace {

class TripletReader {
 public:
  TripletReader(Input& input, const TextLayout& layout, const ReadOptions& options, Flaws& flaws)
      : input_(input),
        layout_(layout),
        flaws_(flaws),
        text_(layout, options.missing,
              "--columns says which columns are row, column and value; --format dense reads a table", flaws) {}

  Table read(ReadOptions::Duplicates duplicates) {
    reserve();
    for (std::string_view block = input_.lines(); !block.empty(); block = input_.lines())
      while (!block.empty()) line(take_line(block));
    Table table;
    table.rows = rows_.take();
    table.columns = columns_.take();
    titles(table);
    table.integer_values = text_.integers();
    text_.report(table.notes, table.warnings);
    std::string remedy;
    if (!layout_.as_array.empty())
      remedy = fmt::format("if further columns tell them apart, pass --columns {} (an array with a mode for each); or ",
                           layout_.as_array);
    sort_into(table, std::move(entries_), duplicates, lines_, flaws_, remedy);
    return table;
  }

 private:
  // Memory that is reserved and not touched costs nothing; what is not reserved may have to be copied later.
  void reserve() {
    constexpr std::size_t kLook = 1 << 16;
    const std::string_view head = input_.ahead(kLook).substr(0, kLook);
    const auto lines = static_cast<double>(std::count(head.begin(), head.end(), '\n') + 1);
    if (input_.known_size() < kLook) return;
    const auto estimate = static_cast<std::size_t>(1.1 * lines * static_cast<double>(input_.known_size()) /
                                                   static_cast<double>(head.size()));
    entries_.row.reserve(estimate);
    entries_.column.reserve(estimate);
    entries_.value.reserve(estimate);
    if (layout_.weight_field >= 0) entries_.weight.reserve(estimate);
  }

  void line(std::string_view text) {
    if (!text_.take(text)) return;
    double value = 1;
    float weight = 1;
    if (layout_.value_field >= 0 && !text_.read_value(layout_.value_field, value)) return;
    if (layout_.weight_field >= 0 && !text_.read_weight(layout_.weight_field, weight)) return;
    const std::string_view row = text_[layout_.row_field], column = text_[layout_.column_field];
    if (row.empty() || column.empty()) {
      flaws_.add(text_.number(), fmt::format("the {} id is empty", row.empty() ? "row" : "column"), "",
                 ObservationLines::kOut);
      return;
    }
    const std::int32_t i = rows_.position(row), j = columns_.position(column);
    if (i < 0 || j < 0) flaws_.fail(text_.number(), fmt::format("more than {} different ids", IdIndex::kMost));
    lines_.add(static_cast<Index>(entries_.row.size()), text_.number());
    entries_.row.push_back(i);
    entries_.column.push_back(j);
    entries_.value.push_back(value);
    if (layout_.weight_field >= 0) entries_.weight.push_back(weight);
  }

  void titles(Table& table) const {
    if (layout_.header.empty()) return;
    table.rows.title = layout_.header[layout_.row_field];
    table.columns.title = layout_.header[layout_.column_field];
    if (layout_.value_field >= 0) table.value_title = layout_.header[layout_.value_field];
  }

  Input& input_;
  const TextLayout& layout_;
  Flaws& flaws_;
  ObservationLines text_;
  IdIndex rows_, columns_;
  Entries entries_;
  LineMap lines_;
};

}  // namespace

Table read_triplets(Input& input, const TextLayout& layout, const ReadOptions& options, Flaws& flaws) {
  Table table = TripletReader(input, layout, options, flaws).read(options.duplicates);
  table.layout = Table::Layout::triplets;
  table.format = fmt::format("triplets separated by {}", layout.delimiter.name());
  return table;
}

}  // namespace rankflow
