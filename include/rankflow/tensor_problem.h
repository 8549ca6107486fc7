// What is known of an unknown tensor T of any order: cells or numbers y_k = <A_k, T>, and the loss that compares them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "rankflow/matrix_problem.h"
#include "rankflow/types.h"

namespace rankflow {

/// What an observation y costs where the model says x. z = x - y.
enum class TensorPenalty {
  squared,    // rho = z^2
  huber,      // rho = z^2 / 2 for |z| <= delta, delta (|z| - delta / 2) beyond (Razin, Maman, Cohen 2021)
  smooth_l1,  // huber / delta (what PyTorch calls so, and what the published program trains with)
  logistic,   // y in {0, 1}: rho = log(1 + e^x) - y x; x is the logit
  poisson,    // counts y >= 0: rho = e^x - y x; x is the logarithm of the rate
};

struct TensorLoss {
  /// mean: (1/m) sum w rho. half_sum: 1/2 sum w rho. The published runs use the mean.
  Normalization normalization = Normalization::mean;
  TensorPenalty penalty = TensorPenalty::squared;
  double delta = 1;  // huber, smooth_l1

  double rho(double x, double y) const;
  /// d rho / d x, and d^2 rho / d x^2 (huber: 0 beyond delta).
  double slope(double x, double y) const;
  double curvature(double x, double y) const;
  /// Factor in front of the sum.
  double scale(Index count) const {
    return normalization == Normalization::mean ? 1.0 / static_cast<double>(count) : 0.5;
  }
  /// What a model's number means: x, 1 / (1 + e^-x), or e^x.
  double mean(double x) const;
};

enum class TensorMeasurement {
  entries,   // one cell each: completion
  dense,     // any tensors A_k
  rank_one,  // A_k = a_k^1 o ... o a_k^N
};

/// m = count(). Only the members of the chosen measurement are filled.
template <class T>
struct TensorProblem {
  TensorMeasurement measurement = TensorMeasurement::entries;
  std::vector<Index> shape;
  TensorLoss loss;
  std::vector<std::vector<std::int32_t>> index;  // entries: index[n][k], sorted by mode 0, 1, ...; each cell once
  std::vector<T> weight;                         // entries: relative precision; empty = all 1
  MatrixOf<T> tensors;                           // dense: m x cells, row k is A_k with the last mode fastest
  std::vector<MatrixOf<T>> vectors;              // rank_one: per mode m x shape[n]
  std::vector<T> value;                          // y

  Index order() const { return static_cast<Index>(shape.size()); }
  Index count() const { return static_cast<Index>(value.size()); }
};

/// Checks sizes, indices and finite values; sorts entries. Throws InputError.
template <class T>
void normalize(TensorProblem<T>& problem);

/// The loss where the model says `x` (one number per observation, in the problem's order); if `slope` is not null,
/// dL/dx_k too. Deterministic for any number of threads.
template <class T>
double loss_at(const TensorProblem<T>& problem, const std::vector<T>& x, std::vector<T>* slope = nullptr);

}  // namespace rankflow
