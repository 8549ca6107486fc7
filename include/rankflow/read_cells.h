// Names of cells from a text file, one cell a line: what somebody wants predicted.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rankflow/table.h"

namespace rankflow {

/// Reads one name per axis from every line; further fields are left out. The delimiter is found out from the first
/// line. A first line that has all the axes' titles is a header, and its order is that of the columns; it is a header,
/// too, if every name in it is a title, a general word or, where the axis' names are numbers, no number. A first line
/// that names some of the axes but not each of them once is an InputError.
class CellReader {
 public:
  /// general: what an axis without a title is called, e.g. "row"; `axes` and `general` have the same length. The axes
  /// must outlive the reader. Throws InputError when the file cannot be read.
  CellReader(const std::string& path, std::vector<const Axis*> axes, std::vector<std::string> general);
  ~CellReader();
  /// One name per axis, good until the next call; false at the end. Throws InputError (file:line) for a line with too
  /// few fields.
  bool next(std::vector<std::string_view>& names);
  Index count() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rankflow
