// Eigenvectors of second moments: all of them, or the leading ones by subspace iteration.
// SPDX-License-Identifier: Apache-2.0
#include "solver/overlap/mode_basis.h"

#include <algorithm>
#include <cmath>

#include "linalg/decompositions.h"
#include "rankflow/rng.h"
#include "solver/overlap/mode_product.h"

namespace rankflow::overlap {
namespace {

constexpr int kColdIterations = 4, kWarmIterations = 1;
constexpr std::uint64_t kStream = 0x6d6f6465;

}  // namespace

template <class T>
ModeBasis<T>::ModeBasis(ModeView view, Index leading, std::uint64_t seed, Index mode)
    : view_(view), leading_(std::min(leading, view.size)), seed_(seed), mode_(mode) {}

template <class T>
void ModeBasis<T>::update(const T* x, T* work) {
  if (!complete()) return update_leading(x, work);
  const double columns = static_cast<double>(view_.cells() / view_.size);
  const SymmetricEigen eigen = symmetric_eigen(mode_gram(view_, x, x, view_.size) / columns);
  values_ = eigen.values.cwiseMax(0.0);
  rotation_ = eigen.vectors.cast<T>();
}

// U <- orthonormal basis of C U, and at the end the Ritz vectors of U.
template <class T>
void ModeBasis<T>::update_leading(const T* x, T* work) {
  const bool cold = vectors_.size() == 0;
  if (cold) {
    vectors_.resize(view_.size, leading_);
    for (Index i = 0; i < view_.size; ++i) {
      Rng rng(seed_, kStream, static_cast<std::uint64_t>(mode_), static_cast<std::uint64_t>(i));
      for (Index j = 0; j < leading_; ++j) vectors_(i, j) = rng.normal();
    }
  }
  const ModeView inside{view_.outer, leading_, view_.inner};
  const double columns = static_cast<double>(view_.cells() / view_.size);
  Matrix triangle;
  for (int k = 0; k < (cold ? kColdIterations : kWarmIterations); ++k) {
    mode_product<T>(view_, x, vectors_.cast<T>(), true, work);
    vectors_ = mode_gram<T>(view_, x, work, leading_);
    thin_qr(vectors_, triangle);
  }
  mode_product<T>(view_, x, vectors_.cast<T>(), true, work);
  const SymmetricEigen ritz = symmetric_eigen(mode_gram<T>(inside, work, work, leading_) / columns);
  vectors_ = vectors_ * ritz.vectors;
  double total = 0;
  for (Index o = 0; o < view_.outer; ++o) {
    double slice = 0;
    const T* begin = x + o * view_.size * view_.inner;
    for (Index k = 0; k < view_.size * view_.inner; ++k) slice += static_cast<double>(begin[k]) * begin[k];
    total += slice;
  }
  values_.resize(view_.size);
  values_.head(leading_) = ritz.values.cwiseMax(0.0);
  const double rest = total / columns - ritz.values.sum();
  values_.tail(view_.size - leading_).setConstant(std::max(0.0, rest) / static_cast<double>(view_.size - leading_));
  reflect();
}

// Householder QR of the orthonormal vectors_: their triangle is diagonal with entries +-1, so Q's first columns are
// they up to sign. T by the recurrence T_jj = beta_j, T_{0:j,j} = -beta_j T V^T v_j.
template <class T>
void ModeBasis<T>::reflect() {
  Matrix a = vectors_, v = Matrix::Zero(view_.size, leading_), t = Matrix::Zero(leading_, leading_);
  for (Index j = 0; j < leading_; ++j) {
    const Index below = view_.size - j;
    Vector u = a.col(j).tail(below);
    u[0] += u[0] < 0 ? -u.norm() : u.norm();
    const double beta = 2 / u.squaredNorm();
    const Index right = leading_ - j;
    const Vector along = a.bottomRightCorner(below, right).transpose() * u;
    a.bottomRightCorner(below, right) -= beta * u * along.transpose();
    v.col(j).tail(below) = u;
    t(j, j) = beta;
    if (j > 0) {
      const Vector overlap = v.leftCols(j).transpose() * v.col(j);
      t.col(j).head(j) = -beta * (t.topLeftCorner(j, j) * overlap);
    }
  }
  v_ = v.cast<T>();
  backward_ = Matrix(v * t).cast<T>();             // Q X = X - (V T) V^T X
  forward_ = Matrix(v * t.transpose()).cast<T>();  // Q^T X = X - (V T^T) V^T X
}

template <class T>
void ModeBasis<T>::turn(const T* from, const MatrixOf<T>& back, T* to) const {
  inner_.resize(static_cast<std::size_t>(view_.outer * leading_ * view_.inner));
  mode_product<T>(view_, from, v_, true, inner_.data());
  std::copy(from, from + view_.cells(), to);
  mode_product<T>({view_.outer, leading_, view_.inner}, inner_.data(), back, false, to, true, T(-1));
}

template <class T>
void ModeBasis<T>::forward(const T* from, T* to) const {
  if (complete()) return mode_product<T>(view_, from, rotation_, true, to);
  turn(from, forward_, to);
}

template <class T>
void ModeBasis<T>::backward(const T* from, T* to) const {
  if (complete()) return mode_product<T>(view_, from, rotation_, false, to);
  turn(from, backward_, to);
}

template class ModeBasis<float>;
template class ModeBasis<double>;

}  // namespace rankflow::overlap
