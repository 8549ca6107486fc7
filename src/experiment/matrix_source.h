// Where does the unknown matrix come from?
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "experiment/run_config.h"
#include "rankflow/observations.h"

namespace rankflow::experiment {

/// A matrix, and which of its entries can be looked at.
struct MatrixSource {
  Index rows = 0, columns = 0;
  Matrix truth;                // empty: only `known` is
  EntryList<double> known;     // what completion may observe, sorted by row, then column
  EntryList<double> test;      // entries that judge
  bool truth_is_whole = true;  // no: truth has a hole that no data fill
};

MatrixSource make_matrix(const DataOptions& options);
/// Reads options.path (and options.positions).
MatrixSource read_matrix(const DataOptions& options);

/// rows x columns standard normal numbers, keyed by (seed, stream, row).
Matrix normal_matrix(Index rows, Index columns, std::uint64_t seed, std::uint64_t stream);

/// All entries of a matrix, in order.
EntryList<double> all_entries(const Matrix& matrix);

}  // namespace rankflow::experiment
