// Building problems about an unknown tensor: sizes, order and finite values are checked here, once.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/tensor_problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "problem/tensor_checks.h"

namespace rankflow {
namespace {

void require_size(Index found, Index wanted, const std::string& what) {
  if (found != wanted) refuse(what, fmt::format("found {}, expected {}", found, wanted));
}

template <class T>
void check_loss(const TensorProblem<T>& problem) {
  const TensorLoss& loss = problem.loss;
  const bool clipped = loss.penalty == TensorPenalty::huber || loss.penalty == TensorPenalty::smooth_l1;
  if (clipped && !(loss.delta > 0 && std::isfinite(loss.delta)))
    refuse("the loss", fmt::format("found delta = {}, expected a number > 0", loss.delta));
  require_finite(problem.value, "observed values");
  for (const T y : problem.value) require_outcome(y, loss.penalty);
}

template <class T>
std::string cell_name(const TensorProblem<T>& problem, Index k) {
  std::string name = "(";
  for (Index n = 0; n < std::min<Index>(problem.order(), 8); ++n)
    name += fmt::format("{}{}", n > 0 ? ", " : "", problem.index[n][k]);
  return name + (problem.order() > 8 ? ", ...)" : ")");
}

template <class T>
void check_entries(const TensorProblem<T>& problem) {
  const Index m = problem.count();
  require_size(static_cast<Index>(problem.index.size()), problem.order(), "the number of lists of indices");
  for (Index n = 0; n < problem.order(); ++n) {
    require_size(static_cast<Index>(problem.index[n].size()), m, fmt::format("the number of indices of mode {}", n));
    for (Index k = 0; k < m; ++k)
      if (problem.index[n][k] < 0 || problem.index[n][k] >= problem.shape[n])
        refuse("observed entries",
               fmt::format("index {} of entry {} is {}, outside a mode of size {}", n, k, problem.index[n][k],
                           problem.shape[n]),
               "indices count from 0");
  }
  if (!problem.weight.empty()) require_size(static_cast<Index>(problem.weight.size()), m, "the number of weights");
  require_weights(problem.weight);
}

template <class T>
void sort_entries(TensorProblem<T>& problem) {
  const auto before = [&](Index a, Index b) {
    for (const auto& index : problem.index)
      if (index[a] != index[b]) return index[a] < index[b];
    return false;
  };
  std::vector<Index> order(static_cast<std::size_t>(problem.count()));
  std::iota(order.begin(), order.end(), Index{0});
  if (!std::is_sorted(order.begin(), order.end(), before)) {
    std::stable_sort(order.begin(), order.end(), before);
    for (auto& index : problem.index) apply_order(order, index);
    apply_order(order, problem.value);
    if (!problem.weight.empty()) apply_order(order, problem.weight);
  }
  for (Index k = 1; k < problem.count(); ++k)
    if (!before(k - 1, k)) refuse("observed entries", fmt::format("{} is there twice", cell_name(problem, k)));
}

template <class T>
void check_dense(const TensorProblem<T>& problem) {
  double cells = 1;
  for (const Index size : problem.shape) cells *= static_cast<double>(size);
  if (static_cast<double>(problem.tensors.cols()) != cells)
    refuse("a sensing tensor", fmt::format("has {} numbers, expected {:.0f}", problem.tensors.cols(), cells));
  require_size(problem.tensors.rows(), problem.count(), "the number of sensing tensors");
  require_finite(problem.tensors, "sensing tensors");
}

template <class T>
void check_rank_one(const TensorProblem<T>& problem) {
  require_size(static_cast<Index>(problem.vectors.size()), problem.order(), "the number of lists of vectors");
  for (Index n = 0; n < problem.order(); ++n) {
    require_size(problem.vectors[n].rows(), problem.count(), fmt::format("the number of vectors of mode {}", n));
    require_size(problem.vectors[n].cols(), problem.shape[n], fmt::format("the size of vectors of mode {}", n));
    require_finite(problem.vectors[n], fmt::format("vectors of mode {}", n));
  }
}

}  // namespace

template <class T>
void normalize(TensorProblem<T>& problem) {
  require_shape(problem.shape);
  if (problem.count() == 0) refuse("the observations", "there are none");
  check_loss(problem);
  switch (problem.measurement) {
    case TensorMeasurement::entries:
      check_entries(problem);
      sort_entries(problem);
      break;
    case TensorMeasurement::dense:
      check_dense(problem);
      break;
    case TensorMeasurement::rank_one:
      check_rank_one(problem);
      break;
  }
}

template void normalize<double>(TensorProblem<double>&);
template void normalize<float>(TensorProblem<float>&);

}  // namespace rankflow
