// Predicted cells to text files.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/cell_writer.h"

#include <cmath>

#include "data/output_file.h"
#include "data/text_out.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

char delimiter_of(std::string path) {
  if (path.ends_with(".gz")) path.resize(path.size() - 3);
  if (path == "-" || path.ends_with(".csv") || path.ends_with(".txt") || path.starts_with("/dev/")) return ',';
  if (path.ends_with(".tsv")) return '\t';
  throw OptionError("output " + path + ": cells are written as text, one a line",
                    "name the file .csv, .tsv or .txt (.gz may follow), or - for standard output");
}

}  // namespace

struct CellWriter::State {
  OutputFile file;
  char delimiter;
  int digits;
  bool intervals;

  void number(double value, int how_many, char after) {
    char* to = file.room(kNumberRoom);
    if (std::isfinite(value)) to = put_number(to, value, how_many);
    *to++ = after;
    file.take(to);
  }
  void name(std::string_view text, char after) {
    put_name(file, text, delimiter);
    file.write({&after, 1});
  }
};

CellWriter::CellWriter(const std::string& path, const Titles& titles, bool intervals, int digits)
    : CellWriter(path,
                 std::vector<std::string>{titles.row.empty() ? "row" : titles.row,
                                          titles.column.empty() ? "column" : titles.column},
                 titles.value, intervals, digits) {}

CellWriter::CellWriter(const std::string& path, const std::vector<std::string>& titles, const std::string& value_title,
                       bool intervals, int digits) {
  const char delimiter = delimiter_of(path);
  state_.reset(new State{OutputFile(path), delimiter, digits, intervals});
  for (std::size_t n = 0; n < titles.size(); ++n)
    state_->name(titles[n].empty() ? "mode_" + std::to_string(n + 1) : titles[n], delimiter);
  state_->name(value_title.empty() ? "value" : value_title, intervals ? delimiter : '\n');
  if (intervals) {
    state_->name("low", delimiter);
    state_->name("high", '\n');
  }
}

CellWriter::~CellWriter() = default;

void CellWriter::cell(std::string_view row, std::string_view column, double value, const Interval* interval,
                      bool exact) {
  const std::string_view names[] = {row, column};
  cell(names, value, interval, exact);
}

void CellWriter::cell(std::span<const std::string_view> names, double value, const Interval* interval, bool exact) {
  RANKFLOW_ASSERT((interval != nullptr) == state_->intervals, "an interval for every cell or for none");
  const char delimiter = state_->delimiter;
  for (const std::string_view text : names) state_->name(text, delimiter);
  state_->number(value, exact ? 0 : state_->digits, interval ? delimiter : '\n');
  if (!interval) return;
  state_->number(interval->low, exact ? 0 : state_->digits, delimiter);
  state_->number(interval->high, exact ? 0 : state_->digits, '\n');
}

void CellWriter::finish() {
  state_->file.finish();
}

}  // namespace rankflow
