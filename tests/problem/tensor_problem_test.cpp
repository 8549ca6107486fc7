// Problems about an unknown tensor: penalties by hand and by differences, and what is refused.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/tensor_problem.h"

#include <gtest/gtest.h>

#include "base/threads.h"
#include "rankflow/error.h"
#include "support/tensor_problems.h"

namespace rankflow {
namespace {

constexpr double kDifferenceTolerance = 1e-8;  // central differences, h = 1e-5, numbers of size one
const std::vector<TensorPenalty> kPenalties = {TensorPenalty::squared, TensorPenalty::huber, TensorPenalty::smooth_l1,
                                               TensorPenalty::logistic, TensorPenalty::poisson};

TEST(TensorLoss, HasTheValuesOfItsDefinition) {
  EXPECT_DOUBLE_EQ(TensorLoss{}.rho(3, 1), 4);
  const TensorLoss huber{.penalty = TensorPenalty::huber, .delta = .5};
  EXPECT_DOUBLE_EQ(huber.rho(1.25, 1), .25 * .25 / 2);
  EXPECT_DOUBLE_EQ(huber.rho(-2, 1), .5 * (3 - .25));
  EXPECT_DOUBLE_EQ(huber.slope(-2, 1), -.5);
  EXPECT_DOUBLE_EQ(huber.curvature(-2, 1), 0);
  const TensorLoss smooth{.penalty = TensorPenalty::smooth_l1, .delta = .5};
  for (const double x : {-2., .9, 1.1, 7.}) EXPECT_DOUBLE_EQ(smooth.rho(x, 1), huber.rho(x, 1) / .5);
  const TensorLoss logistic{.penalty = TensorPenalty::logistic};
  EXPECT_DOUBLE_EQ(logistic.rho(0, 1), std::log(2));
  EXPECT_NEAR(logistic.rho(2, 1), -std::log(1 / (1 + std::exp(-2))), 1e-14);
  EXPECT_NEAR(logistic.rho(2, 0), -std::log(1 - 1 / (1 + std::exp(-2))), 1e-14);
  const TensorLoss poisson{.penalty = TensorPenalty::poisson};
  EXPECT_DOUBLE_EQ(poisson.rho(.5, 3), std::exp(.5) - 1.5);
}

TEST(TensorLoss, LogisticStaysFiniteAndAccurateFarFromZero) {
  const TensorLoss loss{.penalty = TensorPenalty::logistic};
  EXPECT_DOUBLE_EQ(loss.rho(800, 0), 800);
  EXPECT_DOUBLE_EQ(loss.rho(-800, 1), 800);
  EXPECT_DOUBLE_EQ(loss.rho(-800, 0), 0);
  EXPECT_DOUBLE_EQ(loss.slope(-50, 0), std::exp(-50));
  EXPECT_DOUBLE_EQ(loss.curvature(50, 0), std::exp(-50));
}

TEST(TensorLoss, MeansAreProbabilitiesAndRates) {
  EXPECT_DOUBLE_EQ((TensorLoss{.penalty = TensorPenalty::logistic}).mean(0), .5);
  EXPECT_DOUBLE_EQ((TensorLoss{.penalty = TensorPenalty::poisson}).mean(1), std::exp(1));
  EXPECT_DOUBLE_EQ(TensorLoss{}.mean(-2), -2);
}

TEST(TensorLoss, DerivativesMatchCentralDifferences) {
  const double h = 1e-5;
  for (const TensorPenalty penalty : kPenalties) {
    SCOPED_TRACE(static_cast<int>(penalty));
    const TensorLoss loss{.penalty = penalty, .delta = .7};
    for (const double x : {-2.1, -.4, .2, .9, 2.3})
      for (const double y : {0., 1.}) {
        EXPECT_NEAR(loss.slope(x, y), (loss.rho(x + h, y) - loss.rho(x - h, y)) / (2 * h), kDifferenceTolerance);
        EXPECT_NEAR(loss.curvature(x, y), (loss.slope(x + h, y) - loss.slope(x - h, y)) / (2 * h),
                    kDifferenceTolerance);
      }
  }
}

TEST(LossAt, SumsWeightedCostsAndScalesSlopes) {
  for (const auto& [name, problem] : test::every_tensor_problem<double>({3, 2, 4}, 5)) {
    SCOPED_TRACE(name);
    std::vector<double> x(problem.value.size()), slope;
    for (std::size_t k = 0; k < x.size(); ++k) x[k] = std::sin(static_cast<double>(k));
    const double loss = loss_at(problem, x, &slope);
    const double factor = problem.loss.normalization == Normalization::mean ? 1.0 / static_cast<double>(x.size()) : .5;
    double sum = 0;
    for (std::size_t k = 0; k < x.size(); ++k) {
      const double weight = problem.weight.empty() ? 1 : problem.weight[k];
      sum += weight * problem.loss.rho(x[k], problem.value[k]);
      EXPECT_DOUBLE_EQ(slope[k], factor * weight * problem.loss.slope(x[k], problem.value[k]));
    }
    EXPECT_NEAR(loss, factor * sum, 1e-13 * (1 + std::abs(loss)));
    EXPECT_EQ(loss, loss_at(problem, x));
  }
}

TEST(LossAt, HasTheSameBitsForAnyNumberOfThreads) {
  const auto problem = test::entry_problem<float>({40, 50, 60}, 100'000, 3, {.penalty = TensorPenalty::logistic});
  std::vector<float> x(problem.value.size());
  for (std::size_t k = 0; k < x.size(); ++k) x[k] = std::sin(static_cast<float>(k));
  set_num_threads(1);
  const double one = loss_at(problem, x);
  set_num_threads(3);
  EXPECT_EQ(loss_at(problem, x), one);
  set_num_threads(0);
}

TEST(TensorProblem, SortsEntriesByTheirIndices) {
  TensorProblem<double> problem;
  problem.shape = {2, 3, 2};
  problem.index = {{1, 0, 1, 0}, {0, 2, 0, 1}, {1, 0, 0, 1}};
  problem.value = {1, 2, 3, 4};
  problem.weight = {10, 20, 30, 40};
  normalize(problem);
  EXPECT_EQ(problem.index[0], (std::vector<std::int32_t>{0, 0, 1, 1}));
  EXPECT_EQ(problem.index[1], (std::vector<std::int32_t>{1, 2, 0, 0}));
  EXPECT_EQ(problem.index[2], (std::vector<std::int32_t>{1, 0, 0, 1}));
  EXPECT_EQ(problem.value, (std::vector<double>{4, 2, 3, 1}));
  EXPECT_EQ(problem.weight, (std::vector<double>{40, 20, 30, 10}));
}

TEST(TensorProblem, RefusesWhatDoesNotFit) {
  const TensorProblem<double> sound = test::entry_problem<double>({3, 2, 2}, 5, 1);
  const auto refused = [&](auto&& damage, TensorProblem<double> problem) {
    normalize(problem);
    damage(problem);
    EXPECT_THROW(normalize(problem), InputError);
  };
  refused([](auto& p) { p.shape.clear(); }, sound);
  refused([](auto& p) { p.shape[1] = 0; }, sound);
  refused([](auto& p) { p.shape[1] = Index{1} << 40; }, sound);
  refused([](auto& p) { p.shape.push_back(2); }, sound);
  refused([](auto& p) { p.index[2][1] = 2; }, sound);
  refused([](auto& p) { p.index[2][1] = -1; }, sound);
  refused([](auto& p) { p.index[2].pop_back(); }, sound);
  refused([](auto& p) { p.value[3] = kNaN; }, sound);
  refused([](auto& p) { p.weight = {1, 1, 1, 1, -1}; }, sound);
  refused([](auto& p) { p.weight = {1, 1}; }, sound);
  refused([](auto& p) { p.loss = {.penalty = TensorPenalty::huber, .delta = 0}; }, sound);
  refused([](auto& p) { p.loss = {.penalty = TensorPenalty::smooth_l1, .delta = kNaN}; }, sound);
  refused([](auto& p) { p.loss.penalty = TensorPenalty::logistic; }, sound);
  refused([](auto& p) { p.loss.penalty = TensorPenalty::poisson; }, sound);
  refused(
      [](auto& p) {
        for (auto& index : p.index) index[1] = index[0];
      },
      sound);
  refused(
      [](auto& p) {
        for (auto& index : p.index) index.clear();
        p.value.clear();
      },
      sound);
  refused([](auto& p) { p.tensors.conservativeResize(4, Eigen::NoChange); },
          test::dense_problem<double>({3, 2, 2}, 5, 1));
  refused([](auto& p) { p.shape[0] = 4; }, test::dense_problem<double>({3, 2, 2}, 5, 1));
  refused([](auto& p) { p.tensors(1, 1) = kNaN; }, test::dense_problem<double>({3, 2, 2}, 5, 1));
  refused([](auto& p) { p.vectors.pop_back(); }, test::rank_one_problem<double>({3, 2, 2}, 5, 1));
  refused([](auto& p) { p.vectors[1].conservativeResize(Eigen::NoChange, 3); },
          test::rank_one_problem<double>({3, 2, 2}, 5, 1));
}

}  // namespace
}  // namespace rankflow
