// How do entries in any order become a sorted table, and what happens to pairs that occur twice?
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "data/flaws.h"
#include "rankflow/read.h"
#include "rankflow/table.h"

namespace rankflow {

/// The line of each entry, kept as runs: a clean file needs one run, whatever its length.
class LineMap {
 public:
  /// Entry `ordinal` (0, 1, 2, ...) stands on `line`.
  void add(Index ordinal, Index line) {
    if (runs_.empty() || line - ordinal != runs_.back().second) runs_.emplace_back(ordinal, line - ordinal);
  }
  /// 0 if nothing was ever added.
  Index line(Index ordinal) const;

 private:
  std::vector<std::pair<Index, Index>> runs_;  // first ordinal, line - ordinal
};

/// Sorts `entries` into table.row_begin, column, value and weight. table.rows and table.columns are set already.
/// Needs 12 bytes an entry beside the 16 of the entries, which are freed at the end. `remedy`: what else to do about
/// pairs that occur twice.
void sort_into(Table& table, Entries&& entries, ReadOptions::Duplicates duplicates, const LineMap& lines, Flaws& flaws,
               const std::string& remedy = {});

/// What every reader ends with: warnings about rows and columns without observations, a check that something is there.
void finish_table(Table& table, Flaws& flaws);

}  // namespace rankflow
