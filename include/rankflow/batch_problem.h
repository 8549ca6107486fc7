// Observed cells of a tensor of any order, even of hundreds of modes, for descent in mini-batches.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rankflow/tensor_problem.h"
#include "rankflow/types.h"

namespace rankflow {

/// Cells in the order in which they were added, each as often as it was seen. Neighbouring modes share a code as long
/// as their cells are at most 256: a cell of 784 modes of size 2 takes 98 bytes.
class PackedCells {
 public:
  /// Modes [first_mode, first_mode + modes), of which the last is fastest in the codes 0 .. codes - 1.
  struct Group {
    Index first_mode = 0, modes = 0, codes = 1;
  };

  PackedCells() = default;
  /// Throws InputError where a size is not in 1 .. 2^31 - 1.
  explicit PackedCells(std::vector<Index> shape);
  void reserve(Index count);
  /// Throws InputError for another number of indices, and for those that are outside.
  void add(std::span<const std::int32_t> index);

  Index order() const { return static_cast<Index>(shape_.size()); }
  Index count() const { return count_; }
  const std::vector<Index>& shape() const { return shape_; }
  std::int32_t index(Index cell, Index mode) const;

  const std::vector<Group>& groups() const { return groups_; }
  /// One code a group, cell by cell: in bytes() if no group has more than 256 codes, in words() otherwise.
  bool in_bytes() const { return in_bytes_; }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }
  const std::vector<std::int32_t>& words() const { return words_; }

 private:
  std::vector<Index> shape_;
  std::vector<Group> groups_;
  Index count_ = 0;
  bool in_bytes_ = true;
  std::vector<std::uint8_t> bytes_;
  std::vector<std::int32_t> words_;
};

template <class T>
struct BatchProblem {
  PackedCells cells;
  std::vector<T> value;  // one per cell
  TensorLoss loss;       // mean, over a batch or over all

  Index count() const { return cells.count(); }
};

/// Throws InputError unless there are cells and as many values, all finite and such as the loss expects.
template <class T>
void check(const BatchProblem<T>& problem);

/// The same observations. Throws InputError unless they are entries without weights.
template <class T>
BatchProblem<T> batch_problem(const TensorProblem<T>& problem);

}  // namespace rankflow
