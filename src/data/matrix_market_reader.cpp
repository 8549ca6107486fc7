// Matrix Market files: coordinate (what is absent is not observed, not zero) and array (everything is there).
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "data/id_index.h"
#include "data/readers.h"
#include "data/table_builder.h"
#include "data/text_lines.h"

namespace rankflow {
namespace {

class MatrixMarketReader {
 public:
  MatrixMarketReader(Input& input, const ReadOptions& options, Flaws& flaws)
      : input_(input), options_(options), flaws_(flaws) {}

  Table read() {
    banner();
    sizes();
    if (array_) {
      if (!general_ && rows_ != columns_)
        flaws_.fail(number_, fmt::format("a symmetric matrix is declared to be {} x {}", rows_, columns_));
      // Values come by columns; the cells that symmetry gives follow from them.
      expected_ = general_ ? cells(rows_, columns_) : cells(rows_, rows_ + (skew_ ? -1 : 1)) / 2;
    }
    while (next_line()) {
      if (read_ == expected_)
        flaws_.fail(number_, fmt::format("found more than the {} {} that are declared", expected_,
                                         array_ ? "values" : "entries"));
      array_ ? array_value() : coordinate();
      ++read_;
    }
    if (read_ < expected_)
      flaws_.fail(
          number_,
          fmt::format("the file ends after {} of {} declared {}", read_, expected_, array_ ? "values" : "entries"),
          "copy or save the file again");
    return finish();
  }

 private:
  static Index cells(Index rows, Index columns) { return rows * columns; }  // both below 2^31

  // The next line that is neither blank nor a comment.
  bool next_line() {
    while (true) {
      while (block_.empty()) {
        block_ = input_.lines();
        if (block_.empty()) return false;
      }
      line_ = take_line(block_);
      ++number_;
      line_ = trimmed(line_);
      if (!line_.empty() && line_[0] != '%') return true;
    }
  }

  void banner() {
    block_ = input_.lines();
    std::string words(take_line(block_));
    ++number_;
    for (char& c : words) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    LineSplitter split({" "});
    split.split(words);
    const auto word = [&](Index k) { return k < split.size() ? std::string(split[k]) : std::string("nothing"); };
    if (word(1) != "matrix") flaws_.fail(1, fmt::format("found the object '{}', expected matrix", shown(word(1))));
    array_ = word(2) == "array";
    if (!array_ && word(2) != "coordinate")
      flaws_.fail(1, fmt::format("found the format '{}', expected coordinate or array", shown(word(2))));
    pattern_ = word(3) == "pattern";
    integer_ = word(3) == "integer";
    if (word(3) == "complex")
      flaws_.fail(1, "the values are complex; expected real ones", "save real and imaginary part apart");
    if (!pattern_ && !integer_ && word(3) != "real" && word(3) != "double")
      flaws_.fail(1, fmt::format("found the field '{}', expected real, integer or pattern", shown(word(3))));
    if (pattern_ && array_) flaws_.fail(1, "an array cannot be a pattern");
    const std::string symmetry = word(4);
    general_ = symmetry == "general";
    skew_ = symmetry == "skew-symmetric";
    if (symmetry == "hermitian") flaws_.fail(1, "the matrix is hermitian, so complex; expected real values");
    if (!general_ && !skew_ && symmetry != "symmetric")
      flaws_.fail(
          1, fmt::format("found the symmetry '{}', expected general, symmetric or skew-symmetric", shown(symmetry)));
  }

  void sizes() {
    if (!next_line()) flaws_.fail(number_, "the file ends before the line of sizes");
    std::string_view rest = line_;
    const Index wanted = array_ ? 2 : 3;
    Index sizes[3] = {};
    for (Index k = 0; k < wanted; ++k)
      if (!integer(rest, sizes[k]) || sizes[k] < 0)
        flaws_.fail(number_, fmt::format("found '{}', expected {}", shown(line_),
                                         array_ ? "rows columns" : "rows columns entries"));
    rows_ = sizes[0];
    columns_ = sizes[1];
    expected_ = sizes[2];
    if (rows_ < 1 || columns_ < 1)
      flaws_.fail(number_, fmt::format("the matrix is declared to be {} x {}", rows_, columns_));
    if (std::max(rows_, columns_) > IdIndex::kMost)
      flaws_.fail(number_, fmt::format("{} x {} is declared; at most {} rows or columns are possible", rows_, columns_,
                                       IdIndex::kMost));
    if (!array_ && std::max(rows_, columns_) > 16 * std::min(expected_, Index{1} << 40) + 1'000'000)
      flaws_.fail(number_,
                  fmt::format("{} x {} is declared for {} entries: nearly all rows or columns would be empty", rows_,
                              columns_, expected_),
                  "check the line of sizes, or write triplets as text, where ids may be any numbers");
    // Every entry takes some bytes: a file cannot hold more than its size says.
    const std::size_t room = input_.known_size() / (array_ ? 2 : 4) + 1;
    entries_.row.reserve(std::min<std::size_t>(array_ ? 0 : expected_, room));
  }

