// Growing CP: what it solves, what it refuses to call solved, noise, resumed fits, limits.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/grow_cp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/threads.h"
#include "rankflow/error.h"
#include "support/planted_tensors.h"

namespace rankflow {
namespace {

using test::cp_cells;
using test::cp_target;
using test::observe;
using test::relative_error;

// Tests run beside each other.
const int kThreads = set_num_threads(1);

const std::vector<Index> kShape{10, 10, 10, 10};

TensorProblem<double> rank_five(Index count, std::uint64_t seed, double noise = 0) {
  return observe(kShape, cp_cells(cp_target(kShape, 5, seed)), count, seed, noise);
}

double error_of(const GrowCpResult& result, std::uint64_t seed) {
  return relative_error(cp_cells(result.model.factors), cp_cells(cp_target(kShape, 5, seed)));
}

TEST(GrowCp, FindsFiveComponentsInAFifthOfTheCells) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const GrowCpResult result = fit_grow_cp(rank_five(2000, seed));
    EXPECT_EQ(result.verdict, GrowVerdict::solved) << result.message;
    EXPECT_EQ(result.stop, Stop::converged);
    EXPECT_EQ(result.model.factors[0].cols(), 5);
    EXPECT_LT(result.relative_residual, 1e-7);
    EXPECT_LT(error_of(result, seed), 1e-9);
    EXPECT_LT(result.amplification, 20);
  }
}

TEST(GrowCp, NeedsFewObservations) {
  // 500 observations of 185 degrees of freedom; later attempts are used where the first fails.
  for (const std::uint64_t seed : {2, 3}) {
    const GrowCpResult result = fit_grow_cp(rank_five(500, seed));
    EXPECT_EQ(result.verdict, GrowVerdict::solved) << result.message;
    EXPECT_EQ(result.model.factors[0].cols(), 5);
    EXPECT_LT(error_of(result, seed), 1e-9);
  }
}

TEST(GrowCp, DoesNotClaimWhatTheDataDoNotDetermine) {
  const GrowCpResult result = fit_grow_cp(rank_five(300, 1), nullptr, {.attempts = 5});
  EXPECT_EQ(result.verdict, GrowVerdict::not_determined);
  EXPECT_GT(error_of(result, 1), .1);
}

TEST(GrowCp, IndicesWithoutObservationsAreNotDetermined) {
  const std::vector<Index> shape{8, 7, 9};
  const Vector all = cp_cells(cp_target(shape, 2, 4));
  std::vector<Index> numbers;
  for (const Index number : test::draw_cells(all.size(), 300, 4))
    if (number / (7 * 9) != 3) numbers.push_back(number);  // nothing of slice 3 along mode 0
  const auto problem = test::observe_cells(shape, numbers, [&](Index number) { return all[number]; });
  const GrowCpResult result = fit_grow_cp(problem, nullptr, {.strategy = GrowStrategy::exact, .attempts = 2});
  EXPECT_LT(result.relative_residual, 1e-7);
  EXPECT_EQ(result.verdict, GrowVerdict::not_determined) << result.message;
}

TEST(GrowCp, ASolutionThatTheValidationPartContradictsIsNotSolved) {
  const std::vector<Index> shape{8, 7, 9};
  const auto train = observe(shape, cp_cells(cp_target(shape, 2, 4)), 250, 4);
  const auto other = observe(shape, cp_cells(cp_target(shape, 2, 5)), 50, 6);
  const GrowCpResult result = fit_grow_cp(train, &other, {.strategy = GrowStrategy::exact, .attempts = 2});
  EXPECT_NE(result.verdict, GrowVerdict::solved);
  const auto same = observe(shape, cp_cells(cp_target(shape, 2, 4)), 50, 6);
  EXPECT_EQ(fit_grow_cp(train, &same).verdict, GrowVerdict::solved);
}

TEST(GrowCp, ChoosesComponentsAndRidgeOnNoisyData) {
  for (const std::uint64_t seed : {1, 2}) {
    const GrowCpResult result = fit_grow_cp(rank_five(2000, seed, .1));
    EXPECT_EQ(result.verdict, GrowVerdict::predicts) << result.message;
    EXPECT_EQ(result.strategy, GrowStrategy::noisy);
    EXPECT_EQ(result.model.factors[0].cols(), 5);
    // The least possible: noise times sqrt(degrees of freedom / observations) = .0304 on average.
    EXPECT_LT(error_of(result, seed), .045);
    EXPECT_NEAR(result.validation_rmse / result.baseline_rmse, .105, .02);
  }
}

