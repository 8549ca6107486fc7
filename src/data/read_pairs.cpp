// Pairs of names, line by line.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/read_pairs.h"

#include <fmt/format.h>

#include <charconv>

#include "data/input.h"
#include "data/text_lines.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

Delimiter delimiter_of(std::string_view line) {
  for (const char* text : {"::", "\t", ",", ";", "|"})
    if (line.find(text) != std::string_view::npos) return {text};
  return {" "};
}

bool is_number(std::string_view text) {
  double value;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

// Of this axis and no other.
bool names(std::string_view text, const Axis& axis, const char* general) {
  return text == general || (!axis.title.empty() && text == axis.title);
}

bool is_title(std::string_view text, const Axis& axis, const char* general) {
  return names(text, axis, general) || (axis.kind() != Axis::Kind::strings && !is_number(text));
}

}  // namespace

struct PairReader::State {
  explicit State(const std::string& path) : input(path), splitter(Delimiter{}) {}

  // The next line with data; false at the end.
  bool line(std::string_view& out) {
    for (;;) {
      while (text.empty()) {
        text = input.lines();
        if (text.empty()) return false;
      }
      ++number;
      out = take_line(text);
      if (number == 1 && out.starts_with("\xEF\xBB\xBF")) out.remove_prefix(3);
      if (kind_of_line(out) == LineKind::data) return true;
    }
  }

  Input input;
  LineSplitter splitter;
  std::string_view text;
  Index number = 0, count = 0;
  const Axis *rows = nullptr, *columns = nullptr;
  bool begun = false;
  bool columns_first = false;  // a header says so
};

PairReader::PairReader(const std::string& path, const Axis& rows, const Axis& columns) : state_(new State(path)) {
  state_->rows = &rows;
  state_->columns = &columns;
}

PairReader::~PairReader() = default;

Index PairReader::count() const {
  return state_->count;
}

bool PairReader::next(std::string& row, std::string& column) {
  State& s = *state_;
  std::string_view line;
  if (!s.line(line)) return false;
  if (!s.begun) s.splitter = LineSplitter(delimiter_of(line));
  if (!s.splitter.split(line) || s.splitter.size() < 2)
    throw InputError(fmt::format("{}:{}", s.input.name(), s.number),
                     fmt::format("found '{}', expected a row and a column", line.substr(0, 60)),
                     "each line names a row and a column, e.g. 17,2571");
  const bool first = !s.begun;
  s.begun = true;
  if (first) {
    const std::string_view one = s.splitter[0], two = s.splitter[1];
    s.columns_first = names(one, *s.columns, "column") && names(two, *s.rows, "row");
    if (s.columns_first || (is_title(one, *s.rows, "row") && is_title(two, *s.columns, "column")))
      return next(row, column);
  }
  row = s.splitter[s.columns_first ? 1 : 0];
  column = s.splitter[s.columns_first ? 0 : 1];
  ++s.count;
  return true;
}

}  // namespace rankflow
