// Components and effects under any loss: gradients, agreement of the two ways over the cells, what is found.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/generalized_cp.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/threads.h"
#include "rankflow/error.h"
#include "rankflow/rng.h"

namespace rankflow {
namespace {

constexpr Index kComponents = 3;
constexpr double kStep = 1e-5, kGradientTolerance = 1e-7;  // central differences in double

// Every `one_in`-th cell or so of a 6 x 5 x 7 array, with values that the loss allows.
TensorProblem<double> some_cells(TensorPenalty penalty, double share, bool weighted) {
  TensorProblem<double> problem;
  problem.shape = {6, 5, 7};
  problem.index.resize(3);
  problem.loss = {Normalization::mean, penalty, 0.7};
  Rng rng(5);
  for (std::int32_t i = 0; i < 6; ++i)
    for (std::int32_t j = 0; j < 5; ++j)
      for (std::int32_t k = 0; k < 7; ++k) {
        const double draw = rng.uniform(), value = rng.normal(), weight = 0.5 + rng.uniform();
        if (draw > share) continue;
        const std::int32_t index[] = {i, j, k};
        for (std::size_t n = 0; n < 3; ++n) problem.index[n].push_back(index[n]);
        problem.value.push_back(penalty == TensorPenalty::logistic  ? (value > 0 ? 1 : 0)
                                : penalty == TensorPenalty::poisson ? std::floor(2 * std::abs(value))
                                                                    : value);
        if (weighted) problem.weight.push_back(weight);
      }
  normalize(problem);
  return problem;
}

std::vector<double> random_weights(Index rows, std::uint64_t seed) {
  std::vector<double> weights;
  Rng rng(seed);
  for (Index k = 0; k < rows * (kComponents + 1) + 1; ++k) weights.push_back(0.5 * rng.normal());
  return weights;
}

void expect_gradient(const GeneralizedCpData& data) {
  std::vector<double> weights = random_weights(6 + 5 + 7, 3), gradient;
  generalized_cp_objective(data, kComponents, 0.1, weights, &gradient);
  ASSERT_EQ(gradient.size(), weights.size());
  for (std::size_t k = 0; k < weights.size(); ++k) {
    const double at = weights[k];
    weights[k] = at + kStep;
    const double above = generalized_cp_objective(data, kComponents, 0.1, weights);
    weights[k] = at - kStep;
    const double below = generalized_cp_objective(data, kComponents, 0.1, weights);
    weights[k] = at;
    EXPECT_NEAR(gradient[k], (above - below) / (2 * kStep), kGradientTolerance) << "weight " << k;
  }
}

TEST(GeneralizedCp, GradientMatchesCentralDifferencesForEveryLoss) {
  set_num_threads(1);
  for (const TensorPenalty penalty : {TensorPenalty::squared, TensorPenalty::huber, TensorPenalty::smooth_l1,
                                      TensorPenalty::logistic, TensorPenalty::poisson})
    for (const double share : {0.1, 0.7})  // one by one, and by products of matrices
      for (const bool weighted : {false, true}) {
        SCOPED_TRACE(testing::Message() << "penalty " << static_cast<int>(penalty) << ", share " << share);
        const TensorProblem<double> problem = some_cells(penalty, share, weighted);
        expect_gradient({problem, false});
        expect_gradient({problem, true});
      }
}

TEST(GeneralizedCp, AbsentZerosAreWhatListedZerosAre) {
  for (const TensorPenalty penalty : {TensorPenalty::logistic, TensorPenalty::poisson, TensorPenalty::huber}) {
    const TensorProblem<double> some = some_cells(penalty, 0.2, false);
    TensorProblem<double> all = some_cells(penalty, 1, false);
    for (Index k = 0, next = 0; k < all.count(); ++k) {
      bool listed = next < some.count();
      for (std::size_t n = 0; n < 3 && listed; ++n) listed = some.index[n][next] == all.index[n][k];
      all.value[k] = listed ? some.value[next++] : 0;
    }
    const std::vector<double> weights = random_weights(6 + 5 + 7, 4);
    double nonzero = 0;
    for (const double y : some.value) nonzero += y != 0 ? 1 : 0;
    const double shared = generalized_cp_objective({some, true}, kComponents, 0, weights) * nonzero,
                 listed = generalized_cp_objective({all, false}, kComponents, 0, weights) * 210;
    EXPECT_NEAR(shared, listed, 1e-11 * listed);
  }
}

TEST(GeneralizedCp, ASampleOfZerosStandsForAllOfThem) {
  TensorProblem<double> one;
  one.shape = {700, 500, 300};  // more cells than are looked at one by one
  one.index = {{7}, {11}, {13}};
  one.value = {2};
  const Index rows = 700 + 500 + 300;
  std::vector<double> weights;
  Rng rng(6);
  for (Index row = 0; row < rows; ++row) {
    for (Index r = 0; r < kComponents; ++r) weights.push_back(rng.normal());
    weights.push_back(0);  // no effects: then the sum of squares is that of products of Gram matrices
  }
  weights.push_back(0);
  Matrix gram = Matrix::Ones(kComponents, kComponents);
  for (Index n = 0, first = 0; n < 3; first += one.shape[n++]) {
    const Eigen::Map<const Matrix> mode(weights.data() + first * (kComponents + 1), one.shape[n], kComponents + 1);
    gram.array() *= (mode.leftCols(kComponents).transpose() * mode.leftCols(kComponents)).array();
  }
  double x = 0;
  const auto row = [&](Index n) { return weights.data() + n * (kComponents + 1); };
  for (Index r = 0; r < kComponents; ++r) x += row(7)[r] * row(700 + 11)[r] * row(1200 + 13)[r];
  const double exact = gram.sum() - x * x + (x - 2) * (x - 2);
  constexpr double kSampling = 0.05;  // 100,000 squares of products of normals: a standard error of about 1 %
  EXPECT_NEAR(generalized_cp_objective({one, true}, kComponents, 0, weights), exact, kSampling * exact);
}

// Without components nothing else is drawn: two seeds look at other zeros, one seed twice at the same.
TEST(GeneralizedCp, TheSeedChoosesTheZerosThatAreSampled) {
  TensorProblem<double> facts;
  facts.shape = {700, 500, 300};
  facts.index = {{7, 8}, {11, 12}, {13, 14}};
  facts.value = {1, 1};
  facts.loss.penalty = TensorPenalty::logistic;
  std::vector<double> found;
  for (const std::uint64_t seed : {1, 1, 2}) {
    GeneralizedCpOptions options;
    options.components = 0;
    options.max_iterations = 5;
    options.seed = seed;
    GeneralizedCpFit fit({facts, true}, options);
    while (fit.advance()) {
    }
    found.push_back(fit.result().loss);
  }
  EXPECT_EQ(found[0], found[1]);
  EXPECT_NE(found[0], found[2]);
}

// Counts with rates exp(offset + two components) on a third of the cells.
TensorProblem<double> counts(std::vector<double>& log_rate) {
  TensorProblem<double> problem;
  problem.shape = {15, 12, 20};
  problem.index.resize(3);
  problem.loss.penalty = TensorPenalty::poisson;
  Matrix factor[3];
  for (std::size_t n = 0; n < 3; ++n) {
    factor[n] = Matrix(problem.shape[n], 2);
    Rng rng(11, 1, n);
    for (Index k = 0; k < factor[n].size(); ++k) factor[n].data()[k] = 0.8 * rng.normal();
  }
  Rng rng(13);
  for (std::int32_t i = 0; i < 15; ++i)
    for (std::int32_t j = 0; j < 12; ++j)
      for (std::int32_t k = 0; k < 20; ++k) {
        const double x = 1 + (factor[0].row(i).array() * factor[1].row(j).array() * factor[2].row(k).array()).sum();
        if (rng.uniform() > 0.9) continue;
        double product = rng.uniform();  // Knuth's way to a Poisson number
        Index count = 0;
        for (const double bound = std::exp(-std::exp(x)); product > bound; ++count) product *= rng.uniform();
        const std::int32_t index[] = {i, j, k};
        for (std::size_t n = 0; n < 3; ++n) problem.index[n].push_back(index[n]);
        problem.value.push_back(static_cast<double>(count));
        log_rate.push_back(x);
      }
  return problem;
}

TEST(GeneralizedCp, CountsArePredictedNearlyAsWellAsByTheirRates) {
  std::vector<double> log_rate;
  const TensorProblem<double> all = counts(log_rate);
  TensorProblem<double> train = all;
  for (auto& index : train.index) index.clear();
  train.value.clear();
  std::vector<Index> held;
  for (Index k = 0; k < all.count(); ++k) {
    if (k % 5 == 0) {
      held.push_back(k);
      continue;
    }
    for (std::size_t n = 0; n < 3; ++n) train.index[n].push_back(all.index[n][k]);
    train.value.push_back(all.value[k]);
  }
  const auto loss = [&](const auto& x_at) {
    double sum = 0;
    for (const Index k : held) sum += all.loss.rho(x_at(k), all.value[k]);
    return sum / static_cast<double>(held.size());
  };
  const auto of = [&](const GeneralizedCp& model) {
    return loss([&](Index k) {
      const std::int32_t index[] = {all.index[0][k], all.index[1][k], all.index[2][k]};
      return model.linear(index);
    });
  };
  const double truth = loss([&](Index k) { return log_rate[k]; });
  GeneralizedCpOptions options;
  options.components = 6;
  options.decay = 1e-3;
  options.max_iterations = 400;
  GeneralizedCpFit fit({train, false}, options, of);
  while (fit.advance()) {
  }
  const GeneralizedCpResult result = fit.result();
  options.components = 0;
  GeneralizedCpFit effects({train, false}, options, of);
  while (effects.advance()) {
  }
  const double found = of(result.model), means = of(effects.result().model);
  EXPECT_LT(found - truth, 0.25 * (means - truth)) << "truth " << truth << " means " << means;
  EXPECT_EQ(found, result.criterion);
}

TEST(GeneralizedCp, TheSameBitsForAnyNumberOfThreads) {
  const TensorProblem<double> problem = some_cells(TensorPenalty::logistic, 0.2, false);
  GeneralizedCpOptions options;
  options.max_iterations = 20;
  std::vector<double> found;
  for (const int threads : {1, 3}) {
    set_num_threads(threads);
    GeneralizedCpFit fit({problem, true}, options);
    while (fit.advance()) {
    }
    const std::int32_t index[] = {1, 2, 3};
    found.push_back(fit.result().model.linear(index));
  }
  set_num_threads(1);
  EXPECT_EQ(found[0], found[1]);
}

TEST(GeneralizedCp, AModelComesBackFromItsFileAndADamagedOneDoesNot) {
  GeneralizedCp model;
  model.loss.penalty = TensorPenalty::poisson;
  model.offset = 0.25;
  for (const Index size : {3, 2, 4}) {
    model.components.factors.push_back(Matrix::Random(size, 2));
    model.effects.push_back(Vector::Random(size));
  }
  Archive archive;
  store(archive, "model_", model);
  const GeneralizedCp again = load_generalized_cp(archive, "model_");
  const std::int32_t index[] = {2, 1, 3};
  EXPECT_EQ(again.mean(index), model.mean(index));
  for (const char* name : {"model_factor_1", "model_effect_2", "model_offset", "model_penalty"}) {
    Archive damaged = archive;
    damaged.erase(name);
    EXPECT_THROW(load_generalized_cp(damaged, "model_"), InputError) << name;
  }
  Archive wrong = archive;
  wrong.set("model_factor_1", Matrix(Matrix::Random(2, 3)));
  EXPECT_THROW(load_generalized_cp(wrong, "model_"), InputError);
  wrong = archive;
  wrong.set("model_penalty", std::int64_t{9});
  EXPECT_THROW(load_generalized_cp(wrong, "model_"), InputError);
}

}  // namespace
}  // namespace rankflow