// Without a ridge, components of a noisy fit may run away from each other, large and nearly opposite, and a small
// validation part does not always mind.
TEST(GrowCp, WhatIsKeptOfNoisyDataHasARidge) {
  const std::vector<Index> shape{5, 20, 15};
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const Vector cells = cp_cells(cp_target(shape, 4, seed));
    const TensorProblem<double> validation = observe(shape, cells, 40, seed + 10, .1);
    const GrowCpResult result = fit_grow_cp(observe(shape, cells, 500, seed, .1), &validation, {.attempts = 3});
    EXPECT_EQ(result.verdict, GrowVerdict::predicts) << result.message;
    EXPECT_GT(result.ridge, 0) << "seed " << seed;
  }
}

TEST(GrowCp, FindsNothingInNoise) {
  TensorProblem<double> problem = rank_five(1000, 1);
  Rng rng(3);
  for (double& value : problem.value) value = rng.normal();
  const GrowCpResult result = fit_grow_cp(problem, nullptr, {.attempts = 2});
  EXPECT_EQ(result.verdict, GrowVerdict::not_determined) << result.message;
}

TEST(GrowCp, WeightsSayWhichObservationsToTrust) {
  // A tenth of the observations are off by 1 % of their size. Taken at a billionth of the weight, they are no obstacle.
  const std::vector<Index> shape{8, 7, 9};
  const Vector all = cp_cells(cp_target(shape, 2, 4));
  auto problem = observe(shape, all, 300, 4);
  problem.weight.assign(problem.value.size(), 1);
  for (Index k = 0; k < problem.count(); k += 10) problem.value[k] *= 1.01, problem.weight[k] = 1e-12;
  const GrowCpResult result = fit_grow_cp(problem);
  EXPECT_EQ(result.verdict, GrowVerdict::solved) << result.message;
  EXPECT_LT(relative_error(cp_cells(result.model.factors), all), 1e-6);
}

TEST(GrowCp, ARefitStartsFromWhatWasFound) {
  const auto part = rank_five(1500, 2, .1), all = rank_five(2000, 2, .1);
  const GrowCpResult first = fit_grow_cp(part);
  ASSERT_EQ(first.verdict, GrowVerdict::predicts);
  const GrowCpResult again = refit_grow_cp(all, first);
  EXPECT_EQ(again.verdict, GrowVerdict::predicts);
  EXPECT_EQ(again.model.factors[0].cols(), first.model.factors[0].cols());
  EXPECT_LT(error_of(again, 2), error_of(first, 2));
  const GrowCpResult exact = refit_grow_cp(rank_five(2000, 3), fit_grow_cp(rank_five(1000, 3)));
  EXPECT_EQ(exact.verdict, GrowVerdict::solved) << exact.message;
}

TEST(GrowCp, ResumedFitsHaveTheSameBits) {
  struct Kind {
    TensorProblem<double> problem;
    GrowOptions options;
  };
  for (const Kind& kind : {Kind{rank_five(500, 3), {}}, Kind{rank_five(1000, 2, .2), {}}}) {
    const GrowCpResult whole = fit_grow_cp(kind.problem, nullptr, kind.options);
    auto engine = std::make_unique<GrowCp>(kind.problem, nullptr, kind.options);
    while (engine->step()) {
      const Archive state = engine->state();
      engine = std::make_unique<GrowCp>(kind.problem, nullptr, kind.options);
      engine->restore(state);
    }
    const GrowCpResult pieces = engine->result();
    EXPECT_EQ(pieces.verdict, whole.verdict);
    EXPECT_EQ(pieces.iterations, whole.iterations);
    EXPECT_EQ(pieces.stop, whole.stop);
    EXPECT_EQ(pieces.validation_rmse == whole.validation_rmse, !std::isnan(whole.validation_rmse));
    ASSERT_EQ(pieces.model.factors.size(), whole.model.factors.size());
    for (std::size_t n = 0; n < whole.model.factors.size(); ++n)
      EXPECT_EQ(pieces.model.factors[n], whole.model.factors[n]);
  }
}

