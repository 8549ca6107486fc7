// The same linear equations with orthonormal measurements.
// SPDX-License-Identifier: Apache-2.0
#include "completion/sense/whitened.h"

#include <algorithm>

#include "linalg/decompositions.h"

namespace rankflow::completion {
namespace {

constexpr Index kMostMeasurements = 3'000;
constexpr double kLeast = 1e-12;  // of the largest eigenvalue of A A^*

}  // namespace

std::optional<MatrixProblem<double>> whitened(const MatrixProblem<double>& problem) {
  if (problem.measurement != Measurement::dense || problem.values.size() > kMostMeasurements) return std::nullopt;
  const Matrix gram = problem.matrices * problem.matrices.transpose();
  const SymmetricEigen eigen = symmetric_eigen(gram);
  const Index all = eigen.values.size();
  const double largest = all > 0 ? eigen.values[all - 1] : 0;
  if (!(largest > 0)) return std::nullopt;
  const Index kept = (eigen.values.array() > kLeast * largest).count();
  const Vector scale = eigen.values.tail(kept).cwiseSqrt().cwiseInverse();
  const Matrix mix = scale.asDiagonal() * eigen.vectors.rightCols(kept).transpose();
  return dense_sensing_problem<double>(problem.num_rows, problem.num_columns, mix * problem.matrices,
                                       mix * problem.values, problem.loss);
}

}  // namespace rankflow::completion
