// Tables to files: completed ones row by row, tables with holes, and triplets.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "rankflow/options.h"
#include "rankflow/table.h"

namespace rankflow {

/// The value of a cell, computed when it is written; NaN leaves a hole. Called once per cell that is not observed, row
/// by row (column by column for .mtx).
using CellValue = std::function<double(Index row, Index column)>;

struct WriteOptions {
  /// Significant digits of computed values; 0 = as many as give back the same double. Observed values always have
  /// those.
  int digits = 0;
  /// false: observed cells are computed like the others (a smoothed table).
  bool keep_observed = true;
};

std::vector<OptionField> fields(WriteOptions& options);

/// Writes all cells of a table of like's size, names and titles: observed cells exactly as they are in `like`, the
/// others from `fill`; an empty `fill` leaves them holes. The name decides the format (.gz may follow): .csv .tsv .txt
/// .npy .npz .mtx .pgm .png; "-" is CSV on standard output. Images are rounded and clamped to [0, like.image_max] (255
/// where `like` is no image). The whole matrix is never in memory.
/// Throws InputError (path, the system's reason) and then leaves nothing behind.
void write_dense(const std::string& path, const Table& like, const CellValue& fill = {},
                 const WriteOptions& options = {});

/// Writes the observed entries, one a line, with the table's titles and ids: .csv .tsv .txt .npz .mtx (coordinate).
void write_triplets(const std::string& path, const Table& table, const WriteOptions& options = {});

/// Observed entries in the table's own layout: triplets stay triplets, dense tables and images stay dense; formats that
/// know only one of them get that one.
void write_table(const std::string& path, const Table& table, const WriteOptions& options = {});

/// One value per (row, column) pair, in the order given: predictions somebody asked for.
void write_triplets(const std::string& path, const Table& names, const Entries& entries,
                    const WriteOptions& options = {});

/// The formats that can be written, for help texts and messages.
inline constexpr const char* kWritableFormats = ".csv .tsv .txt .npy .npz .mtx .pgm .png, with or without .gz, or -";

}  // namespace rankflow