TEST(GrowCp, StatesOfOtherDataAreRefused) {
  GrowCp one(rank_five(500, 1), nullptr, {}), other(rank_five(500, 2), nullptr, {});
  one.step();
  EXPECT_THROW(other.restore(one.state()), InputError);
  Archive broken = one.state();
  broken.set("grow.current.weights", Vector(Vector::Zero(7)));
  EXPECT_THROW(one.restore(broken), InputError);
  broken = one.state();
  broken.erase("grow.counters");
  EXPECT_THROW(one.restore(broken), InputError);
}

TEST(GrowCp, IsTheSameBitsForAnyNumberOfThreads) {
  const std::vector<Index> shape{25, 25, 25};
  const auto problem = observe(shape, cp_cells(cp_target(shape, 2, 1)), 9000, 1);
  set_num_threads(1);
  const GrowCpResult one = fit_grow_cp(problem);
  set_num_threads(2);
  const GrowCpResult two = fit_grow_cp(problem);
  set_num_threads(1);
  EXPECT_EQ(one.verdict, GrowVerdict::solved);
  for (std::size_t n = 0; n < shape.size(); ++n) EXPECT_EQ(one.model.factors[n], two.model.factors[n]);
}

TEST(GrowCp, WatchersSeeComponentsEnterAndMayEndTheFit) {
  const auto problem = rank_five(2000, 1);
  std::vector<Index> components;
  std::vector<double> residuals;
  const GrowWatcher watch = [&](const GrowStep& step) {
    if (step.stage == "grow") components.push_back(step.components), residuals.push_back(step.relative_residual);
    EXPECT_EQ(static_cast<Index>(step.component_norms.size()), step.components);
    // loss is the mean square: the residual's definition.
    double squares = 0;
    for (const double value : problem.value) squares += value * value;
    EXPECT_NEAR(step.loss, step.relative_residual * step.relative_residual * squares / 2000, 1e-12 * squares);
    return step.components == 3 ? Next::finish : Next::proceed;
  };
  const GrowCpResult result = fit_grow_cp(problem, nullptr, {}, std::span(&watch, 1));
  EXPECT_EQ(result.stop, Stop::interrupted);
  EXPECT_THAT(components, testing::ElementsAre(1, 2, 3));
  EXPECT_TRUE(std::is_sorted(residuals.rbegin(), residuals.rend()));
  EXPECT_EQ(result.model.factors[0].rows(), 10);
}

TEST(GrowCp, TimeIsLimitedInsideOfSteps) {
  const GrowCpResult result = fit_grow_cp(rank_five(2000, 1), nullptr, {.max_seconds = 1e-6});
  EXPECT_EQ(result.stop, Stop::time_limit);
  EXPECT_EQ(result.verdict, GrowVerdict::not_determined);
}

TEST(GrowCp, ZeroIsSolvedByNoComponents) {
  TensorProblem<double> problem = rank_five(500, 1);
  for (double& value : problem.value) value = 0;
  const GrowCpResult result = fit_grow_cp(problem);
  EXPECT_EQ(result.model.factors[0].cols(), 0);
  EXPECT_EQ(result.verdict, GrowVerdict::solved) << result.message;
}

TEST(GrowCp, RefusesWhatItCannotFit) {
  TensorProblem<double> problem = rank_five(100, 1);
  problem.loss.penalty = TensorPenalty::logistic;
  EXPECT_THROW(fit_grow_cp(problem), InputError);
  problem = rank_five(100, 1);
  problem.index[2][5] = 10;
  EXPECT_THROW(fit_grow_cp(problem), InputError);
  problem = rank_five(100, 1);
  problem.value[3] = kNaN;
  EXPECT_THROW(fit_grow_cp(problem), InputError);
  problem = rank_five(100, 1);
  problem.weight.assign(100, 0);
  EXPECT_THROW(fit_grow_cp(problem), InputError);
  problem = rank_five(100, 1);
  problem.index.pop_back();
  EXPECT_THROW(fit_grow_cp(problem), InputError);
  TensorProblem<double> empty;
  empty.shape = {2, 2};
  empty.index.resize(2);
  EXPECT_THROW(fit_grow_cp(empty), InputError);
  EXPECT_THROW(fit_grow_cp(rank_five(100, 1), nullptr, {.tolerance = 0}), OptionError);
}

}  // namespace
}  // namespace rankflow
