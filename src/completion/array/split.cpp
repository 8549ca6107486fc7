// Which observations of an array train, choose and judge: parts that imitate its holes.
// SPDX-License-Identifier: Apache-2.0
#include "completion/array/split.h"

#include <algorithm>

#include "rankflow/rng.h"

namespace rankflow::completion {
namespace {

constexpr double kMostCells = 5e7;  // of an array that is kept whole: 9 bytes each, and engines add four times as much
constexpr std::uint64_t kHeldOutStream = 0, kValidationStream = 1, kListStream = 0x4C;

std::vector<Index> cells_of(const Tensor& tensor) {
  const std::vector<Index> stride = strides(tensor.shape());
  std::vector<Index> cells(static_cast<std::size_t>(tensor.num_observed()), 0);
  for (Index n = 0; n < tensor.order(); ++n)
    for (std::size_t k = 0; k < cells.size(); ++k) cells[k] += stride[n] * tensor.index[n][k];
  return cells;
}

// Both ascending; every cell is that of an observation.
std::vector<Index> numbers_of(const std::vector<Index>& cells, const std::vector<Index>& observed) {
  std::vector<Index> numbers;
  for (const Index cell : cells)
    numbers.push_back(std::lower_bound(observed.begin(), observed.end(), cell) - observed.begin());
  return numbers;
}

// Observations that `options.parts` puts into a part.
std::vector<Index> given_part(const ArrayOptions& options, Part part) {
  std::vector<Index> numbers;
  for (std::size_t k = 0; k < options.parts.size(); ++k)
    if (options.parts[k] == part) numbers.push_back(static_cast<Index>(k));
  return numbers;
}

ArraySplit split_dense(const DenseView& dense, const std::vector<Index>& held_out, const std::vector<Index>& validation,
                       const ArrayOptions& options) {
  ArraySplit split;
  const HolePattern pattern = find_pattern(dense.array);
  split.holes = pattern.text();
  CellMask available = dense.array.observed;
  for (const Index k : held_out) available[dense.cell[k]] = 0;
  for (const Index k : validation) available[dense.cell[k]] = 0;
  if (held_out.empty() && options.held_out > 0) {
    const std::vector<Index> cells =
        choose_part(dense.array, available, pattern, {options.held_out, options.seed, kHeldOutStream});
    for (const Index cell : cells) available[cell] = 0;
    split.held_out = numbers_of(cells, dense.cell);
  }
  if (!validation.empty()) return split;
  const auto parts =
      choose_validation(dense.array, available, pattern, {options.validation, options.seed, kValidationStream});
  for (const std::vector<Index>& cells : parts) split.validation.push_back(numbers_of(cells, dense.cell));
  return split;
}

ArraySplit split_list(const Tensor& tensor, const std::vector<Index>& held_out, const std::vector<Index>& validation,
                      const ArrayOptions& options) {
  ArraySplit split;
  split.holes = "single cells";
  split.validation.resize(1);
  for (Index k = 0; k < tensor.num_observed(); ++k) {
    if (!options.parts.empty() && options.parts[k] != Part::train) continue;
    Rng rng(options.seed, kListStream, static_cast<std::uint64_t>(k));
    const double first = rng.uniform(), second = rng.uniform();
    if (held_out.empty() && first < options.held_out)
      split.held_out.push_back(k);
    else if (validation.empty() && second < options.validation)
      split.validation[0].push_back(k);
  }
  return split;
}

TensorProblem<double> empty_problem(const Tensor& tensor) {
  TensorProblem<double> problem;
  problem.shape = tensor.shape();
  problem.index.resize(static_cast<std::size_t>(tensor.order()));
  return problem;
}

void append(const Tensor& tensor, Index k, TensorProblem<double>& to) {
  for (std::size_t n = 0; n < to.index.size(); ++n) to.index[n].push_back(tensor.index[n][k]);
  to.value.push_back(tensor.value[k]);
  if (!tensor.weight.empty()) to.weight.push_back(static_cast<double>(tensor.weight[k]));
}

}  // namespace

std::optional<DenseView> dense_view(const Tensor& tensor) {
  if (tensor.layout != Tensor::Layout::dense || tensor.cells() > kMostCells) return std::nullopt;
  return DenseView{to_dense(tensor), cells_of(tensor)};
}

ArraySplit split_array(const Tensor& tensor, const std::optional<DenseView>& dense, const ArrayOptions& options) {
  const std::vector<Index> held_out = given_part(options, Part::held_out),
                           validation = given_part(options, Part::validation);
  ArraySplit split =
      dense ? split_dense(*dense, held_out, validation, options) : split_list(tensor, held_out, validation, options);
  if (!held_out.empty()) split.held_out = held_out, split.holes = "a file of its own";
  split.validation_given = !validation.empty();
  if (split.validation_given) split.validation = {validation};
  std::erase_if(split.validation, [](const std::vector<Index>& part) { return part.empty(); });
  return split;
}

std::vector<Index> numbers_without(const Tensor& tensor, const std::vector<Index>& without) {
  std::vector<Index> numbers;
  auto next = without.begin();
  for (Index k = 0; k < tensor.num_observed(); ++k) {
    if (next != without.end() && *next == k)
      ++next;
    else
      numbers.push_back(k);
  }
  return numbers;
}

TensorProblem<double> problem_without(const Tensor& tensor, const std::vector<Index>& without) {
  return problem_of(tensor, numbers_without(tensor, without));
}

TensorProblem<double> problem_of(const Tensor& tensor, const std::vector<Index>& numbers) {
  TensorProblem<double> problem = empty_problem(tensor);
  for (const Index k : numbers) append(tensor, k, problem);
  return problem;
}

std::vector<std::int32_t> index_at(const Tensor& tensor, Index k) {
  std::vector<std::int32_t> index;
  index.reserve(tensor.index.size());
  for (const std::vector<std::int32_t>& mode : tensor.index) index.push_back(mode[k]);
  return index;
}

std::vector<Index> together(const std::vector<Index>& a, const std::vector<Index>& b) {
  std::vector<Index> all;
  std::merge(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(all));
  return all;
}

}  // namespace rankflow::completion
