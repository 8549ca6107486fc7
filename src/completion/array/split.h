// Which observations of an array train, choose and judge: parts that imitate its holes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rankflow/complete_array.h"
#include "rankflow/dense_array.h"
#include "rankflow/tensor_parts.h"
#include "rankflow/tensor_problem.h"

namespace rankflow::completion {

/// Observations by their number in the Tensor. The same parts as cells where every cell is in memory.
struct ArraySplit {
  std::vector<Index> held_out;
  std::vector<std::vector<Index>> validation;  // one or more, each to be left out of a fit of its own
  bool validation_given = false;               // by a file of its own
  std::string holes;                           // how the holes lie
};

/// Every cell in memory, with what engines for dense arrays need; nothing for arrays too large for that.
struct DenseView {
  DenseArray array;
  std::vector<Index> cell;  // of each observation, ascending
};
std::optional<DenseView> dense_view(const Tensor& tensor);

/// Parts of a dense array imitate its holes; those of a list are drawn cell by cell.
ArraySplit split_array(const Tensor& tensor, const std::optional<DenseView>& dense, const ArrayOptions& options);

/// The observations whose number is not in `without` (ascending), and those that are listed, as problems.
TensorProblem<double> problem_without(const Tensor& tensor, const std::vector<Index>& without);
TensorProblem<double> problem_of(const Tensor& tensor, const std::vector<Index>& numbers);

/// Numbers of all observations that are not in `without` (ascending).
std::vector<Index> numbers_without(const Tensor& tensor, const std::vector<Index>& without);
/// The indices of an observation.
std::vector<std::int32_t> index_at(const Tensor& tensor, Index k);

/// Numbers of observations in an order that tears neighbours of a sorted list apart (Fibonacci hashing: Knuth, The Art
/// of Computer Programming 3, 6.4).
inline std::uint64_t scattered(std::size_t k) {
  return static_cast<std::uint64_t>(k) * 0x9E3779B97F4A7C15ull >> 32;
}

/// Ascending union of lists that have nothing in common.
std::vector<Index> together(const std::vector<Index>& a, const std::vector<Index>& b);

}  // namespace rankflow::completion
