// The loss as a function of all factors, with its gradient: what the engine of gradient descent moves down.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "rankflow/matrix_problem.h"
#include "solver/descent/layout.h"

namespace rankflow::descent {

/// One end matrix on its way through a pass over sensing matrices: w and e have rows * columns numbers without gaps.
template <class T>
struct SensingRun {
  const T* w = nullptr;
  T* e = nullptr;   // out: dL/dW
  double loss = 0;  // out
};

template <class T>
class Objective {
 public:
  virtual ~Objective() = default;
  virtual const Layout<T>& layout() const = 0;
  /// The loss at x; the gradient has the layout of x, padding 0. Nothing is allocated.
  virtual double evaluate(const T* x, T* gradient) = 0;

  /// Dense measurements: evaluate() in two halves, with a pass over the sensing matrices in between that other runs may
  /// share. `begin` returns null for any other problem.
  virtual SensingRun<T>* begin(const T*) { return nullptr; }
  virtual void end(const T*, T*) {}
};

/// dims = d_0 .. d_N. `problem` must outlive the objective.
template <class T>
std::unique_ptr<Objective<T>> make_objective(const MatrixProblem<T>& problem, const std::vector<Index>& dims);

/// Observed entries at depth >= 2: W is never formed. Depth 2 has no dense product, depth N has 3 (N - 2).
template <class T>
std::unique_ptr<Objective<T>> make_entry_objective(const MatrixProblem<T>& problem, const std::vector<Index>& dims);
/// Any problem through the end matrix: 3 (N - 1) dense products.
template <class T>
std::unique_ptr<Objective<T>> make_dense_objective(const MatrixProblem<T>& problem, const std::vector<Index>& dims);
/// Any problem with all sizes at most kSmall: plain loops, because calls would cost more than the arithmetic.
template <class T>
std::unique_ptr<Objective<T>> make_small_objective(const MatrixProblem<T>& problem, const std::vector<Index>& dims);
inline constexpr Index kSmall = 8;

}  // namespace rankflow::descent
