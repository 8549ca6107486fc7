// LAPACK behind a plain interface.
// SPDX-License-Identifier: Apache-2.0
#include "linalg/decompositions.h"

#include <lapacke.h>

#include <string>
#include <type_traits>

#include "rankflow/error.h"

namespace rankflow {
namespace {

void check(lapack_int info, const char* routine) {
  RANKFLOW_ASSERT(info == 0, std::string(routine) + " returned " + std::to_string(info));
}

}  // namespace

template <class T>
void thin_qr(MatrixOf<T>& a, MatrixOf<T>& r) {
  const auto m = static_cast<lapack_int>(a.rows()), k = static_cast<lapack_int>(a.cols());
  RANKFLOW_ASSERT(m >= k, "thin QR of a wide matrix");
  r.setZero(k, k);
  if (k == 0) return;
  // A row-major m x k matrix is a column-major k x m one: a^T = l q^T, so a = q l^T without a copy.
  VectorOf<T> tau(k);
  if constexpr (std::is_same_v<T, double>) {
    check(LAPACKE_dgelqf(LAPACK_COL_MAJOR, k, m, a.data(), k, tau.data()), "dgelqf");
  } else {
    check(LAPACKE_sgelqf(LAPACK_COL_MAJOR, k, m, a.data(), k, tau.data()), "sgelqf");
  }
  for (Index i = 0; i < k; ++i)
    for (Index j = i; j < k; ++j) r(i, j) = a.data()[j + i * k];  // l(j, i)
  if constexpr (std::is_same_v<T, double>) {
    check(LAPACKE_dorglq(LAPACK_COL_MAJOR, k, m, k, a.data(), k, tau.data()), "dorglq");
  } else {
    check(LAPACKE_sorglq(LAPACK_COL_MAJOR, k, m, k, a.data(), k, tau.data()), "sorglq");
  }
}

template <class T>
Svd<T> svd(const MatrixOf<T>& a) {
  const auto m = static_cast<lapack_int>(a.rows()), n = static_cast<lapack_int>(a.cols());
  const lapack_int k = std::min(m, n);
  Svd<T> result{MatrixOf<T>(m, k), MatrixOf<T>(n, k), VectorOf<T>(k)};
  if (k == 0) return result;
  // Row-major a is column-major a^T = v s u^T: LAPACK's left vectors are our v. Its vt (k x m, column-major) is our
  // row-major u (m x k); its u (n x k, column-major) needs one transpose.
  MatrixOf<T> work = a;
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor> left(n, k);
  if constexpr (std::is_same_v<T, double>) {
    check(LAPACKE_dgesdd(LAPACK_COL_MAJOR, 'S', n, m, work.data(), n, result.s.data(), left.data(), n, result.u.data(),
                         k),
          "dgesdd");
  } else {
    check(LAPACKE_sgesdd(LAPACK_COL_MAJOR, 'S', n, m, work.data(), n, result.s.data(), left.data(), n, result.u.data(),
                         k),
          "sgesdd");
  }
  result.v = left;
  return result;
}

Vector singular_values(const Matrix& a) {
  const auto m = static_cast<lapack_int>(a.rows()), n = static_cast<lapack_int>(a.cols());
  Vector s(std::min(m, n));
  if (s.size() == 0) return s;
  Matrix work = a;
  double unused = 0;
  check(LAPACKE_dgesdd(LAPACK_COL_MAJOR, 'N', n, m, work.data(), n, s.data(), &unused, n, &unused, 1), "dgesdd");
  return s;
}

SymmetricEigen symmetric_eigen(const Matrix& a) {
  const auto n = static_cast<lapack_int>(a.rows());
  SymmetricEigen result{Vector(n), Matrix(n, n)};
  if (n == 0) return result;
  // Our lower triangle is the upper one of the column-major view.
  Eigen::MatrixXd work = Eigen::Map<const Eigen::MatrixXd>(a.data(), n, n);
  check(LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'U', n, work.data(), n, result.values.data()), "dsyevd");
  result.vectors = work;
  return result;
}

SymmetricEigen graded_eigen(const Matrix& a) {
  const auto n = static_cast<lapack_int>(a.rows());
  SymmetricEigen result{Vector::Constant(n, kNaN), Matrix::Constant(n, n, kNaN)};
  Matrix lower = a;
  if (n == 0 || !a.allFinite() || !cholesky(lower)) return result;
  Eigen::MatrixXd work = lower;  // l = u s v^T, so a = u s^2 u^T
  Vector s(n), status(6);
  double unused = 0;
  const lapack_int info =
      LAPACKE_dgesvj(LAPACK_COL_MAJOR, 'L', 'U', 'N', n, n, work.data(), n, s.data(), 0, &unused, 1, status.data());
  RANKFLOW_ASSERT(info >= 0, "dgesvj returned " + std::to_string(info));
  if (info > 0) return result;  // no convergence
  result.values = (status[0] * s).cwiseAbs2();
  result.vectors = work;
  return result;
}

bool cholesky(Matrix& a) {
  const auto n = static_cast<lapack_int>(a.rows());
  if (n == 0) return true;
  const lapack_int info = LAPACKE_dpotrf(LAPACK_COL_MAJOR, 'U', n, a.data(), n);
  for (Index i = 0; i < n; ++i)
    for (Index j = i + 1; j < n; ++j) a(i, j) = 0;
  return info == 0;
}

template void thin_qr<double>(MatrixOf<double>&, MatrixOf<double>&);
template void thin_qr<float>(MatrixOf<float>&, MatrixOf<float>&);
template Svd<double> svd<double>(const MatrixOf<double>&);
template Svd<float> svd<float>(const MatrixOf<float>&);

}  // namespace rankflow
