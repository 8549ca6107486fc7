// An array with holes as it was read, of any order: which cells are observed, what they say, what its modes are called.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rankflow/table.h"
#include "rankflow/types.h"

namespace rankflow {

/// Observed cells of an array of order N >= 1, sorted by mode 0, then mode 1, and so on; no cell occurs twice.
/// 4 N + 8 bytes an observation (4 more with weights).
struct Tensor {
  std::vector<Axis> modes;                       // one per mode; sizes are the array's shape
  std::vector<std::vector<std::int32_t>> index;  // index[n][k]: position along mode n of observation k
  std::vector<double> value;                     // never NaN, never infinite
  std::vector<float> weight;                     // relative precision of each observation, > 0; empty = all 1

  /// Where it came from and what that means for what is written.
  enum class Layout { list, dense };
  Layout layout = Layout::list;
  bool integer_values = false;        // every value was written as an integer
  std::string value_title;            // a header's word for the values; may be empty
  std::string source;                 // path, or "-" for standard input
  std::string format;                 // e.g. "npy", "tns", "csv list", "mat variable 'tensor'"
  std::string holes;                  // what counts as a hole, one sentence: "NaN", "cells equal to 0", ...
  std::vector<std::string> notes;     // what the reader assumed, one sentence each
  std::vector<std::string> warnings;  // what the user should know, one sentence each

  Index order() const { return static_cast<Index>(modes.size()); }
  Index size(Index mode) const { return modes[mode].size(); }
  std::vector<Index> shape() const;
  /// Number of cells, as a double: it may exceed what an integer holds.
  double cells() const;
  Index num_observed() const { return static_cast<Index>(value.size()); }
  double density() const { return static_cast<double>(num_observed()) / cells(); }
  /// Throws InternalError unless sizes, order and ranges are as documented above.
  void validate() const;
};

/// Cells by position, in any order; what readers collect before they sort it into a Tensor.
struct TensorEntries {
  std::vector<std::vector<std::int32_t>> index;  // index[n][k], as in Tensor
  std::vector<double> value;
  std::vector<float> weight;  // empty = all 1
};

/// A matrix is a tensor of order 2, and back. Names, weights, notes are kept. to_table() throws InputError for another
/// order.
Tensor to_tensor(const Table& table);
Table to_table(const Tensor& tensor);

}  // namespace rankflow
