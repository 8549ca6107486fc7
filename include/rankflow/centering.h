// What of a table is explained before any product is fitted: nothing, its mean, or its mean with row and column biases.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rankflow/observations.h"
#include "rankflow/types.h"

namespace rankflow {

enum class Centering {
  none,    // the product explains everything
  mean,    // the (weighted) mean of the observed values
  biases,  // mean + b_i + c_j, with as much shrinkage as the data ask for
};

/// y_ij = mean + row_i + column_j + noise. Zeros where the centering has no such part; a line without observations has
/// bias 0.
struct Biases {
  double mean = 0;
  Vector row, column;                            // sizes m and n, never empty
  double noise = 0;                              // sigma: standard deviation of what is left (weight 1)
  double row_variance = 0, column_variance = 0;  // learned variances of the biases
  /// Shrinkage sigma^2 / var(b): a line with n observations keeps n / (n + shrinkage) of its mean residual.
  double row_shrinkage() const;
  double column_shrinkage() const;
  double operator()(Index i, Index j) const { return mean + row[i] + column[j]; }
};

inline constexpr int kBiasSweeps = 15;

/// Biases with normal priors whose variances are learned by (variational) EM: each sweep sets mean, rows, columns in
/// turn to their posterior means, then sigma^2 and the two variances from residuals and posterior variances. A weight
/// is a relative precision: noise variance sigma^2 / w. O(sweeps |Omega|), the same bits for any number of threads.
template <class T>
Biases fit_biases(const Observations<T>& observations, Centering centering, int sweeps = kBiasSweeps);

}  // namespace rankflow
