// Soft-thresholding of singular values through a Gram matrix.
// SPDX-License-Identifier: Apache-2.0
#include "solver/convex/shrinkage.h"

#include <cmath>

#include "linalg/decompositions.h"

namespace rankflow::convex {

Shrunk shrink(const Matrix& a, double threshold) {
  const bool tall = a.rows() >= a.cols();
  const Index n = tall ? a.cols() : a.rows();
  Matrix gram = Matrix::Zero(n, n);
  if (tall) {
    gram.selfadjointView<Eigen::Lower>().rankUpdate(a.transpose());
  } else {
    gram.selfadjointView<Eigen::Lower>().rankUpdate(a);
  }
  const SymmetricEigen eigen = symmetric_eigen(gram);
  Index rank = 0;
  while (rank < n && eigen.values[n - 1 - rank] > threshold * threshold) ++rank;

  Shrunk result{Matrix::Zero(a.rows(), a.cols()), Vector(rank)};
  if (rank == 0) return result;
  const Matrix vectors = eigen.vectors.rightCols(rank);
  Vector factor(rank);
  for (Index k = 0; k < rank; ++k) {
    const double sigma = std::sqrt(eigen.values[n - rank + k]);
    factor[k] = 1 - threshold / sigma;
    result.s[rank - 1 - k] = sigma - threshold;
  }
  const Matrix scaled = vectors * factor.asDiagonal();
  if (tall) {
    const Matrix left = a * scaled;
    result.w.noalias() = left * vectors.transpose();
  } else {
    const Matrix right = scaled.transpose() * a;
    result.w.noalias() = vectors * right;
  }
  return result;
}

double spectral_norm(const Matrix& a) {
  return a.size() == 0 ? 0 : singular_values(a)[0];
}

double nuclear_norm(const Matrix& a) {
  return a.size() == 0 ? 0 : singular_values(a).sum();
}

}  // namespace rankflow::convex
