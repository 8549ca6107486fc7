// Do these lines hold one observation each, or one row each?
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <unordered_set>

#include "data/integer_text.h"
#include "data/text_layout.h"

namespace rankflow {
namespace {

enum class Kind { integers, text, other };

struct Column {
  Index numbers = 0, integers = 0, holes = 0, text = 0;
  bool negative = false, counts_up = true;
  std::int64_t last = 0;
  std::unordered_set<std::string> distinct;

  void add(const std::string& cell) {
    double value = 0;
    std::int64_t integer = 0;
    const Cell kind = parse_cell(cell, value);
    holes += kind == Cell::hole;
    text += kind == Cell::text || kind == Cell::infinite;
    numbers += kind == Cell::number;
    const bool whole = kind == Cell::number && written_as_integer(cell);
    integers += whole;
    negative |= whole && value < 0;
    const bool canonical = whole && canonical_integer(cell, integer);
    counts_up = counts_up && canonical && (distinct.empty() || integer == last + 1);
    last = integer;
    distinct.insert(cell);
  }
  Kind kind(Index lines) const {
    if (holes > 0) return Kind::other;
    if (integers == lines) return Kind::integers;
    return 2 * text >= lines ? Kind::text : Kind::other;
  }
  Index different() const { return static_cast<Index>(distinct.size()); }
};

}  // namespace

bool looks_like_triplets(const Sample& sample, std::size_t first, Index num_fields,
                         const std::vector<std::string>& header, std::string& why) {
  const auto no = [&](const char* reason) { return why = reason, false; };
  if (first >= sample.lines.size()) return no("there are no lines");
  const auto fields = static_cast<std::size_t>(num_fields);
  if (fields < 3 || fields > 5) return no("triplets have 3 to 5 columns");

  Column row, column, value;
  std::unordered_set<std::string> pairs;
  Index lines = 0;
  for (std::size_t k = first; k < sample.lines.size(); ++k) {
    const auto& cells = sample.lines[k];
    if (cells.size() != fields) continue;
    ++lines;
    row.add(cells[0]);
    column.add(cells[1]);
    value.add(cells[2]);
    pairs.insert(cells[0] + '\n' + cells[1]);
  }
  const Kind kind_of_row = row.kind(lines), kind_of_column = column.kind(lines);
  if (10 * (value.numbers + value.holes) < 9 * lines) return no("the third column does not hold numbers");
  if (kind_of_row == Kind::other || kind_of_column == Kind::other)
    return no("the first two columns are not ids (whole numbers or names)");
  const Index repeated = lines - static_cast<Index>(pairs.size());
  if (100 * repeated > lines) return no("pairs of the first two columns repeat");
  if (kind_of_column == Kind::text) {
    why = "the first two columns are names, the third a number";
    return true;
  }
  if (kind_of_row == Kind::text) {
    if (row.different() == lines) return no("every line has a name of its own in front");
    why = "names repeat in the first column, and no pair of the first two columns does";
    return true;
  }
  if (row.negative || column.negative) return no("ids are not negative");
  if (!header.empty() && !names_things(header[0]) && !names_things(header[1]))
    return no("the header does not call the first two columns ids");
  if (row.counts_up && lines > 2) return no("the first column numbers the lines");
  if (row.different() == lines && column.different() == lines) return no("no id occurs twice");
  if (4 * std::min(row.different(), column.different()) > 3 * lines && lines > 8)
    return no("hardly any id occurs twice");
  why = "the first two columns are whole numbers that repeat, but never the same pair";
  return true;
}

}  // namespace rankflow
