// Leading singular triples by a block Krylov method with full orthogonalization.
// SPDX-License-Identifier: Apache-2.0
#include "solver/convex/top_singular.h"

#include <algorithm>

#include "linalg/decompositions.h"
#include "linalg/tall.h"
#include "rankflow/rng.h"

namespace rankflow::convex {
namespace {

constexpr std::uint64_t kStream = 0x534F46;
constexpr Index kMostBlocks = 15;
constexpr Index kFewestBlocks = 3;                             // before a leading value above the level ends the search
constexpr double kClearlyAbove = 1.001, kClearlyBelow = 0.98;  // of the level
constexpr double kNothingNew = 1e-10;  // share of a column outside of a basis that counts as round-off
constexpr double kSeparation = 0.02;   // relative distance of the leading singular value to the next that is assumed

void take_off(Matrix& x, const Matrix& basis) {
  if (basis.cols() > 0 && x.cols() > 0) subtract_product(x, basis, transpose_times(basis, x));
}

// Orthonormal columns that are orthogonal to both bases; twice is enough. Columns without anything new are dropped.
Matrix orthonormal(Matrix x, const Matrix& one, const Matrix& two) {
  Matrix unused;
  for (int pass = 0; pass < 2; ++pass) {
    const Vector before = x.colwise().norm();
    take_off(x, one);
    take_off(x, two);
    const Vector after = x.colwise().norm();
    Index count = 0;
    for (Index k = 0; k < x.cols(); ++k)
      if (after[k] > kNothingNew * before[k]) x.col(count++) = x.col(k) / after[k];
    x.conservativeResize(Eigen::NoChange, count);
    if (count > 0) tall_qr(x, unused);
  }
  return x;
}

Matrix beside(const Matrix& a, const Matrix& b) {
  Matrix both(b.rows(), a.cols() + b.cols());
  if (a.cols() > 0) both.leftCols(a.cols()) = a;
  both.rightCols(b.cols()) = b;
  return both;
}

TopSingular dense_top(const SparseResidual& residual, const Product& outside, Index count) {
  const Index m = residual.num_rows(), n = residual.num_columns();
  const bool wide = m < n;
  Matrix r = wide ? residual.transpose_times(Matrix::Identity(m, m)) : residual.times(Matrix::Identity(n, n));
  const Matrix &tall_side = wide ? outside.v : outside.u, &thin_side = wide ? outside.u : outside.v;
  take_off(r, tall_side);
  if (thin_side.cols() > 0) r -= (r * thin_side) * thin_side.transpose();
  const SymmetricEigen eigen = symmetric_eigen(transpose_times(r, r));
  const Index size = r.cols();
  Matrix thin(size, count), tall(r.rows(), count);
  TopSingular top;
  top.s.resize(count);
  for (Index k = 0; k < count; ++k) {
    top.s[k] = std::sqrt(std::max(0.0, eigen.values[size - 1 - k]));
    thin.col(k) = eigen.vectors.col(size - 1 - k);
  }
  tall = times(r, thin);
  for (Index k = 0; k < count; ++k)
    if (top.s[k] > 0) tall.col(k) /= top.s[k];
  top.u = wide ? thin : tall;
  top.v = wide ? tall : thin;
  return top;
}

}  // namespace

TopSingular top_singular(const SparseResidual& residual, const Product& outside, const Matrix& start, Index count,
                         double tolerance, double level, std::uint64_t seed) {
  const Index m = residual.num_rows(), n = residual.num_columns();
  const Index room = std::min(m, n) - outside.rank();
  count = std::min(count, room);
  TopSingular top{Matrix(m, 0), Matrix(n, 0), Vector(0), 0};
  if (count <= 0) return top;
  if (std::min(m, n) <= kDenseSide) return dense_top(residual, outside, count);
  Matrix block(n, count);
  for (Index k = 0; k < count; ++k)
    for (Index j = 0; j < n; ++j)
      block(j, k) = k < start.cols()
                        ? start(j, k)
                        : Rng(seed, kStream, static_cast<std::uint64_t>(k), static_cast<std::uint64_t>(j)).normal();
  // v: basis of the row space so far, rv = R v outside of U. The projected problem is the thin matrix rv.
  Matrix v(n, 0), rv(m, 0);
  block = orthonormal(std::move(block), outside.v, v);
  for (Index step = 0; step < kMostBlocks && block.cols() > 0; ++step) {
    v = beside(v, block);
    Matrix image = residual.times(block);
    take_off(image, outside.u);
    rv = beside(rv, image);
    const SymmetricEigen eigen = symmetric_eigen(transpose_times(rv, rv));
    const Index size = v.cols(), kept = std::min(count, size);
    top.s.resize(kept);
    Matrix rotation(size, kept);
    for (Index k = 0; k < kept; ++k) {
      top.s[k] = std::sqrt(std::max(0.0, eigen.values[size - 1 - k]));
      rotation.col(k) = eigen.vectors.col(size - 1 - k);
    }
    top.v = times(v, rotation);
    top.u = times(rv, rotation);
    for (Index k = 0; k < kept; ++k)
      if (top.s[k] > 0) top.u.col(k) /= top.s[k];
    Matrix back = residual.transpose_times(top.u);
    take_off(back, outside.v);
    double left_over = 0;
    if (top.s[0] > 0) {
      left_over = (back.col(0) - top.s[0] * top.v.col(0)).norm();
      top.error = std::min(left_over, left_over * left_over / (kSeparation * top.s[0]));
    }
    const bool above = step + 1 >= kFewestBlocks && top.s[0] > kClearlyAbove * level;
    const bool below = top.s[0] + left_over < kClearlyBelow * level;
    if (top.error <= tolerance || above || below || v.cols() >= room) break;
    for (Index k = 0; k < kept; ++k) back.col(k) -= top.s[k] * top.v.col(k);  // what is new about R^T R v
    block = orthonormal(std::move(back), outside.v, v);
  }
  return top;
}

}  // namespace rankflow::convex
