// Two modes brought together, unfolded, weighted, and taken apart again.
// SPDX-License-Identifier: Apache-2.0
#include "solver/overlap/pair_penalty.h"

#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "linalg/decompositions.h"
#include "solver/overlap/mode_product.h"

namespace rankflow::overlap {
namespace {

constexpr double kNegligible = 1e-12;  // eigenvalues below this share of the largest are rounding

template <class T>
Matrix unfold(const ModeView& view, const T* x) {
  Matrix unfolding(view.size, view.outer * view.inner);
  for (Index o = 0; o < view.outer; ++o)
    for (Index i = 0; i < view.size; ++i)
      for (Index k = 0; k < view.inner; ++k)
        unfolding(i, o * view.inner + k) = static_cast<double>(x[(o * view.size + i) * view.inner + k]);
  return unfolding;
}

}  // namespace

template <class T>
PairPenalty<T>::PairPenalty(const std::vector<Index>& shape, Index first, Index second) {
  for (Index n = 0; n < static_cast<Index>(shape.size()); ++n) {
    if (n < first) outer_ *= shape[n];
    if (n == first) first_ = shape[n];
    if (n > first && n < second) between_ *= shape[n];
    if (n == second) second_ = shape[n];
    if (n > second) inner_ *= shape[n];
  }
  view_ = {outer_ * between_, first_ * second_, inner_};
}

template <class T>
template <class Work>
void PairPenalty<T>::for_runs(Work work) const {
  const Index run = second_ * inner_;
  parallel_blocks(
      outer_ * between_, std::max<Index>(1, (1 << 16) / (first_ * run)),
      [&](Index begin, Index end, Index) {
        for (Index block = begin; block < end; ++block) {
          const Index o = block / between_, b = block % between_;
          for (Index i = 0; i < first_; ++i)
            work(((o * first_ + i) * between_ + b) * run, (block * first_ + i) * run, run);
        }
      },
      static_cast<double>(first_ * run));
}

template <class T>
void PairPenalty<T>::bring_together(const T* from, T* to) const {
  for_runs([&](Index apart, Index together, Index run) { std::copy(from + apart, from + apart + run, to + together); });
}

template <class T>
void PairPenalty<T>::add_apart(const T* from, T* to) const {
  for_runs([&](Index apart, Index together, Index run) {
    const T* source = from + together;
    T* target = to + apart;
    for (Index k = 0; k < run; ++k) target[k] += source[k];
  });
}

// With fewer columns than rows, the eigenvectors come from the Gram matrix of the columns: X (X^T X) = l X, and all
// directions outside the columns' space have eigenvalue 0.
template <class T>
void PairPenalty<T>::decompose(const T* turned, T* work) {
  const T* together = turned;
  if (!adjacent()) {
    bring_together(turned, work);
    together = work;
  }
  const Index size = view_.size, columns = view_.cells() / size;
  if (columns >= size) {
    SymmetricEigen eigen = symmetric_eigen(mode_gram(view_, together, together, size) / static_cast<double>(columns));
    eigenvalues_ = eigen.values.cwiseMax(0.0);
    eigenvectors_ = std::move(eigen.vectors);
    return;
  }
  const Matrix unfolding = unfold(view_, together);
  const SymmetricEigen eigen = symmetric_eigen(unfolding.transpose() * unfolding / static_cast<double>(columns));
  Index first = 0;  // values ascend
  while (first < columns && eigen.values[first] <= kNegligible * eigen.values[columns - 1]) ++first;
  const Index rank = columns - first;
  eigenvalues_ = eigen.values.tail(rank);
  eigenvectors_ = unfolding * eigen.vectors.rightCols(rank);
  for (Index k = 0; k < rank; ++k) eigenvectors_.col(k) /= std::sqrt(eigenvalues_[k] * static_cast<double>(columns));
}

template <class T>
void PairPenalty<T>::assemble(const Vector& weights, double elsewhere) {
  Matrix w = eigenvectors_ * (weights.array() - elsewhere).matrix().asDiagonal() * eigenvectors_.transpose();
  w.diagonal().array() += elsewhere;
  diagonal_ = w.diagonal();
  w.diagonal().setZero();
  rest_ = w.cast<T>();
}

template <class T>
void PairPenalty<T>::add_diagonal(T* sum) const {
  for (Index o = 0; o < outer_; ++o)
    for (Index i = 0; i < first_; ++i)
      for (Index b = 0; b < between_; ++b)
        for (Index j = 0; j < second_; ++j) {
          const T d = static_cast<T>(diagonal_[i * second_ + j]);
          for (Index k = 0; k < inner_; ++k) *sum++ += d;
        }
}

template <class T>
void PairPenalty<T>::add_rest(const T* from, T* to, T* work, T* more_work) const {
  if (adjacent()) return mode_product<T>(view_, from, rest_, false, to, true);
  bring_together(from, work);
  mode_product<T>(view_, work, rest_, false, more_work);
  add_apart(more_work, to);
}

template class PairPenalty<float>;
template class PairPenalty<double>;

}  // namespace rankflow::overlap
