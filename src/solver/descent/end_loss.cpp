// Losses of the dense end matrix: entries, all entries, and rank-one measurements.
// SPDX-License-Identifier: Apache-2.0
#include "solver/descent/end_loss.h"

#include <algorithm>

#include "linalg/aligned.h"
#include "linalg/matrix_product.h"
#include "linalg/vector_passes.h"
#include "solver/descent/residual.h"

namespace rankflow::descent {
namespace {

template <class T>
class EntriesLoss final : public EndLoss<T> {
 public:
  explicit EntriesLoss(const MatrixProblem<T>& problem) : problem_(problem), residual_(problem) {}

  double at(const T* w, T* e, Index stride) override {
    std::fill(e, e + problem_.num_rows * stride, T(0));
    const EntryList<T>& entries = problem_.entries;
    const Index m = entries.count();
    const bool weighted = !entries.weight.empty();
    double sum = 0;
    for (Index k = 0; k < m; ++k) {
      const Index place = entries.row[k] * stride + entries.column[k];
      const T weight = weighted ? entries.weight[k] : T(1);
      double rho = 0;
      e[place] = weight * residual_.slope(w[place] - entries.value[k], rho);
      sum += static_cast<double>(weight) * rho;
    }
    return residual_.loss(sum);
  }

 private:
  const MatrixProblem<T>& problem_;
  Residual<T> residual_;
};

template <class T>
class FullLoss final : public EndLoss<T> {
 public:
  explicit FullLoss(const MatrixProblem<T>& problem) : problem_(problem), residual_(problem) {}

  double at(const T* w, T* e, Index stride) override {
    const Index columns = problem_.num_columns;
    const T* target = problem_.target.data();
    double sum = 0;
    for (Index i = 0; i < problem_.num_rows; ++i)
      for (Index j = 0; j < columns; ++j) {
        double rho = 0;
        e[i * stride + j] = residual_.slope(w[i * stride + j] - target[i * columns + j], rho);
        sum += rho;
      }
    return residual_.loss(sum);
  }

 private:
  const MatrixProblem<T>& problem_;
  Residual<T> residual_;
};

// z_k = l_k^T W r_k: T = L W, then the rows of T against those of R. E = L^T (slopes o R). A_k is never formed.
template <class T>
class RankOneLoss final : public EndLoss<T> {
 public:
  explicit RankOneLoss(const MatrixProblem<T>& problem)
      : problem_(problem),
        residual_(problem),
        left_(padded(problem.count(), problem.num_rows)),
        right_(padded(problem.count(), problem.num_columns)),
        times_w_(padded(problem.count(), problem.num_columns)),
        w_(padded(problem.num_rows, problem.num_columns)),
        e_(padded(problem.num_rows, problem.num_columns)) {
    left_.view() = problem.left;
    right_.view() = problem.right;
  }

  double at(const T* w, T* e, Index stride) override {
    const Index rows = problem_.num_rows, columns = problem_.num_columns, m = problem_.count();
    for (Index i = 0; i < rows; ++i) std::copy(w + i * stride, w + i * stride + columns, w_.row(i));
    multiply(MatrixProduct<T>{.a = left_.row(0),
                              .a_row = left_.stride(),
                              .b = w_.row(0),
                              .b_row = w_.stride(),
                              .c = times_w_.row(0),
                              .c_row = times_w_.stride(),
                              .m = m,
                              .n = columns,
                              .k = rows});
    double sum = 0;
    for (Index k = 0; k < m; ++k) {
      double z[kSensingGroup], rho = 0;
      const T* right = right_.row(k);
      passes_.inner_products(times_w_.row(k), 1, &right, 1, columns, z);
      const T slope = residual_.slope(static_cast<T>(z[0] - static_cast<double>(problem_.values[k])), rho);
      sum += rho;
      for (Index j = 0; j < columns; ++j) times_w_.row(k)[j] = slope * right_.row(k)[j];
    }
    multiply(MatrixProduct<T>{.a = left_.row(0),
                              .a_row = 1,
                              .a_column = left_.stride(),
                              .b = times_w_.row(0),
                              .b_row = times_w_.stride(),
                              .c = e_.row(0),
                              .c_row = e_.stride(),
                              .m = rows,
                              .n = columns,
                              .k = m});
    for (Index i = 0; i < rows; ++i) std::copy(e_.row(i), e_.row(i) + columns, e + i * stride);
    return residual_.loss(sum);
  }

 private:
  static AlignedRows<T> padded(Index rows, Index columns) {
    constexpr Index line = 64 / sizeof(T);
    return {rows, columns, (columns + line - 1) / line * line};
  }

  const MatrixProblem<T>& problem_;
  Residual<T> residual_;
  AlignedRows<T> left_, right_, times_w_, w_, e_;
  VectorPasses<T> passes_ = vector_passes<T>();
};

}  // namespace

template <class T>
std::unique_ptr<EndLoss<T>> make_end_loss(const MatrixProblem<T>& problem) {
  if (problem.measurement == Measurement::full) return std::make_unique<FullLoss<T>>(problem);
  if (problem.measurement == Measurement::rank_one) return std::make_unique<RankOneLoss<T>>(problem);
  return std::make_unique<EntriesLoss<T>>(problem);
}

template std::unique_ptr<EndLoss<double>> make_end_loss<double>(const MatrixProblem<double>&);
template std::unique_ptr<EndLoss<float>> make_end_loss<float>(const MatrixProblem<float>&);

}  // namespace rankflow::descent
