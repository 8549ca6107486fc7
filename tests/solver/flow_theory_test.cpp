// What is proved about the end-to-end flow, as numbers: its velocity as a dense sum, the motion of singular vectors,
// and the inequalities of the 2 x 2 problem along whole runs. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "instrument/two_by_two.h"
#include "rankflow/flow_problem.h"
#include "rankflow/instrument.h"
#include "solver/flow/balanced.h"
#include "solver/flow/measured_loss.h"
#include "support/flow_problems.h"

namespace rankflow {
namespace {

// a^power for a positive semidefinite matrix; a^0 is the identity.
Matrix power(const Matrix& a, double exponent) {
  if (exponent == 0) return Matrix::Identity(a.rows(), a.rows());
  const SymmetricEigen parts = symmetric_eigen(a);
  const double least = 1e-12 * parts.values.maxCoeff();  // below is round-off of zero
  const Vector values = parts.values.unaryExpr([&](double x) { return x > least ? std::pow(x, exponent) : 0; });
  return parts.vectors * values.asDiagonal() * parts.vectors.transpose();
}

// dW/dt = -sum_j (W W^T)^((N-j)/N) G (W^T W)^((j-1)/N) (Arora, Cohen, Hazan 2018).
Matrix dense_velocity(const Matrix& w, const Matrix& g, int depth) {
  Matrix velocity = Matrix::Zero(w.rows(), w.cols());
  for (int j = 1; j <= depth; ++j)
    velocity -= power(w * w.transpose(), static_cast<double>(depth - j) / depth) * g *
                power(w.transpose() * w, static_cast<double>(j - 1) / depth);
  return velocity;
}

// Full rank, low rank, wide enough for LAPACK's rotations, and equal singular values.
TEST(FlowTheory, TheVelocityIsTheDenseSumOfTheDeepProduct) {
  struct Case {
    Index rows, columns;
    Vector s;
  };
  const std::vector<Case> cases{{7, 5, Vector::LinSpaced(5, 2, .1)},
                                {7, 5, Vector::LinSpaced(2, 2, 1)},
                                {6, 6, Vector::Constant(6, .3)},
                                {40, 30, Vector::LinSpaced(30, 3, 1e-3)}};
  for (const int depth : {2, 3, 4})
    for (const Case& one : cases) {
      SCOPED_TRACE(std::to_string(depth) + ", rank " + std::to_string(one.s.size()));
      const LowRankModel at = test::random_model(one.rows, one.columns, one.s, 5);
      const Matrix target = test::normal_matrix(one.rows, one.columns, 8), w = test::product(at);
      const auto problem = full_problem<double>(target, {Normalization::half_sum});
      const auto loss = flow::make_loss(problem);
      const flow::Balanced balanced = flow::balance(at);
      const flow::Slope slope = loss->slope({balanced.a, balanced.b, at});
      const flow::Balanced rate = flow::flow_rate(balanced, flow::frame_of(balanced), slope, {double(depth), 0});
      const Matrix velocity = rate.a * balanced.b.transpose() + balanced.a * rate.b.transpose();
      const Matrix expected = dense_velocity(w, w - target, depth);
      EXPECT_LT((velocity - expected).norm(), 1e-7 * expected.norm());  // powers of W W^T lose half of the digits
    }
}

// With M = U^T G V, S = diag(s), F_rs = 1 / (s_s^(2/N) - s_r^(2/N)) off the diagonal and 0 on it:
// dU/dt = -U (F o [M S + S M^T]) - (I - U U^T) G V S^(1-2/N), and the same for V with G^T (Arora et al. 2019).
Matrix vector_velocity(const Matrix& u, const Matrix& v, const Vector& s, const Matrix& g, int depth) {
  const Matrix m = u.transpose() * g * v;
  Matrix f = m * s.asDiagonal();
  f += f.transpose().eval();
  for (Index r = 0; r < s.size(); ++r)
    for (Index c = 0; c < s.size(); ++c)
      f(r, c) *= r == c ? 0 : 1 / (std::pow(s[c], 2.0 / depth) - std::pow(s[r], 2.0 / depth));
  const Matrix outside = g * v - u * m;
  return -u * f - outside * Vector(s.array().pow(1 - 2.0 / depth)).asDiagonal();
}

TEST(FlowTheory, SingularVectorsMoveAsDerived) {
  const Matrix target = test::low_rank_matrix(7, 4, 3, 2);
  const auto problem = completion_problem<double>(7, 4, test::sample(target, 20, 3), {Normalization::half_sum});
  const LowRankModel from = test::random_model(7, 4, Vector::LinSpaced(4, 1.2, .3), 5);
  for (const int depth : {2, 3, 4}) {
    SCOPED_TRACE(depth);
    const double h = 1e-4;
    const auto at = [&](double time) {
      FlowOptions options{.depth = static_cast<double>(depth)};
      options.max_time = time;
      options.path_tolerance = 1e-12;
      options.tolerance = 1e-14;
      LowRankModel model = follow_flow(problem, test::product(from), options).model;
      for (Index a = 0; a < 4; ++a)  // signs are free
        if (model.u.col(a).dot(from.u.col(a)) < 0) model.u.col(a) *= -1, model.v.col(a) *= -1;
      return model;
    };
    const LowRankModel before = at(.01 - h), now = at(.01), after = at(.01 + h);
    Matrix g;
    loss_at(problem, test::product(now), &g);
    const Matrix du = (after.u - before.u) / (2 * h), dv = (after.v - before.v) / (2 * h);
    EXPECT_LT((du - vector_velocity(now.u, now.v, now.s, g, depth)).norm(), 1e-5 * du.norm());
    EXPECT_LT((dv - vector_velocity(now.v, now.u, now.s, g.transpose(), depth)).norm(), 1e-5 * dv.norm());
  }
}

// (? z; z' e), half the sum of squares, from det W(0) of the sign of z z'; every step of the flow.
Trajectory two_by_two_run(double z, double z_prime, double e, double depth, double loss) {
  EntryList<double> entries{{0, 1, 1}, {1, 0, 1}, {z, z_prime, e}, {}};
  const auto problem = completion_problem<double>(2, 2, entries, {Normalization::half_sum});
  Matrix start(2, 2);
  start << 8, 3, 2, 6;  // det > 0
  if (z * z_prime < 0) start.row(1) *= -1;
  FlowOptions options{.depth = depth};
  options.max_time = 1e6;
  options.max_iterations = 1'000'000;
  options.path_tolerance = 1e-7;
  options.tolerance = std::sqrt(2 * loss / (z * z + z_prime * z_prime + e * e));
  Trajectory trajectory;
  const std::vector<Watcher> watchers{
      record_into(trajectory, {make_instrument("singular_values", 2, 2), make_instrument("effective_rank", 2, 2),
                               make_instrument("determinant_sign", 2, 2), make_instrument("end_matrix", 2, 2)})};
  const FlowResult result = follow_flow<double>(problem, 1e-6 * start, options, watchers);
  EXPECT_EQ(result.stop, Stop::converged) << result.message;
  return trajectory;
}

TEST(FlowTheory, InTheTwoByTwoProblemNormsGrowWithoutBoundWhileTheRankGoesToOne) {
  for (const double depth : {2.0, 3.0, 4.0}) {
    SCOPED_TRACE(depth);
    const Trajectory run = two_by_two_run(1, 1, 0, depth, 1e-3);
    const auto losses = run.series("loss"), w11 = run.series("w_0_0"), s1 = run.series("sigma_1"),
               s2 = run.series("sigma_2"), erank = run.series("effective_rank"), sign = run.series("determinant_sign");
    ASSERT_LT(losses.back(), 1e-3);
    for (std::size_t k = 0; k < losses.size(); ++k) {
      const double loss = losses[k], size = std::abs(w11[k]);
      ASSERT_EQ(sign[k], 1);
      ASSERT_LE(erank[k] - 1, std::max(0.0, most_effective_rank(loss) - 1) + 1e-12);
      ASSERT_LE(s2[k], most_rank_one_distance(loss));
      ASSERT_GE(std::hypot(s1[k], s2[k]), least_norm(loss, 1, 1, 1));
      ASSERT_GE(size, loss <= .25 ? least_unobserved_entry(loss) : 0);
      ASSERT_NEAR(size * std::sqrt(2 * loss), 1, loss <= 1e-2 ? .03 : 2);
    }
    EXPECT_LT(largest_rise(losses), 1e-15);
  }
}

TEST(FlowTheory, PerturbedDataBoundTheUnobservedEntry) {
  for (const auto& [e, expected] : {std::pair{.5, -1.76}, {.1, -6.8}}) {
    const Trajectory run = two_by_two_run(-2, .5, e, 3, 1e-3);
    const auto losses = run.series("loss"), w11 = run.series("w_0_0");
    for (std::size_t k = 0; k < losses.size(); ++k)
      ASSERT_GE(std::abs(w11[k]), least_unobserved_entry(losses[k], -2, .5, e)) << "loss " << losses[k];
    EXPECT_NEAR(w11.back() / expected, 1, .02);
  }
}

}  // namespace
}  // namespace rankflow
