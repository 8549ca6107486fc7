// What the flow asks about the data: the gradient of half the sum of squares, and curvature along tangent directions.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "linalg/kernels.h"
#include "rankflow/observations.h"
#include "solver/flow/point.h"

namespace rankflow::flow {

/// W = left right^T + biases, in any gauge.
struct Factors {
  const Matrix& left;   // m x r
  const Matrix& right;  // n x r
  const Point& biases;  // mean, row_bias and column_bias are read
};

/// The gradient G of the loss at a product, as the flow sees it.
struct Slope {
  double loss = 0;               // 1/2 sum_Omega w (W - y)^2
  Matrix g_right, gt_left;       // G right (m x r), G^T left (n x r)
  Vector row_sums, column_sums;  // G 1, G^T 1
};

/// Everything the flow knows of the data. Implementations may be spread over machines or sit on a device; all sums come
/// back complete.
class Loss {
 public:
  virtual ~Loss() = default;
  virtual Index num_rows() const = 0;
  virtual Index num_columns() const = 0;
  virtual Index count() const = 0;                // |Omega|
  virtual double squares() const = 0;             // sum_Omega w y^2
  virtual double scale() const { return 1; }      // of the gradient: 1 for half the sum of squares, 2/m for the mean
  virtual double resolution() const = 0;          // relative residual that round-off of the data alone leaves
  virtual EntryList<double> entries() const = 0;  // all observations, by rows: for small problems
  virtual Index row_count(Index i) const = 0;     // observations of row i
  virtual Index column_count(Index j) const = 0;
  virtual double row_weight(Index i) const = 0;  // sum of their weights
  virtual double column_weight(Index j) const = 0;
  virtual double value(const Factors& w) = 0;  // the loss alone
  virtual Slope slope(const Factors& w) = 0;
  /// G 1 or, transposed, G^T 1: sums of the residual along rows or columns. Cheaper than the slope.
  virtual Vector sums(const Factors& w, bool transposed) = 0;
  /// G x (m x k) or, transposed, G^T x (n x k), for the gradient G at w.
  virtual Matrix apply(const Factors& w, const Matrix& x, bool transposed) = 0;
  /// sum w xi^2, sum w xi eta, sum w eta^2 on Omega; eta may be null.
  virtual PlaneSums curvature(const Point& point, const Tangent& xi, const Tangent* eta) = 0;
  /// J^T J of the map (left, right) -> product on Omega: with t = d_left right^T + left d_right^T, T right and T^T
  /// left.
  virtual void normal_product(const Factors& at, const Matrix& d_left, const Matrix& d_right, Matrix& out_left,
                              Matrix& out_right) = 0;
};

/// Observed entries on this machine's processor, by the kernels of linalg/kernels.h.
template <class T>
std::unique_ptr<Loss> make_observed_loss(const Observations<T>& observations);

/// The slope of a point: g_right = G V, gt_left = G^T U.
Slope slope_at(Loss& loss, const Point& point);
double value_at(Loss& loss, const Point& point);
Vector sums_at(Loss& loss, const Point& point, bool transposed);

/// Root mean square residual from a loss value (of the squared loss).
double rmse(const Loss& loss, double value);

}  // namespace rankflow::flow
