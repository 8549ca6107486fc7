// Predicted cells to text files, one a line, with the names the user gave.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rankflow/interval.h"

namespace rankflow {

/// Writes lines "row,column,value" or "row,column,value,low,high" to .csv, .tsv or .txt (.gz may follow) or "-"; for
/// cells of arrays as many names as there are modes.
/// The file appears whole when finish() is called or not at all. Throws InputError (path, the system's reason).
class CellWriter {
 public:
  struct Titles {
    std::string row, column, value;  // empty: "row", "column", "value"
  };
  CellWriter(const std::string& path, const Titles& titles, bool intervals, int digits = 0);
  /// titles: of the modes; empty ones become mode_1, mode_2, ...
  CellWriter(const std::string& path, const std::vector<std::string>& titles, const std::string& value_title,
             bool intervals, int digits = 0);
  ~CellWriter();

  /// What is not finite is written as an empty cell. `interval` is null exactly where the writer has none. digits of
  /// computed values as in WriteOptions; exact = the shortest text that gives back the same double.
  void cell(std::string_view row, std::string_view column, double value, const Interval* interval, bool exact = false);
  /// names: one per mode.
  void cell(std::span<const std::string_view> names, double value, const Interval* interval, bool exact = false);
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rankflow
