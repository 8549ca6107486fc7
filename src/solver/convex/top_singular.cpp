// Leading singular triples by a block Krylov method with full orthogonalization.
// SPDX-License-Identifier: Apache-2.0
#include "solver/convex/top_singular.h"

#include <algorithm>
#include <functional>

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

// One side of the residual: the space that is taken off there, and the product that starts from it.
struct Side {
  const Matrix& outside;
  std::function<Matrix(const Matrix&)> product;
};

// v: basis on the one side so far, rv = R v without what is taken off on the other. The projected problem is rv.
TopSingular krylov(const Side& side, const Side& other, Matrix block, double tolerance, double level) {
  const Index n = block.rows(), count = block.cols(), room = n - side.outside.cols();
  TopSingular top{Matrix(other.outside.rows(), 0), Matrix(n, 0), Vector(0), 0};
  Matrix v(n, 0), rv(other.outside.rows(), 0);
  block = orthonormal(std::move(block), side.outside, v);
  for (Index step = 0; step < kMostBlocks && block.cols() > 0; ++step) {
    v = beside(v, block);
    Matrix image = side.product(block);
    take_off(image, other.outside);
    rv = beside(rv, image);
    const SymmetricEigen eigen = symmetric_eigen(transpose_times(rv, rv));
    const Index size = v.cols(), kept = std::min(count, size);
    top.s = eigen.values.tail(kept).reverse().cwiseMax(0).cwiseSqrt();
    const Matrix rotation = eigen.vectors.rightCols(kept).rowwise().reverse();
    top.v = times(v, rotation);
    top.u = times(rv, rotation);
    for (Index k = 0; k < kept; ++k)
      if (top.s[k] > 0) top.u.col(k) /= top.s[k];
    Matrix back = other.product(top.u);
    take_off(back, side.outside);
    back -= top.v * top.s.asDiagonal();  // what is new about R^T R v
    const double left_over = back.col(0).norm();
    if (top.s[0] > 0) top.error = std::min(left_over, left_over * left_over / (kSeparation * top.s[0]));
    const bool above = step + 1 >= kFewestBlocks && top.s[0] > kClearlyAbove * level;
    const bool below = top.s[0] + left_over < kClearlyBelow * level;
    if (top.error <= tolerance || above || below || v.cols() >= room) break;
    block = orthonormal(std::move(back), side.outside, v);
  }
  return top;
}

}  // namespace

TopSingular top_singular(const SparseResidual& residual, const Product& outside, const Matrix& start, Index count,
                         double tolerance, double level, std::uint64_t seed) {
  const Index m = residual.num_rows(), n = residual.num_columns();
  count = std::min(count, std::min(m, n) - outside.rank());
  if (count <= 0) return {Matrix(m, 0), Matrix(n, 0), Vector(0), 0};
  if (std::min(m, n) <= kDenseSide) return dense_top(residual, outside, count);
  // The basis grows on the shorter side.
  const bool swapped = m < n;
  const Side wide{swapped ? outside.u : outside.v,
                  [&](const Matrix& x) { return swapped ? residual.transpose_times(x) : residual.times(x); }};
  const Side tall{swapped ? outside.v : outside.u,
                  [&](const Matrix& x) { return swapped ? residual.times(x) : residual.transpose_times(x); }};
  const Matrix known = swapped ? residual.times(start) : start;
  Matrix block(std::min(m, n), count);
  for (Index k = 0; k < count; ++k)
    for (Index j = 0; j < block.rows(); ++j)
      block(j, k) = k < known.cols()
                        ? known(j, k)
                        : Rng(seed, kStream, static_cast<std::uint64_t>(k), static_cast<std::uint64_t>(j)).normal();
  TopSingular top = krylov(wide, tall, std::move(block), tolerance, level);
  if (swapped) std::swap(top.u, top.v);
  return top;
}

}  // namespace rankflow::convex
