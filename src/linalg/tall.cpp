// Tall factors: products by blocks of rows, orthogonal bases by Cholesky QR.
// SPDX-License-Identifier: Apache-2.0
#include "linalg/tall.h"

#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "linalg/decompositions.h"

namespace rankflow {
namespace {

// Multiplications in a block: some tens of microseconds, so that a thread is worth waking. Rows in a block depend on
// the shapes alone, never on the number of threads.
constexpr Index kBlockWork = 1 << 20;
constexpr Index kHouseholderRows = 400;  // below this Householder is as fast
constexpr double kSmallestPivot = 1e-6;  // of the scaled Gram matrix's factor: condition about 1e6

// One Cholesky QR with scaled columns; false (and a unchanged) if the columns are too dependent.
bool cholesky_qr(Matrix& a, Matrix& r) {
  Matrix gram = transpose_times(a, a);
  const Vector norm = gram.diagonal().cwiseSqrt();
  if (!(norm.minCoeff() > 0) || !norm.allFinite()) return false;
  gram = norm.cwiseInverse().asDiagonal() * gram * norm.cwiseInverse().asDiagonal();
  if (!cholesky(gram) || gram.diagonal().minCoeff() < kSmallestPivot) return false;
  r = gram.transpose() * norm.asDiagonal();
  // The scaled factor's condition is at most about 1e6, so its explicit inverse costs no digit that a second pass would
  // not bring back, and multiplying is three times as fast as substituting.
  const Matrix inverse = r.triangularView<Eigen::Upper>().solve(Matrix::Identity(r.rows(), r.cols()));
  a = times(a, inverse);
  return true;
}

Index block_rows(Index p, Index q) {
  return std::max<Index>(64, kBlockWork / std::max<Index>(1, p * q));
}

}  // namespace

Matrix transpose_times(const Matrix& a, const Matrix& b) {
  return parallel_sum(a.rows(), block_rows(a.cols(), b.cols()), Matrix(Matrix::Zero(a.cols(), b.cols())),
                      [&](Index begin, Index end) {
                        return Matrix(a.middleRows(begin, end - begin).transpose() * b.middleRows(begin, end - begin));
                      });
}

Matrix times(const Matrix& a, const Matrix& small) {
  Matrix result(a.rows(), small.cols());
  parallel_blocks(a.rows(), block_rows(small.rows(), small.cols()), [&](Index begin, Index end, Index) {
    result.middleRows(begin, end - begin).noalias() = a.middleRows(begin, end - begin) * small;
  });
  return result;
}

void subtract_product(Matrix& a, const Matrix& b, const Matrix& small) {
  parallel_blocks(a.rows(), block_rows(small.rows(), small.cols()), [&](Index begin, Index end, Index) {
    a.middleRows(begin, end - begin).noalias() -= b.middleRows(begin, end - begin) * small;
  });
}

void tall_qr(Matrix& a, Matrix& r) {
  Matrix first, second;
  if (a.rows() < kHouseholderRows || !cholesky_qr(a, first)) {
    thin_qr(a, r);
    return;
  }
  if (cholesky_qr(a, second)) {
    r = second * first;
  } else {  // cannot happen after a successful first pass but for rounding at the limit
    thin_qr(a, second);
    r = second * first;
  }
}

}  // namespace rankflow
