// A loss over linear measurements: residuals, their slopes, and the products that the flow asks for.
// SPDX-License-Identifier: Apache-2.0
#include "solver/flow/measured_loss.h"

#include <limits>

#include "rankflow/error.h"
#include "solver/flow/measurements.h"

namespace rankflow::flow {
namespace {

bool has_biases(const Point& point) {
  return point.mean != 0 || (point.row_bias.array() != 0).any() || (point.column_bias.array() != 0).any();
}

// [x, first, second]
Matrix with_columns(const Matrix& x, const Vector& first, const Vector& second) {
  Matrix wide(x.rows(), x.cols() + 2);
  wide << x, first, second;
  return wide;
}

class MeasuredLoss final : public Loss {
 public:
  MeasuredLoss(std::unique_ptr<Measurements> measurements, const MatrixLoss& loss, Index rows, Index columns,
               EntryList<double> entries, double resolution)
      : measurements_(std::move(measurements)),
        values_(measurements_->values()),
        weights_(measurements_->weights()),
        loss_(loss),
        rows_(rows),
        columns_(columns),
        entries_(std::move(entries)),
        resolution_(resolution),
        row_weights_(scale() * measurements_->row_weights()),
        column_weights_(scale() * measurements_->column_weights()),
        squares_(2 * total(values_)) {}

  Index num_rows() const override { return rows_; }
  Index num_columns() const override { return columns_; }
  Index count() const override { return measurements_->count(); }
  double squares() const override { return squares_; }
  double scale() const override { return loss_.normalization == Normalization::mean ? 2.0 / as_double(count()) : 1; }
  double resolution() const override { return resolution_; }
  EntryList<double> entries() const override {
    if (entries_.count() == 0)
      throw OptionError("the strategy vanishing_decay needs single entries as measurements", "take greedy");
    return entries_;
  }
  Index row_count(Index i) const override { return measurements_->row_count(i); }
  Index column_count(Index j) const override { return measurements_->column_count(j); }
  double row_weight(Index i) const override { return row_weights_[i]; }
  double column_weight(Index j) const override { return column_weights_[j]; }

  double value(const Factors& w) override { return total(residual(w)); }

  Slope slope(const Factors& w) override {
    const Vector r = residual(w), e = slopes(r);
    Slope result;
    result.loss = total(r);
    result.g_right = measurements_->back(e, w.right, false);
    result.gt_left = measurements_->back(e, w.left, true);
    result.row_sums = measurements_->back(e, Matrix::Ones(columns_, 1), false);
    result.column_sums = measurements_->back(e, Matrix::Ones(rows_, 1), true);
    return result;
  }

  Vector sums(const Factors& w, bool transposed) override {
    return apply(w, Matrix::Ones(transposed ? rows_ : columns_, 1), transposed);
  }

  Matrix apply(const Factors& w, const Matrix& x, bool transposed) override {
    return measurements_->back(slopes(residual(w)), x, transposed);
  }

  // Of the squared loss.
  PlaneSums curvature(const Point& point, const Tangent& xi, const Tangent* eta) override {
    const Vector a = along(point, xi), b = eta ? along(point, *eta) : Vector::Zero(a.size());
    const Vector wa = weighted(scale() * a), wb = weighted(scale() * b);
    return {wa.dot(a), wa.dot(b), wb.dot(b)};
  }

  void normal_product(const Factors& at, const Matrix& d_left, const Matrix& d_right, Matrix& out_left,
                      Matrix& out_right) override {
    const Vector t = weighted(scale() * (measurements_->of(d_left, at.right) + measurements_->of(at.left, d_right)));
    out_left = measurements_->back(t, at.right, false);
    out_right = measurements_->back(t, at.left, true);
  }

 private:
  static double as_double(Index n) { return static_cast<double>(n); }

  Vector residual(const Factors& w) {
    if (!has_biases(w.biases)) return measurements_->of(w.left, w.right) - values_;
    const Vector shifted = w.biases.row_bias.array() + w.biases.mean;
    return measurements_->of(with_columns(w.left, shifted, Vector::Ones(rows_)),
                             with_columns(w.right, Vector::Ones(columns_), w.biases.column_bias)) -
           values_;
  }
  Vector weighted(const Vector& x) const { return weights_.size() > 0 ? Vector(weights_.cwiseProduct(x)) : x; }
  double total(const Vector& r) const {
    return loss_.value(weighted(r.unaryExpr([&](double x) { return loss_.rho(x); })).sum(), r.size());
  }
  Vector slopes(const Vector& r) const {
    return weighted(r.unaryExpr([&](double x) { return loss_.slope(x, count()); }));
  }
  Vector along(const Point& point, const Tangent& xi) {
    return measurements_->of(xi.left, point.v) + measurements_->of(point.u, xi.right);
  }

  std::unique_ptr<Measurements> measurements_;
  Vector values_, weights_;
  MatrixLoss loss_;
  Index rows_, columns_;
  EntryList<double> entries_;
  double resolution_;
  Vector row_weights_, column_weights_;
  double squares_;
};

template <class T>
EntryList<double> in_double(const EntryList<T>& list) {
  EntryList<double> result{list.row, list.column, {}, {}};
  result.value.assign(list.value.begin(), list.value.end());
  result.weight.assign(list.weight.begin(), list.weight.end());
  return result;
}

}  // namespace

template <class T>
std::unique_ptr<Loss> make_loss(const MatrixProblem<T>& problem, const MatrixLoss& loss) {
  const double resolution = 10 * static_cast<double>(std::numeric_limits<T>::epsilon());
  return std::make_unique<MeasuredLoss>(make_measurements(problem), loss, problem.num_rows, problem.num_columns,
                                        in_double(problem.entries), resolution);
}

template std::unique_ptr<Loss> make_loss<double>(const MatrixProblem<double>&, const MatrixLoss&);
template std::unique_ptr<Loss> make_loss<float>(const MatrixProblem<float>&, const MatrixLoss&);

}  // namespace rankflow::flow
