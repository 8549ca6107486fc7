// Tiny factorizations: every product is a handful of operations, so they are plain loops on numbers side by side.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "solver/descent/end_loss.h"
#include "solver/descent/objective.h"
#include "solver/descent/sensing_pass.h"

namespace rankflow::descent {
namespace {

// Dense rows x columns matrices without gaps. N: all sizes where they are the same and known when compiling, else 0.
template <int N, class T>
[[gnu::always_inline]] inline void times(const T* a, const T* b, T* c, Index rows, Index inner, Index columns) {
  const Index m = N ? N : rows, k = N ? N : inner, n = N ? N : columns;
#pragma GCC unroll 4
  for (Index i = 0; i < m; ++i)
#pragma GCC unroll 4
    for (Index j = 0; j < n; ++j) {
      T sum = 0;
#pragma GCC unroll 4
      for (Index p = 0; p < k; ++p) sum += a[i * k + p] * b[p * n + j];
      c[i * n + j] = sum;
    }
}
// c = a b^T, b is columns x inner.
template <int N, class T>
[[gnu::always_inline]] inline void times_transpose(const T* a, const T* b, T* c, Index rows, Index inner,
                                                   Index columns) {
  const Index m = N ? N : rows, k = N ? N : inner, n = N ? N : columns;
#pragma GCC unroll 4
  for (Index i = 0; i < m; ++i)
#pragma GCC unroll 4
    for (Index j = 0; j < n; ++j) {
      T sum = 0;
#pragma GCC unroll 4
      for (Index p = 0; p < k; ++p) sum += a[i * k + p] * b[j * k + p];
      c[i * n + j] = sum;
    }
}
// c = a^T b, a is inner x rows.
template <int N, class T>
[[gnu::always_inline]] inline void transpose_times(const T* a, const T* b, T* c, Index rows, Index inner,
                                                   Index columns) {
  const Index m = N ? N : rows, k = N ? N : inner, n = N ? N : columns;
#pragma GCC unroll 4
  for (Index i = 0; i < m; ++i)
#pragma GCC unroll 4
    for (Index j = 0; j < n; ++j) {
      T sum = 0;
#pragma GCC unroll 4
      for (Index p = 0; p < k; ++p) sum += a[p * m + i] * b[p * n + j];
      c[i * n + j] = sum;
    }
}

template <class T>
class SensingEndLoss final : public EndLoss<T> {
 public:
  explicit SensingEndLoss(const MatrixProblem<T>& problem) : pass_(problem, 1) {}
  double at(const T* w, T* e, Index) override {
    run_.w = w;
    run_.e = e;
    SensingRun<T>* run = &run_;
    pass_.run({&run, 1});
    return run_.loss;
  }

 private:
  SensingPass<T> pass_;
  SensingRun<T> run_;
};

template <class T, int N>
class SmallObjective final : public Objective<T> {
 public:
  SmallObjective(const MatrixProblem<T>& problem, const std::vector<Index>& dims) : dims_(dims), layout_(dims, false) {
    for (Index l = 1; l < static_cast<Index>(dims.size()); ++l) offset_.push_back(layout_.add(l, false).offset);
    if (problem.measurement == Measurement::dense) {
      loss_ = std::make_unique<SensingEndLoss<T>>(problem);
    } else {
      loss_ = make_end_loss(problem);
    }
    partial_.resize(dims.size() * kCells);
  }

  const Layout<T>& layout() const override { return layout_; }

  // P_l = W_l P_{l-1}; Q_N = E; G_l = Q_l P_{l-1}^T, Q_{l-1} = W_l^T Q_l.
  double evaluate(const T* x, T* gradient) override {
    const Index depth = static_cast<Index>(offset_.size()), columns = dims_.front();
    const T* before = x;
    for (Index l = 2; l <= depth; ++l) {
      T* next = partial_.data() + l * kCells;
      times<N>(x + offset_[l - 1], before, next, dims_[l], dims_[l - 1], columns);
      before = next;
    }
    if (depth == 1) return loss_->at(x, gradient, columns);
    T from_end[2][kCells];
    T* q = from_end[0];
    const double loss = loss_->at(before, q, columns);
    for (Index l = depth; l >= 2; --l) {
      const T* inner = l == 2 ? x : partial_.data() + (l - 1) * kCells;
      T* next = l == 2 ? gradient : from_end[(depth - l + 1) % 2];
      times_transpose<N>(q, inner, gradient + offset_[l - 1], dims_[l], columns, dims_[l - 1]);
      transpose_times<N>(x + offset_[l - 1], q, next, dims_[l - 1], dims_[l], columns);
      q = next;
    }
    return loss;
  }

 private:
  static constexpr Index kCells = N ? N * N : kSmall * kSmall;

  std::vector<Index> dims_;
  Layout<T> layout_;
  std::vector<Index> offset_;  // of W_1 (which is at 0), W_2, ...
  std::unique_ptr<EndLoss<T>> loss_;
  std::vector<T> partial_;  // P_l from l kCells on
};

}  // namespace

template <class T>
std::unique_ptr<Objective<T>> make_small_objective(const MatrixProblem<T>& problem, const std::vector<Index>& dims) {
  const auto [least, most] = std::minmax_element(dims.begin(), dims.end());
  if (*least == 2 && *most == 2) return std::make_unique<SmallObjective<T, 2>>(problem, dims);
  if (*least == 3 && *most == 3) return std::make_unique<SmallObjective<T, 3>>(problem, dims);
  return std::make_unique<SmallObjective<T, 0>>(problem, dims);
}

template std::unique_ptr<Objective<double>> make_small_objective<double>(const MatrixProblem<double>&,
                                                                         const std::vector<Index>&);
template std::unique_ptr<Objective<float>> make_small_objective<float>(const MatrixProblem<float>&,
                                                                       const std::vector<Index>&);

}  // namespace rankflow::descent
