// Observed entries as the engines walk over them: by rows and by columns.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rankflow/types.h"

namespace rankflow {

struct Table;

/// One direction of an observed set: the entries of each line (row or column) side by side.
template <class T>
struct Lines {
  std::vector<Index> begin = {0};   // one per line, and the end
  std::vector<std::int32_t> other;  // index on the other axis, ascending within a line
  std::vector<T> value;
  std::vector<T> weight;  // relative precision; empty = all 1

  Index size() const { return static_cast<Index>(begin.size()) - 1; }
  Index count(Index line) const { return begin[line + 1] - begin[line]; }
};

/// The set Omega with its values, twice: the same entries by rows and by columns, so that every kernel streams.
/// 2 (4 + sizeof T) bytes an observation, 2 (4 + 2 sizeof T) with weights.
template <class T>
struct Observations {
  Index num_rows = 0, num_columns = 0;
  Lines<T> by_row, by_column;

  Index count() const { return static_cast<Index>(by_row.other.size()); }
};

/// Entries in a plain list: what an engine is validated on.
template <class T>
struct EntryList {
  std::vector<std::int32_t> row, column;
  std::vector<T> value;
  std::vector<T> weight;  // empty = all 1
  Index count() const { return static_cast<Index>(row.size()); }
};

/// The part an observation of a table belongs to.
enum class Part : std::uint8_t { train = 0, validation = 1, held_out = 2 };

/// How raw values of a column become the engine's: (value - offset) / scale. Empty vectors: unchanged.
struct ColumnScaling {
  Vector offset, scale;  // one per column
};

/// Weights are relative precisions: only their ratios count, so engines see them divided by this mean. 1 without
/// weights.
double mean_weight(const Table& table);

/// Entries of `table` whose part is `take[0]` or one of the others listed. `parts` is empty (take everything) or has
/// one label per observation.
template <class T>
Observations<T> select(const Table& table, std::span<const Part> parts, std::initializer_list<Part> take,
                       const ColumnScaling& scaling = {});
template <class T>
EntryList<T> select_list(const Table& table, std::span<const Part> parts, Part take, const ColumnScaling& scaling = {});

/// From a plain list of entries (each pair at most once, any order).
template <class T>
Observations<T> make_observations(Index num_rows, Index num_columns, const EntryList<T>& entries);

}  // namespace rankflow
