// What is known of an unknown matrix W: numbers y_k = <A_k, W>, and the loss that compares them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "rankflow/observations.h"
#include "rankflow/types.h"

namespace rankflow {

/// What the matrices A_k are.
enum class Measurement {
  entries,   // one entry each: completion
  dense,     // any matrices
  rank_one,  // a_k b_k^T
  full,      // all entries, each once: denoising
};

/// How the sum of losses is scaled. Published learning rates depend on it.
enum class Normalization {
  mean,      // (1/m) sum rho(r_k)   with rho(r) = r^2:      gradient (2/m) r
  half_sum,  // 1/2 sum rho(r_k):                            gradient r. On full observation this is 1/2 ||W - Y||_F^2
};

enum class Penalty {
  squared,  // rho(r) = r^2
  huber,    // rho(r) = r^2 for |r| <= delta, delta (2 |r| - delta) beyond: absolute value, made smooth
};

struct MatrixLoss {
  Normalization normalization = Normalization::mean;
  Penalty penalty = Penalty::squared;
  double delta = 1;  // huber

  double value(double residual_sum, Index count) const;  // from sum rho
  /// rho(r) and the factor of the gradient: dL/dr_k = slope(r_k, m).
  double rho(double residual) const;
  double slope(double residual, Index count) const;
};

/// Shapes: rows x columns is W; m = count(). Only the members of the chosen measurement are filled.
template <class T>
struct MatrixProblem {
  Measurement measurement = Measurement::entries;
  Index num_rows = 0, num_columns = 0;
  MatrixLoss loss;
  EntryList<T> entries;     // entries: sorted by row, then column; each pair once
  MatrixOf<T> matrices;     // dense: m x (rows * columns), row k is A_k, row-major
  MatrixOf<T> left, right;  // rank_one: m x rows, m x columns
  VectorOf<T> values;       // dense, rank_one: y
  MatrixOf<T> target;       // full: Y

  Index count() const;
};

/// Checks sizes, indices and finite values; sorts entries. Throws InputError.
template <class T>
void normalize(MatrixProblem<T>& problem);

template <class T>
MatrixProblem<T> completion_problem(Index num_rows, Index num_columns, EntryList<T> entries, const MatrixLoss& loss);
template <class T>
MatrixProblem<T> dense_sensing_problem(Index num_rows, Index num_columns, MatrixOf<T> matrices, VectorOf<T> values,
                                       const MatrixLoss& loss);
template <class T>
MatrixProblem<T> rank_one_sensing_problem(MatrixOf<T> left, MatrixOf<T> right, VectorOf<T> values,
                                          const MatrixLoss& loss);
template <class T>
MatrixProblem<T> full_problem(MatrixOf<T> target, const MatrixLoss& loss);

/// The loss at a dense end matrix (rows x columns); if `gradient` is not null, dL/dW too. The plain reference that
/// engines are tested against: O(m) for entries, O(m rows columns) for dense.
template <class T>
double loss_at(const MatrixProblem<T>& problem, const MatrixOf<T>& w, MatrixOf<T>* gradient = nullptr);
/// <A_k, W> for all k, in the problem's order.
template <class T>
VectorOf<T> measure(const MatrixProblem<T>& problem, const MatrixOf<T>& w);

}  // namespace rankflow
