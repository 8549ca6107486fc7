// Biases are the posterior means of their model, and their shrinkage is learned from the data.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/centering.h"

#include <gtest/gtest.h>

#include "base/threads.h"
#include "rankflow/rng.h"

namespace rankflow {
namespace {

constexpr double kConverged = 1e-6;  // the sweeps trade mean against biases slowly: 1e-8 after 400

// mean 3, biases of standard deviation .7 and .4, noise .5; every third cell on average; the last row is empty.
EntryList<double> biased_entries(Index m, Index n, double row_sd, double column_sd, double noise,
                                 bool weights = false) {
  Rng rng(5, m, n);
  Vector b(m), c(n);
  for (double& x : b) x = row_sd * rng.normal();
  for (double& x : c) x = column_sd * rng.normal();
  EntryList<double> list;
  for (Index i = 0; i + 1 < m; ++i)
    for (Index j = 0; j < n; ++j) {
      if (rng.uniform() > .33) continue;
      list.row.push_back(static_cast<std::int32_t>(i));
      list.column.push_back(static_cast<std::int32_t>(j));
      list.value.push_back(3 + b[i] + c[j] + noise * rng.normal());
      if (weights) list.weight.push_back(.5 + rng.uniform());
    }
  return list;
}

TEST(Centering, NoneAndMeanLeaveTheBiasesAtZero) {
  const auto set = make_observations(40, 30, biased_entries(40, 30, .7, .4, .5));
  const Biases none = fit_biases(set, Centering::none), mean = fit_biases(set, Centering::mean);
  double sum = 0;
  for (const double y : set.by_row.value) sum += y;
  EXPECT_EQ(none.mean, 0);
  EXPECT_NEAR(mean.mean, sum / static_cast<double>(set.count()), 1e-12);
  EXPECT_EQ(none.row.norm() + none.column.norm() + mean.row.norm() + mean.column.norm(), 0);
}

TEST(Centering, LearnsNoiseAndVariancesOfItsOwnModel) {
  const auto set = make_observations(400, 300, biased_entries(400, 300, .7, .4, .5));
  const Biases biases = fit_biases(set, Centering::biases);
  // Sampling error of a standard deviation from 300 draws is 4 per cent; three of those.
  EXPECT_NEAR(biases.noise, .5, .5 * .02);
  EXPECT_NEAR(std::sqrt(biases.row_variance), .7, .7 * .12);
  EXPECT_NEAR(std::sqrt(biases.column_variance), .4, .4 * .12);
  EXPECT_EQ(biases.row[399], 0);  // no observation
}

TEST(Centering, EveryBiasIsItsShrunkMeanResidual) {
  const EntryList<double> list = biased_entries(60, 50, .7, .4, .5, true);
  const auto set = make_observations(60, 50, list);
  const Biases biases = fit_biases(set, Centering::biases, 400);  // far beyond convergence
  Vector sum = Vector::Zero(60), weight = Vector::Zero(60);
  for (Index k = 0; k < list.count(); ++k) {
    sum[list.row[k]] += list.weight[k] * (list.value[k] - biases.mean - biases.column[list.column[k]]);
    weight[list.row[k]] += list.weight[k];
  }
  for (Index i = 0; i < 59; ++i) EXPECT_NEAR(biases.row[i], sum[i] / (weight[i] + biases.row_shrinkage()), kConverged);
}

TEST(Centering, WithoutRowEffectsTheRowBiasesShrinkAway) {
  const auto set = make_observations(300, 200, biased_entries(300, 200, 0, .4, .5));
  const Biases biases = fit_biases(set, Centering::biases, 200);
  EXPECT_LT(biases.row.norm() / std::sqrt(300.0), .03);  // unshrunk they would have .5 / sqrt(66) = .06
}

TEST(Centering, GivesTheSameBitsForAnyNumberOfThreadsAndAgreesInFloat) {
  const EntryList<double> list = biased_entries(900, 400, .7, .4, .5);
  const auto set = make_observations(900, 400, list);
  set_num_threads(1);
  const Biases one = fit_biases(set, Centering::biases);
  set_num_threads(2);
  const Biases two = fit_biases(set, Centering::biases);
  EXPECT_EQ(one.row, two.row);
  EXPECT_EQ(one.column, two.column);
  EXPECT_EQ(one.noise, two.noise);
  EntryList<float> narrow{list.row, list.column, {list.value.begin(), list.value.end()}, {}};
  const Biases single = fit_biases(make_observations(900, 400, narrow), Centering::biases);
  EXPECT_LT((single.row - one.row).cwiseAbs().maxCoeff(), 1e-5);  // values rounded to 2^-24
}

TEST(Centering, OfConstantOrEmptyDataIsFinite) {
  EntryList<double> list{{0, 1, 2}, {0, 1, 2}, {4, 4, 4}, {}};
  const Biases constant = fit_biases(make_observations(3, 3, list), Centering::biases);
  EXPECT_EQ(constant.mean, 4);
  EXPECT_EQ(constant.noise, 0);
  const Biases empty = fit_biases(make_observations(3, 3, EntryList<double>{}), Centering::biases);
  EXPECT_EQ(empty.mean, 0);
  EXPECT_EQ(empty.row.size(), 3);
}

}  // namespace
}  // namespace rankflow