  static bool integer(std::string_view& rest, Index& value) {
    rest = trimmed(rest);
    const auto [stop, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    if (error != std::errc{} || (stop != rest.data() + rest.size() && *stop != ' ' && *stop != '\t')) return false;
    rest.remove_prefix(static_cast<std::size_t>(stop - rest.data()));
    return true;
  }

  Index base() const { return options_.index_base == ReadOptions::IndexBase::zero ? 0 : 1; }

  void coordinate() {
    std::string_view rest = line_;
    Index i = 0, j = 0;
    if (!integer(rest, i) || !integer(rest, j)) {
      flaws_.add(number_, fmt::format("found '{}', expected row column{}", shown(line_), pattern_ ? "" : " value"), "",
                 kOut);
      return;
    }
    for (const auto& [index, size, what] : {std::tuple{i, rows_, "row"}, std::tuple{j, columns_, "column"}})
      if (index < base() || index - base() >= size) {
        flaws_.add(
            number_, fmt::format("{} index {} is outside {}...{}", what, index, base(), size - 1 + base()),
            index == 0 ? "indices begin at 1 in this format; if they begin at 0 in this file, pass --index-base 0" : "",
            kOut);
        return;
      }
    i -= base();
    j -= base();
    double value = 1;
    rest = trimmed(rest);
    if (!pattern_ && !number(rest, value)) return;
    if (pattern_ && !rest.empty()) {
      flaws_.add(number_, fmt::format("found '{}' after the indices of a pattern", shown(rest)),
                 "declare the field real", kOut);
      return;
    }
    if (skew_ && i == j) {
      flaws_.add(number_, "a skew-symmetric matrix has no diagonal entries", "", kOut);
      return;
    }
    add(i, j, value);
    if (!general_ && i != j) add(j, i, skew_ ? -value : value);
  }

  bool number(std::string_view text, double& value) {
    const Cell kind = quick_number(text, value) ? Cell::number : parse_cell(text, value);
    if (kind == Cell::number) {
      integers_ = integers_ && written_as_integer(text);
      return true;
    }
    if (kind == Cell::hole && !text.empty()) {
      ++holes_;
    } else {
      flaws_.add(number_,
                 fmt::format("found '{}', expected a {}number", shown(text), kind == Cell::infinite ? "finite " : ""),
                 number_hint(text), kOut);
    }
    return false;
  }

  void add(Index i, Index j, double value) {
    lines_.add(static_cast<Index>(entries_.row.size()), number_);
    entries_.row.push_back(static_cast<std::int32_t>(i));
    entries_.column.push_back(static_cast<std::int32_t>(j));
    entries_.value.push_back(value);
  }

  // Down the columns; of a symmetric matrix only what is on or below the diagonal, of a skew one what is below.
  void array_value() {
    if (read_ == 0 && skew_) i_ = 1;
    double value = 0;
    if (number(line_, value)) {
      add(i_, j_, value);
      if (!general_ && i_ != j_) add(j_, i_, skew_ ? -value : value);
    }
    if (++i_ == rows_) {
      ++j_;
      i_ = general_ ? 0 : j_ + skew_;
    }
  }

  Table finish() {
    Table table;
    table.layout = array_ ? Table::Layout::dense : Table::Layout::triplets;
    table.format = fmt::format("Matrix Market {}", array_ ? "array" : "coordinate");
    table.rows = Axis::positions(rows_, base());
    table.columns = Axis::positions(columns_, base());
    table.integer_values = integers_;
    table.notes.push_back(fmt::format("a Matrix Market {} matrix, {} x {}, indices from {}",
                                      array_ ? "array" : "coordinate", rows_, columns_, base()));
    if (!array_) table.notes.push_back("an entry that is absent is not observed, not zero; explicit zeros are data");
    if (pattern_) table.warnings.push_back("a pattern has no values: every entry that is there has the value 1");
    if (!general_)
      table.notes.push_back(skew_ ? "skew-symmetric: every entry also stands mirrored, with its sign changed"
                                  : "symmetric: every entry also stands mirrored");
    if (skew_ && array_) table.notes.push_back("the diagonal of a skew-symmetric array is not observed");
    if (holes_ > 0) table.warnings.push_back(fmt::format("{} value(s) are NaN: left out as not observed", holes_));
    sort_into(table, std::move(entries_), options_.duplicates, lines_, flaws_);
    return table;
  }

  static constexpr const char* kOut = "entry left out";

  Input& input_;
  const ReadOptions& options_;
  Flaws& flaws_;
  std::string_view block_, line_;
  Index number_ = 0;
  bool array_ = false, pattern_ = false, integer_ = false, general_ = true, skew_ = false, integers_ = true;
  Index rows_ = 0, columns_ = 0, expected_ = 0, read_ = 0, i_ = 0, j_ = 0, holes_ = 0;
  Entries entries_;
  LineMap lines_;
};

}  // namespace

Table read_matrix_market(Input& input, const ReadOptions& options, Flaws& flaws) {
  return MatrixMarketReader(input, options, flaws).read();
}

}  // namespace rankflow
