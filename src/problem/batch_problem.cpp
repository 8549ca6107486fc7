// Packing the indices of cells, and checking problems for mini-batches.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/batch_problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "problem/tensor_checks.h"

namespace rankflow {
namespace {
constexpr Index kMostCodes = 256;  // of modes that share a code: a byte
}

PackedCells::PackedCells(std::vector<Index> shape) : shape_(std::move(shape)) {
  require_shape(shape_);
  for (Index n = 0; n < order(); ++n) {
    if (groups_.empty() || groups_.back().codes * shape_[n] > kMostCodes) groups_.push_back({n, 0, 1});
    ++groups_.back().modes;
    groups_.back().codes *= shape_[n];
    in_bytes_ = in_bytes_ && groups_.back().codes <= kMostCodes;
  }
}

void PackedCells::reserve(Index count) {
  const std::size_t codes = static_cast<std::size_t>(count) * groups_.size();
  if (in_bytes_)
    bytes_.reserve(codes);
  else
    words_.reserve(codes);
}

void PackedCells::add(std::span<const std::int32_t> index) {
  if (static_cast<Index>(index.size()) != order())
    throw InputError("observed entries",
                     fmt::format("entry {} has {} indices, expected {}", count_, index.size(), order()));
  for (Index n = 0; n < order(); ++n)
    if (index[n] < 0 || index[n] >= shape_[n])
      throw InputError(
          "observed entries",
          fmt::format("index {} of entry {} is {}, outside a mode of size {}", n, count_, index[n], shape_[n]),
          "indices count from 0");
  for (const Group& group : groups_) {
    Index code = 0;
    for (Index n = group.first_mode; n < group.first_mode + group.modes; ++n) code = code * shape_[n] + index[n];
    if (in_bytes_)
      bytes_.push_back(static_cast<std::uint8_t>(code));
    else
      words_.push_back(static_cast<std::int32_t>(code));
  }
  ++count_;
}

std::int32_t PackedCells::index(Index cell, Index mode) const {
  const auto group =
      std::find_if(groups_.begin(), groups_.end(), [mode](const Group& g) { return mode < g.first_mode + g.modes; });
  const auto place =
      static_cast<std::size_t>(cell) * groups_.size() + static_cast<std::size_t>(group - groups_.begin());
  Index code = in_bytes_ ? Index{bytes_[place]} : Index{words_[place]};
  for (Index n = group->first_mode + group->modes - 1; n > mode; --n) code /= shape_[n];
  return static_cast<std::int32_t>(code % shape_[mode]);
}

template <class T>
void check(const BatchProblem<T>& problem) {
  if (problem.count() == 0) throw InputError("observed entries", "there are none");
  if (static_cast<Index>(problem.value.size()) != problem.count())
    throw InputError("observed values", fmt::format("found {}, expected {}", problem.value.size(), problem.count()));
  for (Index k = 0; k < problem.count(); ++k) {
    const T y = problem.value[static_cast<std::size_t>(k)];
    if (!std::isfinite(static_cast<double>(y)))
      throw InputError("observed values", fmt::format("number {} is not finite", k), "remove what was not measured");
    require_outcome(y, problem.loss.penalty);
  }
}

template <class T>
BatchProblem<T> batch_problem(const TensorProblem<T>& problem) {
  if (problem.measurement != TensorMeasurement::entries || !problem.weight.empty())
    throw InputError("the problem", "mini-batches take observed entries without weights");
  BatchProblem<T> made{PackedCells(problem.shape), problem.value, problem.loss};
  made.cells.reserve(problem.count());
  std::vector<std::int32_t> index(problem.shape.size());
  for (Index k = 0; k < problem.count(); ++k) {
    for (std::size_t n = 0; n < index.size(); ++n) index[n] = problem.index[n][static_cast<std::size_t>(k)];
    made.cells.add(index);
  }
  check(made);
  return made;
}

#define RANKFLOW_INSTANTIATE(T)                   \
  template void check<T>(const BatchProblem<T>&); \
  template BatchProblem<T> batch_problem<T>(const TensorProblem<T>&);
RANKFLOW_INSTANTIATE(double)
RANKFLOW_INSTANTIATE(float)
#undef RANKFLOW_INSTANTIATE

}  // namespace rankflow
