// A table with holes as it was read: which entries are observed, what they say, and what its rows and columns are
// called. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rankflow/types.h"

namespace rankflow {

/// The names of one axis. Names are kept as the user wrote them; without names a row is called by its position + base.
class Axis {
 public:
  enum class Kind { positions, integers, strings };

  Axis() = default;
  /// Rows without names: position i is called i + base.
  static Axis positions(Index size, Index base = 0);
  static Axis integers(std::vector<std::int64_t> ids);
  static Axis strings(const std::vector<std::string>& names);
  /// All names one after another in `pool`; ends[i] is where the i-th ends.
  static Axis strings(std::string pool, std::vector<std::uint64_t> ends);
  /// Integers if every name is one as a program would print it (no "007", no "+1"), strings otherwise.
  static Axis named(const std::vector<std::string>& names);

  Kind kind() const { return kind_; }
  Index size() const { return size_; }
  Index base() const { return base_; }
  /// The name as it is written to files.
  std::string name(Index i) const;
  /// As name(), without a copy where the name is text; `scratch` must live as long as the answer is used.
  std::string_view name(Index i, std::string& scratch) const;
  /// The position of a name, the first one if several rows bear it; nullopt if there is none. The first call builds an
  /// index (not from several threads at once); O(1) after it.
  std::optional<Index> find(std::string_view name) const;
  const std::vector<std::int64_t>& integer_ids() const { return integers_; }

  /// What the axis itself is called (a header's word such as "userId"); may be empty.
  std::string title;

 private:
  std::string_view text(Index i) const;
  std::uint64_t hash(Index i) const;
  std::uint32_t lookup(std::uint64_t hash, const std::function<bool(Index)>& same) const;
  void build_index() const;

  Kind kind_ = Kind::positions;
  Index size_ = 0, base_ = 0;
  std::vector<std::int64_t> integers_;
  std::string pool_;                 // all names, one after another
  std::vector<std::uint64_t> ends_;  // where each name of pool_ ends
  // Open-addressing table of positions + 1, built by the first find(); 0 is an empty slot.
  mutable std::vector<std::uint32_t> slots_;
};

/// Observed entries of a rows x columns table, sorted by row and, within a row, by column; no pair occurs twice.
/// 12 bytes an observation (16 with weights) and 8 bytes a row.
struct Table {
  Axis rows, columns;
  std::vector<Index> row_begin = {0};  // rows.size() + 1 positions into the arrays below
  std::vector<std::int32_t> column;    // column of each observation
  std::vector<double> value;           // never NaN, never infinite
  std::vector<float> weight;           // relative precision of each observation, > 0; empty = all 1

  /// Where it came from and what that means for what is written.
  enum class Layout { triplets, dense, image };
  Layout layout = Layout::triplets;
  bool integer_values = false;        // every value was written as an integer
  int image_max = 0;                  // white in an image (255, 65535, ...); 0 = not an image
  std::string value_title;            // a header's word for the values; may be empty
  std::string source;                 // path, or "-" for standard input
  std::string format;                 // e.g. "csv triplets", "npy", "matrix market coordinate"
  std::vector<std::string> notes;     // what the reader assumed, one sentence each
  std::vector<std::string> warnings;  // what the user should know, one sentence each

  Index num_rows() const { return rows.size(); }
  Index num_columns() const { return columns.size(); }
  Index num_observed() const { return static_cast<Index>(value.size()); }
  /// Share of the cells that are observed, in [0, 1].
  double density() const;
  /// Throws InternalError unless sizes, order and ranges are as documented above.
  void validate() const;
};

/// Entries by position, in any order; what readers collect before they sort it into a Table.
struct Entries {
  std::vector<std::int32_t> row, column;
  std::vector<double> value;
  std::vector<float> weight;  // empty = all 1
};

}  // namespace rankflow
