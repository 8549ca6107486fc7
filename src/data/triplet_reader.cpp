// Reading one observation a line.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/id_index.h"
#include "data/readers.h"
#include "data/table_builder.h"

namespace rankflow {
namespace {

class TripletReader {
 public:
  TripletReader(Input& input, const TextLayout& layout, const ReadOptions& options, Flaws& flaws)
      : input_(input), layout_(layout), flaws_(flaws), splitter_(layout.delimiter), extra_holes_(options.missing) {}

  Table read(ReadOptions::Duplicates duplicates) {
    reserve();
    for (std::string_view block = input_.lines(); !block.empty(); block = input_.lines())
      while (!block.empty()) line(take_line(block));
    Table table;
    table.rows = rows_.take();
    table.columns = columns_.take();
    titles(table);
    table.integer_values = integers_;
    notes(table);
    sort_into(table, std::move(entries_), duplicates, lines_, flaws_);
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
    ++number_;
    const LineKind kind = kind_of_line(text);
    if (kind != LineKind::data) {
      if (kind == LineKind::comment)
        comments_.add(text, number_, splitter_, layout_.num_fields, number_ > layout_.first_line);
      return;
    }
    if (number_ == layout_.header_line) return;
    if (!splitter_.split(text)) {
      flaws_.add(number_, "a quoted field does not end on its line", "a quote inside a field is written twice: \"\"",
                 kOut);
      return;
    }
    if (splitter_.size() != layout_.num_fields) {
      flaws_.add(number_,
                 fmt::format("found {} fields, expected {} as on line {}", splitter_.size(), layout_.num_fields,
                             layout_.first_line),
                 splitter_.size() > layout_.num_fields ? "put quotes around fields that contain the delimiter" : "",
                 kOut);
      return;
    }
    double value = 1;
    float weight = 1;
    if (layout_.value_field >= 0 && !read_value(splitter_[layout_.value_field], value)) return;
    if (layout_.weight_field >= 0 && !read_weight(splitter_[layout_.weight_field], weight)) return;
    const std::string_view row = splitter_[layout_.row_field], column = splitter_[layout_.column_field];
    if (row.empty() || column.empty()) {
      flaws_.add(number_, fmt::format("the {} id is empty", row.empty() ? "row" : "column"), "", kOut);
      return;
    }
    const std::int32_t i = rows_.position(row), j = columns_.position(column);
    if (i < 0 || j < 0) flaws_.fail(number_, fmt::format("more than {} different ids", IdIndex::kMost));
    lines_.add(static_cast<Index>(entries_.row.size()), number_);
    entries_.row.push_back(i);
    entries_.column.push_back(j);
    entries_.value.push_back(value);
    if (layout_.weight_field >= 0) entries_.weight.push_back(weight);
  }

  bool read_value(std::string_view text, double& value) {
    Cell kind = quick_number(text, value) ? Cell::number : parse_cell(text, value);
    if (!extra_holes_.empty() && extra_holes_.match(text, kind == Cell::number, value)) kind = Cell::hole;
    switch (kind) {
      case Cell::number:
        if (integers_) integers_ = written_as_integer(text);
        return true;
      case Cell::hole:
        if (holes_++ == 0) first_hole_ = number_;
        return false;
      case Cell::infinite:
        flaws_.add(number_, fmt::format("found '{}', expected a finite number", shown(text)),
                   "leave the value empty if it is not known", kOut);
        return false;
      default:
        flaws_.add(number_, fmt::format("found '{}', expected a number", shown(text)), hint(text), kOut);
        return false;
    }
  }

  std::string hint(std::string_view text) const {
    const std::string known = number_hint(text);
    if (!known.empty()) return known;
    return "--columns says which columns are row, column and value; --format dense reads a table";
  }

  bool read_weight(std::string_view text, float& weight) {
    double value = 0;
    const Cell kind = parse_cell(text, value);
    weight = static_cast<float>(value);
    if (kind == Cell::number && weight > 0 && std::isfinite(weight)) return true;
    flaws_.add(number_, fmt::format("found the weight '{}', expected a number > 0", shown(text)),
               "leave out lines that should not count", kOut);
    return false;
  }

  void titles(Table& table) const {
    if (layout_.header.empty()) return;
    table.rows.title = layout_.header[layout_.row_field];
    table.columns.title = layout_.header[layout_.column_field];
    if (layout_.value_field >= 0) table.value_title = layout_.header[layout_.value_field];
  }

  void notes(Table& table) const {
    comments_.report(table.notes, table.warnings);
    if (holes_ > 0)
      table.warnings.push_back(
          fmt::format("{} line(s) have no value, the first is line {}: left out as not observed", holes_, first_hole_));
  }

  static constexpr const char* kOut = "line left out";

  Input& input_;
  const TextLayout& layout_;
  Flaws& flaws_;
  LineSplitter splitter_;
  ExtraHoles extra_holes_;
  IdIndex rows_, columns_;
  Entries entries_;
  LineMap lines_;
  Index number_ = 0, holes_ = 0, first_hole_ = 0;
  Comments comments_;
  bool integers_ = true;
};

}  // namespace

Table read_triplets(Input& input, const TextLayout& layout, const ReadOptions& options, Flaws& flaws) {
  Table table = TripletReader(input, layout, options, flaws).read(options.duplicates);
  table.layout = Table::Layout::triplets;
  table.format = fmt::format("triplets separated by {}", layout.delimiter.name());
  return table;
}

}  // namespace rankflow
