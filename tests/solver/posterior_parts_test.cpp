// The parts of the posterior engine against independent computations.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "linalg/decompositions.h"
#include "rankflow/rng.h"
#include "solver/posterior/mask_features.h"
#include "solver/posterior/mean_sketch.h"
#include "solver/posterior/side.h"
#include "solver/posterior/spread_probes.h"

namespace rankflow::posterior {
namespace {

AlignedRows<double> random_rows(Index rows, Index columns, std::uint64_t seed) {
  Rng rng(seed);
  AlignedRows<double> a(rows, columns, (columns + 7) / 8 * 8);
  for (Index i = 0; i < rows; ++i)
    for (Index k = 0; k < columns; ++k) a.row(i)[k] = rng.normal();
  return a;
}

Matrix dense(const MeanSketch<double>::LowRank& m) {
  return m.u * m.s.asDiagonal() * m.v.transpose();
}

TEST(MeanSketch, GivesBackASumOfProductsWhoseRankItCanHold) {
  // 400 x 300 is sketched, 30 x 20 is kept whole.
  for (const auto& [m, n] : {std::pair<Index, Index>{400, 300}, {30, 20}}) {
    MeanSketch<double> sketch(m, n, 12, 7);
    Matrix sum = Matrix::Zero(m, n);
    for (int sample = 0; sample < 3; ++sample) {
      const AlignedRows<double> u = random_rows(m, 4, 10 + sample), v = random_rows(n, 4, 20 + sample);
      const AlignedRows<double>&cu = u, &cv = v;
      sketch.add(cu.view(), cv.view(), 0.5 + sample);
      sum += (0.5 + sample) * Matrix(cu.view()) * Matrix(cv.view()).transpose();
    }
    const auto whole = sketch.approximation(12, 0.1);
    EXPECT_LT((dense(whole) - 0.1 * sum).norm(), 1e-9 * sum.norm());
    EXPECT_LT((whole.u.transpose() * whole.u - Matrix::Identity(12, 12)).norm(), 1e-9);
    // Cut to rank 5 it is the best approximation, by Eckart, Young and Mirsky.
    const Vector s = singular_values(sum);
    EXPECT_NEAR((dense(sketch.approximation(5, 1)) - sum).norm(), s.tail(s.size() - 5).norm(), 1e-8 * s[0]);
  }
}

TEST(MaskFeatures, AreTheSingularVectorsOfTheNormalizedMask) {
  Rng rng(3);
  EntryList<double> list;
  Matrix mask = Matrix::Zero(60, 40);
  for (Index i = 0; i < 60; ++i)
    for (Index j = 0; j < 40; ++j) {
      // Two blocks of rows that look at different columns, so that the leading vectors stand apart.
      const double share = (i < 30) == (j < 20) ? 0.6 : 0.1;
      if (rng.uniform() > share) continue;
      mask(i, j) = 1;
      list.row.push_back(static_cast<std::int32_t>(i));
      list.column.push_back(static_cast<std::int32_t>(j));
      list.value.push_back(1);
    }
  const auto features = mask_features(make_observations(60, 40, list), 1, 0);
  ASSERT_EQ(features.rows.cols(), 3);  // constant, log count, one vector
  const Vector row = mask.rowwise().sum(), column = mask.colwise().sum();
  const Matrix normalized =
      row.cwiseSqrt().cwiseInverse().asDiagonal() * mask * column.cwiseSqrt().cwiseInverse().asDiagonal();
  const Svd<double> expected = svd<double>(normalized);
  EXPECT_NEAR(expected.s[0], 1, 1e-12);  // the trivial one
  EXPECT_NEAR(std::abs(features.rows.col(2).dot(expected.u.col(1))) / std::sqrt(60.0), 1, 1e-3);
  EXPECT_NEAR(std::abs(features.columns.col(2).dot(expected.v.col(1))) / std::sqrt(40.0), 1, 1e-3);
  EXPECT_NEAR(features.rows.col(1).mean(), 0, 1e-12);
  EXPECT_NEAR(features.rows.col(1).squaredNorm() / 60, 1, 1e-9);
}

TEST(SpreadProbes, DescribeVariancesThatAreASumOfRowAndColumn) {
  // Only biases vary: the variance at (i, j) is exactly r_i^2 + c_j^2.
  const Index m = 40, n = 30;
  Rng rng(9);
  Vector row(m), column(n);
  for (Index i = 0; i < m; ++i) row[i] = 0.2 + rng.uniform();
  for (Index j = 0; j < n; ++j) column[j] = 0.2 + rng.uniform();
  SpreadProbes<double> probes(m, n, 1);
  AlignedRows<double> x(m, 3, 8), z(n, 3, 8);
  for (int sample = 0; sample < 4000; ++sample) {
    for (Index i = 0; i < m; ++i) x.row(i)[0] = row[i] * rng.normal();
    for (Index j = 0; j < n; ++j) z.row(j)[0] = column[j] * rng.normal();
    probes.add(x, z);
  }
  Vector row_spread, column_spread;
  probes.fit(row_spread, column_spread);
  double relative = 0;
  for (Index i = 0; i < m; ++i)
    for (Index j = 0; j < n; ++j) {
      const double expected = row[i] * row[i] + column[j] * column[j];
      relative += std::abs(row_spread[i] + column_spread[j] - expected) / expected / static_cast<double>(m * n);
    }
  EXPECT_LT(relative, 0.05);  // 4000 samples: about 2 % a probe
}

TEST(Prior, FollowsTheVectorsWhereThereAreMany) {
  // 20,000 vectors of known mean (linear in a feature) and covariance: the draw must be close to both.
  const Index lines = 20'000, d = 3;
  Rng rng(4);
  Side<double> side;
  side.vectors = AlignedRows<double>(lines, d, 8);
  side.features.resize(lines, 2);
  Matrix root(d, d);
  root << 1, 0, 0, 0.5, 0.7, 0, -0.3, 0.2, 0.4;
  Matrix b(2, d);
  b << 1, -2, 0.5, 0.3, 0.1, -0.6;
  for (Index i = 0; i < lines; ++i) {
    side.features(i, 0) = 1;
    side.features(i, 1) = rng.normal();
    const Vector z{{rng.normal(), rng.normal(), rng.normal()}};
    const Vector x = b.transpose() * side.features.row(i).transpose() + root * z;
    for (Index k = 0; k < d; ++k) side.vectors.row(i)[k] = x[k];
  }
  side.feature_gram = side.features.transpose() * side.features;
  draw_prior(side, 1, 2);
  const double error = 5 / std::sqrt(static_cast<double>(lines));  // five standard deviations of order 1
  EXPECT_LT((side.prior.coefficients - b).cwiseAbs().maxCoeff(), error);
  EXPECT_LT((side.prior.precision * (root * root.transpose()) - Matrix::Identity(d, d)).cwiseAbs().maxCoeff(),
            10 * error);
  EXPECT_GT(side.prior.feature_decay, 0);
}

}  // namespace
}  // namespace rankflow::posterior
