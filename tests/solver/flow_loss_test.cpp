// What the flow asks about the data, and its direction, against dense matrices and the defining sums.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "linalg/decompositions.h"
#include "solver/flow/balanced.h"
#include "support/flow_problems.h"

namespace rankflow {
namespace {

constexpr double kRoundOff = 1e-10;

struct Scene {
  EntryList<double> list;
  Observations<double> set;
  std::unique_ptr<flow::Loss> loss;
  flow::Point point;
  Matrix residual, weight;  // w (W - y) and w, dense, zero off Omega
};

Scene weighted_scene(Index rank) {
  Scene s;
  const Matrix y = test::normal_matrix(31, 23, 1);
  s.list = test::sample(y, 300, 2);
  Rng rng(4);
  for (Index k = 0; k < 300; ++k) s.list.weight.push_back(.5 + rng.uniform());
  s.set = make_observations(31, 23, s.list);
  s.loss = flow::make_observed_loss(s.set);
  s.point = test::random_model(31, 23, Vector::LinSpaced(rank, 3, 1), 5);
  s.point.mean = .3;
  s.point.row_bias = test::normal_matrix(31, 1, 6);
  s.point.column_bias = test::normal_matrix(23, 1, 7);
  s.residual = s.weight = Matrix::Zero(31, 23);
  for (Index k = 0; k < 300; ++k) {
    const Index i = s.list.row[k], j = s.list.column[k];
    s.weight(i, j) = s.list.weight[k];
    s.residual(i, j) = s.list.weight[k] * (s.point(i, j) - s.list.value[k]);
  }
  return s;
}

TEST(FlowLoss, GivesTheDenseGradientAndItsSums) {
  for (const Index rank : {1, 4, 9}) {
    const Scene s = weighted_scene(rank);
    const flow::Slope slope = flow::slope_at(*s.loss, s.point);
    EXPECT_LT((slope.g_right - s.residual * s.point.v).norm(), kRoundOff);
    EXPECT_LT((slope.gt_left - s.residual.transpose() * s.point.u).norm(), kRoundOff);
    EXPECT_LT((slope.row_sums - s.residual.rowwise().sum()).norm(), kRoundOff);
    EXPECT_LT((slope.column_sums - s.residual.colwise().sum().transpose()).norm(), kRoundOff);
    EXPECT_LT((flow::sums_at(*s.loss, s.point, false) - slope.row_sums).norm(), kRoundOff);
    EXPECT_LT((flow::sums_at(*s.loss, s.point, true) - slope.column_sums).norm(), kRoundOff);
    EXPECT_NEAR(flow::value_at(*s.loss, s.point), slope.loss, kRoundOff);
    const Matrix left = s.point.u * s.point.s.asDiagonal(), x = test::normal_matrix(23, 3, 8),
                 y = test::normal_matrix(31, 2, 9);
    EXPECT_LT((s.loss->apply({left, s.point.v, s.point}, x, false) - s.residual * x).norm(), kRoundOff);
    EXPECT_LT((s.loss->apply({left, s.point.v, s.point}, y, true) - s.residual.transpose() * y).norm(), kRoundOff);
  }
}

TEST(FlowLoss, GivesTheCurvatureOfDenseTangents) {
  const Scene s = weighted_scene(4);
  const flow::Tangent xi{test::normal_matrix(31, 4, 11), test::normal_matrix(23, 4, 12)};
  const flow::Tangent eta{test::normal_matrix(31, 4, 13), test::normal_matrix(23, 4, 14)};
  const auto dense = [&](const flow::Tangent& t) {
    return Matrix(t.left * s.point.v.transpose() + s.point.u * t.right.transpose());
  };
  const auto inner = [&](const Matrix& a, const Matrix& b) { return s.weight.cwiseProduct(a).cwiseProduct(b).sum(); };
  const PlaneSums q = s.loss->curvature(s.point, xi, &eta);
  EXPECT_NEAR(q.aa, inner(dense(xi), dense(xi)), kRoundOff);
  EXPECT_NEAR(q.ab, inner(dense(xi), dense(eta)), kRoundOff);
  EXPECT_NEAR(q.bb, inner(dense(eta), dense(eta)), kRoundOff);
  Matrix out_left, out_right;
  s.loss->normal_product({s.point.u, s.point.v, s.point}, xi.left, xi.right, out_left, out_right);
  const Matrix t = s.weight.cwiseProduct(dense(xi));
  EXPECT_LT((out_left - t * s.point.v).norm(), kRoundOff);
  EXPECT_LT((out_right - t.transpose() * s.point.u).norm(), kRoundOff);
}

TEST(FlowDirection, CouplingIsItsDefiningSumAlsoForCloseAndForFarValues) {
  const Vector s = (Vector(6) << 7, 7 * (1 - 1e-13), 7 * (1 - 1e-6), 1, 1e-4, 1e-9).finished();
  for (const int depth : {2, 3, 5}) {
    const Matrix h = flow::coupling(s, depth);
    for (Index a = 0; a < 6; ++a)
      for (Index b = 0; b < 6; ++b) {
        double sum = 0;
        for (int j = 1; j <= depth; ++j)
          sum += std::pow(s[a], 2.0 * (depth - j) / depth) * std::pow(s[b], 2.0 * (j - 1) / depth);
        EXPECT_NEAR(h(a, b), sum, 1e-13 * sum) << depth << " " << a << " " << b;
      }
  }
}

// T2: dW/dt = - sum_j (W W^T)^((L-j)/L) G (W^T W)^((j-1)/L), and the balanced factors move the same way.
TEST(FlowDirection, IsTheEndToEndDynamicsOfTheDenseMatrix) {
  const Scene s = weighted_scene(4);
  const flow::Slope slope = flow::slope_at(*s.loss, s.point);
  for (const int depth : {2, 3, 4}) {
    const flow::Law law{static_cast<double>(depth), .2};
    const auto power = [&](const Matrix& q, double p) {
      if (p == 0) return Matrix(Matrix::Identity(q.rows(), q.rows()));
      return Matrix(q * s.point.s.array().pow(2 * p).matrix().asDiagonal() * q.transpose());
    };
    Matrix expected = -law.weight_decay * depth * test::product(s.point);
    for (int j = 1; j <= depth; ++j)
      expected -= power(s.point.u, double(depth - j) / depth) * s.residual * power(s.point.v, double(j - 1) / depth);
    const flow::Tangent xi = flow::flow_direction(s.point, slope, law);
    const Matrix dense = xi.left * s.point.v.transpose() + s.point.u * xi.right.transpose();
    EXPECT_LT((dense - expected).norm(), kRoundOff * expected.norm());
    const flow::Balanced w = flow::balance(s.point);
    const flow::Balanced rate = flow::flow_rate(w, flow::frame_of(w), s.loss->slope({w.a, w.b, s.point}), law);
    EXPECT_LT((rate.a * w.b.transpose() + w.a * rate.b.transpose() - expected).norm(), kRoundOff * expected.norm());
    const Matrix balance = w.a.transpose() * rate.a - w.b.transpose() * rate.b;
    EXPECT_LT((balance + balance.transpose()).norm(), kRoundOff * expected.norm());
  }
}

TEST(FlowPoint, RetractionIsTheBestApproximationOfItsRank) {
  const Scene s = weighted_scene(4);
  flow::Tangent xi{test::normal_matrix(31, 4, 11), test::normal_matrix(23, 4, 12)};
  xi.right -= s.point.v * (s.point.v.transpose() * xi.right);
  const Matrix moved =
      test::product(s.point) + .1 * (xi.left * s.point.v.transpose() + s.point.u * xi.right.transpose());
  const Svd<double> parts = svd<double>(moved);
  const Matrix best = parts.u.leftCols(4) * parts.s.head(4).asDiagonal() * parts.v.leftCols(4).transpose();
  EXPECT_LT((test::product(flow::Retraction(s.point, xi).at(.1)) - best).norm(), kRoundOff);
}

TEST(FlowDirection, TopPairsAreThoseOfTheProjectedGradient) {
  const Scene s = weighted_scene(2);
  const Matrix pu = Matrix::Identity(31, 31) - s.point.u * s.point.u.transpose();
  const Matrix pv = Matrix::Identity(23, 23) - s.point.v * s.point.v.transpose();
  const Vector expected = singular_values(pu * s.residual * pv);
  const flow::Pairs pairs = flow::top_pairs(*s.loss, s.point, 3, 100, 1);
  for (Index k = 0; k < 3; ++k) {
    EXPECT_NEAR(pairs.g[k], expected[k], 1e-6 * expected[0]);
    EXPECT_NEAR(-pairs.p.col(k).dot(s.residual * pairs.q.col(k)), expected[k], 1e-6 * expected[0]);
  }
}

}  // namespace
}  // namespace rankflow
