// Dense decompositions, all through LAPACK, all on one thread. The only header of its kind: nothing else calls LAPACK.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rankflow/types.h"

namespace rankflow {

/// a = q r with q (m x k, orthonormal columns) in place of a and r (k x k, upper triangular); m >= k.
/// Householder: accurate however ill-conditioned a is. O(m k^2).
template <class T>
void thin_qr(MatrixOf<T>& a, MatrixOf<T>& r);

template <class T>
struct Svd {
  MatrixOf<T> u, v;  // m x k and n x k, k = min(m, n)
  VectorOf<T> s;     // descending
};
/// a = u diag(s) v^T (dgesdd). For small or thin matrices.
template <class T>
Svd<T> svd(const MatrixOf<T>& a);
/// Singular values alone, descending.
Vector singular_values(const Matrix& a);

struct SymmetricEigen {
  Vector values;   // ascending
  Matrix vectors;  // columns
};
/// a = vectors diag(values) vectors^T; the lower triangle is read.
SymmetricEigen symmetric_eigen(const Matrix& a);

/// The same for a positive definite matrix, values descending, and small values to high relative accuracy where a is
/// well scaled: D a D with unit diagonal well conditioned (Demmel and Veselic 1992): one-sided Jacobi rotations of its
/// Cholesky factor (dgesvj). All NaN if it is not positive definite or the
/// rotations do not settle.
SymmetricEigen graded_eigen(const Matrix& a);

/// Lower Cholesky factor in place (the strict upper triangle becomes 0); false if a is not positive definite.
bool cholesky(Matrix& a);

}  // namespace rankflow
