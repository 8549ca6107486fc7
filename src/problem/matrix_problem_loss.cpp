// The loss of an end matrix, its gradient, and what would be measured of it: plain loops that engines are tested
// against.
// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "rankflow/error.h"
#include "rankflow/matrix_problem.h"

namespace rankflow {

double MatrixLoss::value(double residual_sum, Index count) const {
  return normalization == Normalization::mean ? residual_sum / static_cast<double>(count) : 0.5 * residual_sum;
}

double MatrixLoss::rho(double residual) const {
  if (penalty == Penalty::squared || std::abs(residual) <= delta) return residual * residual;
  return delta * (2 * std::abs(residual) - delta);
}

double MatrixLoss::slope(double residual, Index count) const {
  const double clipped =
      penalty == Penalty::squared || std::abs(residual) <= delta ? residual : std::copysign(delta, residual);
  return normalization == Normalization::mean ? (2.0 / static_cast<double>(count)) * clipped : clipped;
}

namespace {

template <class T>
void require_shape(const MatrixProblem<T>& problem, const MatrixOf<T>& w) {
  RANKFLOW_ASSERT(w.rows() == problem.num_rows && w.cols() == problem.num_columns, "the end matrix has another shape");
}

// The value that measurement k was to have.
template <class T>
double wanted(const MatrixProblem<T>& problem, Index k) {
  if (problem.measurement == Measurement::entries) return static_cast<double>(problem.entries.value[k]);
  if (problem.measurement == Measurement::full) return static_cast<double>(problem.target.data()[k]);
  return static_cast<double>(problem.values[k]);
}

// gradient += slope A_k.
template <class T>
void add_measurement(const MatrixProblem<T>& problem, Index k, double slope, Matrix& gradient) {
  switch (problem.measurement) {
    case Measurement::entries:
      gradient(problem.entries.row[k], problem.entries.column[k]) += slope;
      return;
    case Measurement::full:
      gradient.data()[k] += slope;
      return;
    case Measurement::dense:
      for (Index c = 0; c < gradient.size(); ++c)
        gradient.data()[c] += slope * static_cast<double>(problem.matrices(k, c));
      return;
    case Measurement::rank_one:
      for (Index i = 0; i < gradient.rows(); ++i) {
        const double factor = slope * static_cast<double>(problem.left(k, i));
        for (Index j = 0; j < gradient.cols(); ++j) gradient(i, j) += factor * static_cast<double>(problem.right(k, j));
      }
      return;
  }
}

// <A_k, w>, summed in double.
template <class T>
double inner_product(const MatrixProblem<T>& problem, Index k, const MatrixOf<T>& w) {
  double sum = 0;
  switch (problem.measurement) {
    case Measurement::entries:
      return static_cast<double>(w(problem.entries.row[k], problem.entries.column[k]));
    case Measurement::full:
      return static_cast<double>(w.data()[k]);
    case Measurement::dense:
      for (Index c = 0; c < w.size(); ++c)
        sum += static_cast<double>(problem.matrices(k, c)) * static_cast<double>(w.data()[c]);
      return sum;
    case Measurement::rank_one:
      for (Index i = 0; i < w.rows(); ++i) {
        double line = 0;
        for (Index j = 0; j < w.cols(); ++j)
          line += static_cast<double>(w(i, j)) * static_cast<double>(problem.right(k, j));
        sum += static_cast<double>(problem.left(k, i)) * line;
      }
      return sum;
  }
  return sum;
}

}  // namespace

template <class T>
double loss_at(const MatrixProblem<T>& problem, const MatrixOf<T>& w, MatrixOf<T>* gradient) {
  require_shape(problem, w);
  const Index m = problem.count();
  Matrix slopes;
  if (gradient) slopes = Matrix::Zero(problem.num_rows, problem.num_columns);
  double sum = 0;
  for (Index k = 0; k < m; ++k) {
    const double residual = inner_product(problem, k, w) - wanted(problem, k);
    const bool weighted = problem.measurement == Measurement::entries && !problem.entries.weight.empty();
    const double weight = weighted ? static_cast<double>(problem.entries.weight[k]) : 1.0;
    sum += weight * problem.loss.rho(residual);
    if (gradient) add_measurement(problem, k, weight * problem.loss.slope(residual, m), slopes);
  }
  if (gradient) *gradient = slopes.cast<T>();
  return problem.loss.value(sum, m);
}

template <class T>
VectorOf<T> measure(const MatrixProblem<T>& problem, const MatrixOf<T>& w) {
  require_shape(problem, w);
  VectorOf<T> values(problem.count());
  for (Index k = 0; k < values.size(); ++k) values[k] = static_cast<T>(inner_product(problem, k, w));
  return values;
}

template double loss_at<double>(const MatrixProblem<double>&, const Matrix&, Matrix*);
template double loss_at<float>(const MatrixProblem<float>&, const MatrixOf<float>&, MatrixOf<float>*);
template Vector measure<double>(const MatrixProblem<double>&, const Matrix&);
template VectorOf<float> measure<float>(const MatrixProblem<float>&, const MatrixOf<float>&);

}  // namespace rankflow
