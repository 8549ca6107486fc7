// Reading one row of a table a line.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "data/id_index.h"
#include "data/readers.h"

namespace rankflow {
namespace {

class DenseReader {
 public:
  DenseReader(Input& input, const TextLayout& layout, const ReadOptions& options, Flaws& flaws)
      : input_(input), layout_(layout), flaws_(flaws), splitter_(layout.delimiter), extra_holes_(options.missing) {}

  Table read() {
    for (std::string_view block = input_.lines(); !block.empty(); block = input_.lines())
      while (!block.empty()) line(take_line(block));
    name_axes();
    table_.integer_values = integers_;
    comments_.report(table_.notes, table_.warnings);
    extra_holes_.report(table_.warnings);
    return std::move(table_);
  }

 private:
  void line(std::string_view text) {
    ++number_;
    const LineKind kind = kind_of_line(text);
    // A blank line in a table of one column is a hole; elsewhere it separates or ends.
    const bool single = layout_.num_fields == 1 && number_ >= layout_.first_line;
    if (kind == LineKind::comment || (kind == LineKind::blank && !single)) {
      if (kind == LineKind::comment)
        comments_.add(text, number_, splitter_, layout_.num_fields, number_ > layout_.first_line);
      return;
    }
    if (number_ == layout_.header_line) return;
    if (!splitter_.split(text)) {
      flaws_.add(number_, "a quoted field does not end on its line", "a quote inside a field is written twice: \"\"",
                 "row left out");
      return;
    }
    if (splitter_.size() != layout_.num_fields) {
      flaws_.add(number_,
                 fmt::format("found {} fields, expected {} as on line {}", splitter_.size(), layout_.num_fields,
                             layout_.first_line),
                 layout_.delimiter.blanks() ? "write holes as NA: blanks alone do not show where a field is empty"
                                            : "every line needs the same number of delimiters",
                 "row left out");
      return;
    }
    if (layout_.name_field >= 0) names_.add(splitter_[layout_.name_field]);
    for (std::size_t j = 0; j < layout_.dense_fields.size(); ++j)
      cell(splitter_[layout_.dense_fields[j]], static_cast<std::int32_t>(j));
    table_.row_begin.push_back(static_cast<Index>(table_.value.size()));
    if (static_cast<Index>(table_.row_begin.size()) > IdIndex::kMost) flaws_.fail(number_, "too many rows");
  }

  void cell(std::string_view text, std::int32_t j) {
    double value = 0;
    Cell kind = quick_number(text, value) ? Cell::number : parse_cell(text, value);
    if (!extra_holes_.empty() && extra_holes_.match(text, kind == Cell::number, value)) kind = Cell::hole;
    if (kind == Cell::number) {
      if (integers_) integers_ = written_as_integer(text);
      table_.column.push_back(j);
      table_.value.push_back(value);
    } else if (kind != Cell::hole) {
      const bool infinite = kind == Cell::infinite;
      const std::string known = number_hint(text);
      flaws_.add(number_,
                 fmt::format("column {}: found '{}', expected {}", called(j), shown(text),
                             infinite ? "a finite number" : "a number or a hole"),
                 infinite ? "leave the cell empty if it is not known"
                 : !known.empty()
                     ? known
                     : "holes are empty, NA, NaN, null or ?; --missing adds to them; --columns chooses columns",
                 "made a hole");
    }
  }

  std::string called(std::int32_t j) const {
    const Index field = layout_.dense_fields[static_cast<std::size_t>(j)];
    if (layout_.header.empty()) return fmt::format("{}", field + 1);
    return fmt::format("{} '{}'", field + 1, shown(layout_.header[static_cast<std::size_t>(field)]));
  }

  void name_axes() {
    const Index rows = static_cast<Index>(table_.row_begin.size()) - 1;
    table_.rows = layout_.name_field >= 0 ? names_.take() : Axis::positions(rows, 1);
    if (layout_.name_field >= 0 && !layout_.header.empty()) table_.rows.title = layout_.header[0];
    if (layout_.header.empty()) {
      table_.columns = Axis::positions(static_cast<Index>(layout_.dense_fields.size()), 1);
    } else {
      NameList names;
      for (const Index field : layout_.dense_fields) names.add(layout_.header[static_cast<std::size_t>(field)]);
      table_.columns = names.take();
    }
    warn_repeated(table_.rows, "row");
    warn_repeated(table_.columns, "column");
  }

  void warn_repeated(const Axis& axis, const char* what) {
    if (axis.kind() == Axis::Kind::positions) return;
    Index repeated = 0, first = -1;
    for (Index i = 0; i < axis.size(); ++i)
      if (axis.find(axis.name(i)) != i) {
        if (repeated++ == 0) first = i;
      }
    if (repeated > 0)
      table_.warnings.push_back(
          fmt::format("{} {} name(s) occur more than once, the first is '{}': they stay separate {}s", repeated, what,
                      shown(axis.name(first)), what));
  }

  Input& input_;
  const TextLayout& layout_;
  Flaws& flaws_;
  LineSplitter splitter_;
  ExtraHoles extra_holes_;
  NameList names_;
  Table table_;
  Index number_ = 0;
  Comments comments_;
  bool integers_ = true;
};

}  // namespace

Table read_dense(Input& input, const TextLayout& layout, const ReadOptions& options, Flaws& flaws) {
  Table table = DenseReader(input, layout, options, flaws).read();
  table.layout = Table::Layout::dense;
  table.format = fmt::format("dense table separated by {}", layout.delimiter.name());
  return table;
}

}  // namespace rankflow
