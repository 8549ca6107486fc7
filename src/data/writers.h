// Who writes what: one function per format, called by write.cpp once it knows the format.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "rankflow/write.h"

namespace rankflow {

/// The cells of one row after the other: observed ones from the table, the others computed.
class RowSource {
 public:
  RowSource(const Table& table, const CellValue& fill, const WriteOptions& options)
      : table_(table), fill_(fill), keep_(options.keep_observed) {}

  /// Calls use(j, value, observed) for every column of row i; a hole has the value NaN.
  template <class Use>
  void row(Index i, Use&& use) const {
    Index k = table_.row_begin[i];
    const Index end = table_.row_begin[i + 1];
    for (Index j = 0; j < table_.num_columns(); ++j) {
      const bool observed = k < end && table_.column[k] == j;
      const double value = observed && (keep_ || !fill_) ? table_.value[k] : fill_ ? fill_(i, j) : kNaN;
      k += observed;
      use(j, value, observed && (keep_ || !fill_));
    }
  }
  const Table& table() const { return table_; }
  bool has_fill() const { return static_cast<bool>(fill_); }

 private:
  const Table& table_;
  const CellValue& fill_;
  bool keep_;
};

void write_dense_text(const std::string& path, const RowSource& source, char delimiter, int digits);
void write_npy(const std::string& path, const RowSource& source);
void write_dense_npz(const std::string& path, const RowSource& source);
void write_matrix_market_array(const std::string& path, const Table& table, const CellValue& fill,
                               const WriteOptions& options);
void write_pgm(const std::string& path, const RowSource& source);
void write_png(const std::string& path, const RowSource& source);

void write_triplet_text(const std::string& path, const Table& names, const Entries& entries, char delimiter);
void write_triplet_text(const std::string& path, const Table& table, char delimiter);
void write_triplet_npz(const std::string& path, const Table& table);
void write_matrix_market_coordinates(const std::string& path, const Table& table);

}  // namespace rankflow
