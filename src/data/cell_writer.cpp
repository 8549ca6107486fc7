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
    if (!std::isnan(value)) to = put_number(to, value, how_many);
    *to++ = after;
    file.take(to);
  }
  void name(std::string_view text, char after) {
    put_name(file, text, delimiter);
    file.write({&after, 1});
  }
};

CellWriter::CellWriter(const std::string& path, const Titles& titles, bool intervals, int digits) {
  const char delimiter = delimiter_of(path);
  state_.reset(new State{OutputFile(path), delimiter, digits, intervals});
  state_->name(titles.row.empty() ? "row" : titles.row, delimiter);
  state_->name(titles.column.empty() ? "column" : titles.column, delimiter);
  state_->name(titles.value.empty() ? "value" : titles.value, intervals ? delimiter : '\n');
  if (intervals) {
    state_->name("low", delimiter);
    state_->name("high", '\n');
  }
}

CellWriter::~CellWriter() = default;

void CellWriter::cell(std::string_view row, std::string_view column, double value, const Interval* interval,
                      bool exact) {
  RANKFLOW_ASSERT((interval != nullptr) == state_->intervals, "an interval for every cell or for none");
  const char delimiter = state_->delimiter;
  state_->name(row, delimiter);
  state_->name(column, delimiter);
  state_->number(value, exact ? 0 : state_->digits, interval ? delimiter : '\n');
  if (!interval) return;
  state_->number(interval->low, exact ? 0 : state_->digits, delimiter);
  state_->number(interval->high, exact ? 0 : state_->digits, '\n');
}

void CellWriter::finish() {
  state_->file.finish();
}

}  // namespace rankflow
