// Building problems about an unknown matrix: sizes, order and finite values are checked here, once.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/matrix_problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "problem/problem_checks.h"

namespace rankflow {
namespace {

void require_size(Index found, Index wanted, const std::string& what) {
  if (found != wanted) refuse(what, fmt::format("has {} numbers, expected {}", found, wanted));
}

template <class T>
void normalize_entries(MatrixProblem<T>& problem) {
  EntryList<T>& entries = problem.entries;
  const Index m = entries.count();
  require_size(static_cast<Index>(entries.column.size()), m, "observed columns");
  require_size(static_cast<Index>(entries.value.size()), m, "observed values");
  if (!entries.weight.empty()) require_size(static_cast<Index>(entries.weight.size()), m, "weights");
  for (Index k = 0; k < m; ++k)
    if (entries.row[k] < 0 || entries.row[k] >= problem.num_rows || entries.column[k] < 0 ||
        entries.column[k] >= problem.num_columns)
      refuse("observed entries",
             fmt::format("entry {} is at ({}, {}), outside a matrix of {} x {}", k, entries.row[k], entries.column[k],
                         problem.num_rows, problem.num_columns),
             "indices count from 0");
  require_finite(entries.value, "observed values");
  require_weights(entries.weight);

  const auto before = [&](Index a, Index b) {
    return std::pair(entries.row[a], entries.column[a]) < std::pair(entries.row[b], entries.column[b]);
  };
  std::vector<Index> order(static_cast<std::size_t>(m));
  std::iota(order.begin(), order.end(), Index{0});
  if (!std::is_sorted(order.begin(), order.end(), before)) {
    std::stable_sort(order.begin(), order.end(), before);
    apply_order(order, entries.row);
    apply_order(order, entries.column);
    apply_order(order, entries.value);
    if (!entries.weight.empty()) apply_order(order, entries.weight);
  }
  for (Index k = 1; k < m; ++k)
    if (entries.row[k] == entries.row[k - 1] && entries.column[k] == entries.column[k - 1])
      refuse("observed entries", fmt::format("({}, {}) is there twice", entries.row[k], entries.column[k]));
}

template <class T>
void normalize_measurements(const MatrixProblem<T>& problem) {
  const Index m = problem.values.size(), cells = problem.num_rows * problem.num_columns;
  if (problem.measurement == Measurement::dense) {
    require_size(problem.matrices.rows(), m, "the list of sensing matrices");
    require_size(problem.matrices.cols(), cells, "a sensing matrix");
    require_finite(problem.matrices, "sensing matrices");
  } else {
    require_size(problem.left.rows(), m, "the list of left vectors");
    require_size(problem.right.rows(), m, "the list of right vectors");
    require_size(problem.left.cols(), problem.num_rows, "a left vector");
    require_size(problem.right.cols(), problem.num_columns, "a right vector");
    require_finite(problem.left, "left vectors");
    require_finite(problem.right, "right vectors");
  }
  require_finite(problem.values, "measured values");
}

}  // namespace

template <class T>
Index MatrixProblem<T>::count() const {
  switch (measurement) {
    case Measurement::entries:
      return entries.count();
    case Measurement::full:
      return target.size();
    case Measurement::dense:
    case Measurement::rank_one:
      break;
  }
  return values.size();
}

template <class T>
void normalize(MatrixProblem<T>& problem) {
  if (problem.num_rows < 1 || problem.num_columns < 1)
    refuse("the matrix", fmt::format("found {} x {}, expected at least one row and one column", problem.num_rows,
                                     problem.num_columns));
  if (problem.loss.penalty == Penalty::huber && !(problem.loss.delta > 0 && std::isfinite(problem.loss.delta)))
    refuse("the Huber loss", fmt::format("found delta = {}, expected a number > 0", problem.loss.delta));
  switch (problem.measurement) {
    case Measurement::entries:
      normalize_entries(problem);
      break;
    case Measurement::dense:
    case Measurement::rank_one:
      normalize_measurements(problem);
      break;
    case Measurement::full:
      if (problem.target.rows() != problem.num_rows || problem.target.cols() != problem.num_columns)
        refuse("the target", fmt::format("found {} x {}, expected {} x {}", problem.target.rows(),
                                         problem.target.cols(), problem.num_rows, problem.num_columns));
      require_finite(problem.target, "the target");
      break;
  }
  if (problem.count() == 0) refuse("the measurements", "there are none");
}

template <class T>
MatrixProblem<T> completion_problem(Index num_rows, Index num_columns, EntryList<T> entries, const MatrixLoss& loss) {
  MatrixProblem<T> problem;
  problem.measurement = Measurement::entries;
  problem.num_rows = num_rows;
  problem.num_columns = num_columns;
  problem.loss = loss;
  problem.entries = std::move(entries);
  normalize(problem);
  return problem;
}

template <class T>
MatrixProblem<T> dense_sensing_problem(Index num_rows, Index num_columns, MatrixOf<T> matrices, VectorOf<T> values,
                                       const MatrixLoss& loss) {
  MatrixProblem<T> problem;
  problem.measurement = Measurement::dense;
  problem.num_rows = num_rows;
  problem.num_columns = num_columns;
  problem.loss = loss;
  problem.matrices = std::move(matrices);
  problem.values = std::move(values);
  normalize(problem);
  return problem;
}

template <class T>
MatrixProblem<T> rank_one_sensing_problem(MatrixOf<T> left, MatrixOf<T> right, VectorOf<T> values,
                                          const MatrixLoss& loss) {
  MatrixProblem<T> problem;
  problem.measurement = Measurement::rank_one;
  problem.num_rows = left.cols();
  problem.num_columns = right.cols();
  problem.loss = loss;
  problem.left = std::move(left);
  problem.right = std::move(right);
  problem.values = std::move(values);
  normalize(problem);
  return problem;
}

template <class T>
MatrixProblem<T> full_problem(MatrixOf<T> target, const MatrixLoss& loss) {
  MatrixProblem<T> problem;
  problem.measurement = Measurement::full;
  problem.num_rows = target.rows();
  problem.num_columns = target.cols();
  problem.loss = loss;
  problem.target = std::move(target);
  normalize(problem);
  return problem;
}

#define RANKFLOW_INSTANTIATE(T)                                                                                    \
  template Index MatrixProblem<T>::count() const;                                                                  \
  template void normalize<T>(MatrixProblem<T>&);                                                                   \
  template MatrixProblem<T> completion_problem<T>(Index, Index, EntryList<T>, const MatrixLoss&);                  \
  template MatrixProblem<T> dense_sensing_problem<T>(Index, Index, MatrixOf<T>, VectorOf<T>, const MatrixLoss&);   \
  template MatrixProblem<T> rank_one_sensing_problem<T>(MatrixOf<T>, MatrixOf<T>, VectorOf<T>, const MatrixLoss&); \
  template MatrixProblem<T> full_problem<T>(MatrixOf<T>, const MatrixLoss&);
RANKFLOW_INSTANTIATE(double)
RANKFLOW_INSTANTIATE(float)
#undef RANKFLOW_INSTANTIATE

}  // namespace rankflow
