// Pairs of row and column names from a text file: what somebody wants predicted.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "rankflow/table.h"

namespace rankflow {

/// Reads "row, column, ..." line by line; further fields are left out. The delimiter is found out from the first line.
/// A first line is a header if its two fields are the axes' titles or, where the axis' names are numbers, no numbers.
/// Titles the other way round say that columns come first.
class PairReader {
 public:
  /// Throws InputError when the file cannot be read.
  PairReader(const std::string& path, const Axis& rows, const Axis& columns);
  ~PairReader();
  /// False at the end. Throws InputError (file:line) for a line with fewer than two fields.
  bool next(std::string& row, std::string& column);
  Index count() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rankflow
