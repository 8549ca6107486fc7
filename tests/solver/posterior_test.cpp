// The posterior engine: right on data whose truth is known, calibrated, and the same bits however it is run.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/posterior.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/threads.h"
#include "rankflow/rng.h"

namespace rankflow {
namespace {

// A rank-3 matrix with biases, observed with noise at random entries.
struct Synthetic {
  Synthetic(Index m, Index n, double share, double noise_level, std::uint64_t seed) : truth(m, n) {
    Rng rng(seed);
    Matrix u(m, 3), v(n, 3);
    for (Index i = 0; i < u.size(); ++i) u.data()[i] = rng.normal();
    for (Index i = 0; i < v.size(); ++i) v.data()[i] = rng.normal();
    truth = u * v.transpose();
    for (Index i = 0; i < m; ++i) truth.row(i).array() += 10 + rng.normal();
    for (Index i = 0; i < m; ++i)
      for (Index j = 0; j < n; ++j) {
        if (rng.uniform() >= share) continue;
        EntryList<double>& list = rng.uniform() < 0.1 ? validation : train;
        list.row.push_back(static_cast<std::int32_t>(i));
        list.column.push_back(static_cast<std::int32_t>(j));
        list.value.push_back(truth(i, j) + noise_level * rng.normal());
      }
    observed = make_observations(m, n, train);
  }
  Matrix truth;
  EntryList<double> train, validation;
  Observations<double> observed;
};

constexpr std::pair<double, double> kNoRange{1, -1};

PosteriorOptions short_run() {
  PosteriorOptions options;
  options.width = 6;
  options.features = 4;
  options.sweeps = 40;
  options.burn_in = 15;
  options.seed = 5;
  return options;
}

double rmse(const Matrix& truth, const LowRankModel& model) {
  double squares = 0;
  for (Index i = 0; i < truth.rows(); ++i)
    for (Index j = 0; j < truth.cols(); ++j) squares += std::pow(model(i, j) - truth(i, j), 2);
  return std::sqrt(squares / static_cast<double>(truth.size()));
}

TEST(Posterior, FindsTheTruthToTheErrorThatTheNoiseLeaves) {
  const double noise = 0.5;
  const Synthetic data(120, 80, 0.5, noise, 1);
  PosteriorOptions options = short_run();
  options.sweeps = 80;
  const PosteriorResult result = fit_posterior(data.observed, data.validation, options, kNoRange, nullptr, {});
  // An oracle that knows the rank has error noise * sqrt(degrees of freedom / observations).
  const double freedom = 3.0 * (120 + 80 - 3) + 120;
  const double oracle = noise * std::sqrt(freedom / static_cast<double>(data.observed.count()));
  EXPECT_LT(rmse(data.truth, result.model), 1.3 * oracle);
  EXPECT_EQ(result.stop, Stop::converged);
  EXPECT_NEAR(result.validation_rmse, std::hypot(noise, oracle), 0.05);
}

TEST(Posterior, LearnsTheNoiseAndSaysHowSureItIs) {
  const double noise = 0.5;
  const Synthetic data(120, 80, 0.5, noise, 2);
  const PosteriorResult result = fit_posterior(data.observed, data.validation, short_run(), kNoRange, nullptr, {});
  double mean_noise = 0;
  Index inside = 0;
  for (Index i = 0; i < 120; ++i)
    for (Index j = 0; j < 80; ++j)
      mean_noise += result.spread.row_noise[i] * result.spread.column_noise[j] / (120.0 * 80.0);
  EXPECT_NEAR(std::sqrt(mean_noise), noise, 0.1 * noise);
  Rng rng(3);
  for (Index i = 0; i < 120; ++i)
    for (Index j = 0; j < 80; ++j) {
      const double fresh = data.truth(i, j) + noise * rng.normal();
      inside += std::abs(result.model(i, j) - fresh) < 1.645 * std::sqrt(result.spread.variance(i, j));
    }
  EXPECT_NEAR(static_cast<double>(inside) / (120.0 * 80.0), 0.9, 0.03);  // before any calibration
}

void expect_same(const PosteriorResult& a, const PosteriorResult& b) {
  EXPECT_EQ(a.kept, b.kept);
  EXPECT_EQ(a.validation_rmse, b.validation_rmse);
  EXPECT_TRUE(a.model.u == b.model.u);
  EXPECT_TRUE(a.model.v == b.model.v);
  EXPECT_TRUE(a.model.s == b.model.s);
  EXPECT_TRUE(a.model.row_bias == b.model.row_bias);
  EXPECT_TRUE(a.spread.row_spread == b.spread.row_spread);
  EXPECT_TRUE(a.spread.column_noise == b.spread.column_noise);
}

// Large enough that all parallel paths, the sketch included, are taken.
TEST(Posterior, GivesTheSameBitsForAnyNumberOfThreads) {
  const Synthetic data(1500, 900, 0.03, 0.5, 4);
  set_num_threads(1);
  const PosteriorResult one = fit_posterior(data.observed, data.validation, short_run(), kNoRange, nullptr, {});
  for (const int threads : {2, 3}) {
    set_num_threads(threads);
    expect_same(one, fit_posterior(data.observed, data.validation, short_run(), kNoRange, nullptr, {}));
  }
  set_num_threads(0);
}

TEST(Posterior, GoesOnAfterAnInterruptionAsIfThereHadBeenNone) {
  const Synthetic data(300, 200, 0.2, 0.5, 5);
  const PosteriorResult whole = fit_posterior(data.observed, data.validation, short_run(), kNoRange, nullptr, {});
  for (const Index stop_at : {3, 15, 40}) {  // while burning in, at its end, while averaging
    Archive saved;
    const Observer stop = [&](const Step& step) { return step.iteration == stop_at ? Next::finish : Next::proceed; };
    PosteriorCheckpoint save;
    save.save = [&](const Archive& state) { saved = state; };
    const PosteriorResult part =
        fit_posterior(data.observed, data.validation, short_run(), kNoRange, nullptr, {&stop, 1}, save);
    EXPECT_EQ(part.stop, Stop::interrupted);
    PosteriorCheckpoint resume;
    resume.resume_from = &saved;
    expect_same(whole, fit_posterior(data.observed, data.validation, short_run(), kNoRange, nullptr, {}, resume));
  }
}

TEST(Posterior, IsTheSameInFloatToFourDigits) {
  const Synthetic data(120, 80, 0.5, 0.5, 6);
  EntryList<float> train, validation;
  train.row = data.train.row;
  train.column = data.train.column;
  train.value.assign(data.train.value.begin(), data.train.value.end());
  validation.row = data.validation.row;
  validation.column = data.validation.column;
  validation.value.assign(data.validation.value.begin(), data.validation.value.end());
  const auto in_float =
      fit_posterior(make_observations(120, 80, train), validation, short_run(), kNoRange, nullptr, {});
  const auto in_double = fit_posterior(data.observed, data.validation, short_run(), kNoRange, nullptr, {});
  EXPECT_NEAR(in_float.validation_rmse, in_double.validation_rmse, 2e-3);
}

TEST(Posterior, SurvivesTablesOfOneRowOneColumnAndConstantValues) {
  for (const auto& [m, n] : {std::pair<Index, Index>{1, 5}, {5, 1}, {1, 1}, {2, 2}, {40, 3}}) {
    EntryList<double> list;
    for (Index i = 0; i < m; ++i)
      for (Index j = 0; j < n; ++j) {
        list.row.push_back(static_cast<std::int32_t>(i));
        list.column.push_back(static_cast<std::int32_t>(j));
        list.value.push_back(4);
      }
    const auto result =
        fit_posterior(make_observations(m, n, list), EntryList<double>{}, short_run(), kNoRange, nullptr, {});
    EXPECT_TRUE(std::isfinite(result.train_rmse)) << m << " x " << n;
    EXPECT_NEAR(result.model(0, 0), 4, 0.5) << m << " x " << n;
  }
}

}  // namespace
}  // namespace rankflow
