// Rows that training did not see.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "linalg/decompositions.h"
#include "rankflow/completion_model.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

// (bias, u diag(s)) of a training row.
Vector row_vector(const LowRankModel& p, Index i) {
  Vector x(p.width() + 1);
  x[0] = p.row_bias[i];
  x.tail(p.width()) = p.u.row(i).transpose().cwiseProduct(p.s);
  return x;
}

Matrix inverse(Matrix a) {
  const Index d = a.rows();
  RANKFLOW_ASSERT(cholesky(a), "a covariance is not positive definite");
  const Matrix l_inverse = a.triangularView<Eigen::Lower>().solve(Matrix::Identity(d, d));
  return l_inverse.transpose() * l_inverse;
}

}  // namespace

FoldIn::FoldIn(const CompletionModel& model) : model_(model) {
  const LowRankModel& p = model.product;
  const Index m = p.num_rows(), d = p.width() + 1;
  prior_mean_ = Vector::Zero(d);
  for (Index i = 0; i < m; ++i) prior_mean_ += row_vector(p, i);
  prior_mean_ /= static_cast<double>(m);
  Matrix covariance = Matrix::Zero(d, d);
  for (Index i = 0; i < m; ++i) {
    const Vector x = row_vector(p, i) - prior_mean_;
    covariance += x * x.transpose();
  }
  covariance /= static_cast<double>(std::max<Index>(1, m - 1));
  // What the data cannot tell apart stays positive definite.
  covariance.diagonal().array() += 1e-9 * covariance.diagonal().maxCoeff() + 1e-300;
  least_noise_ = 1e-12 * covariance.diagonal().maxCoeff() + 1e-300;
  prior_precision_ = inverse(covariance);
  noise_ = model.spread.row_noise.size() > 0 ? model.spread.row_noise.mean() : 0;
}

FoldedRow FoldIn::row(std::span<const Given> given) const {
  const LowRankModel& p = model_.product;
  const Index d = p.width() + 1;
  Matrix precision = prior_precision_;
  Vector pull = prior_precision_ * prior_mean_;
  for (const auto& [j, value, trust] : given) {
    const bool scaled = model_.scaling.scale.size() > 0;
    const double y = scaled ? (value - model_.scaling.offset[j]) / model_.scaling.scale[j] : value;
    const double column_noise = model_.spread.column_noise.size() > 0 ? model_.spread.column_noise[j] : 0;
    const double weight = 1 / std::max(noise_ * column_noise / trust, least_noise_);
    Vector design(d);
    design[0] = 1;
    design.tail(p.width()) = p.v.row(j).transpose();
    precision += weight * design * design.transpose();
    pull += weight * (y - p.mean - p.column_bias[j]) * design;
  }
  FoldedRow result;
  result.covariance = inverse(precision);
  const Vector mean = result.covariance * pull;
  result.bias = mean[0];
  result.coordinates = mean.tail(p.width());
  result.given = static_cast<Index>(given.size());
  return result;
}

double FoldIn::predict(const FoldedRow& row, Index j) const {
  const LowRankModel& p = model_.product;
  return model_.from_engine(p.mean + row.bias + p.column_bias[j] + p.v.row(j).dot(row.coordinates), j);
}

Interval FoldIn::interval(const FoldedRow& row, Index j, double level) const {
  const LowRankModel& p = model_.product;
  Vector design(p.width() + 1);
  design[0] = 1;
  design.tail(p.width()) = p.v.row(j).transpose();
  double variance = design.dot(row.covariance * design);
  if (model_.spread.column_noise.size() > 0) variance += noise_ * model_.spread.column_noise[j];
  double half = model_.calibration_quantile(level) * std::sqrt(std::max(0.0, variance));
  if (model_.scaling.scale.size() > 0) half *= model_.scaling.scale[j];
  const double middle = predict(row, j);
  Interval result{middle - half, middle + half};
  if (model_.low <= model_.high) result = {std::max(result.low, model_.low), std::min(result.high, model_.high)};
  return result;
}

}  // namespace rankflow
