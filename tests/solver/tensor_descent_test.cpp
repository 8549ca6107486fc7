// What descent on factorizations of tensors promises: optimizers, stopping rules, watchers, the same bits after an
// interruption and for any number of threads.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/tensor_descent.h"

#include <gtest/gtest.h>

#include "base/threads.h"
#include "rankflow/error.h"
#include "support/tensor_problems.h"

namespace rankflow {
namespace {

const std::vector<Optimizer> kOptimizers = {Optimizer::plain, Optimizer::momentum, Optimizer::adam,
                                            Optimizer::group_rmsprop, Optimizer::normalized};

TensorProblem<double> completion(const std::vector<Index>& shape = {5, 6, 4}) {
  const Vector truth = test::random_cp<double>(shape, 2, 1).dense();
  return test::entry_problem<double>(shape, test::cells_of(shape) / 2, 2, {}, truth);
}

// Every optimizer's recursion in plain loops over all weights as one vector.
TEST(TensorOptimizers, MakeTheUpdatesOfTheirPublishedRecursions) {
  const auto problem = completion();
  for (const Optimizer optimizer : kOptimizers) {
    SCOPED_TRACE(static_cast<int>(optimizer));
    const DescentOptions o{.optimizer = optimizer, .step_size = .01, .loss_tolerance = 0, .max_iterations = 7};
    auto plain = test::random_cp<double>(problem.shape, 3, 5, .4), model = plain;
    const auto plain_loss = make_loss(problem, plain);
    std::vector<Matrix> g, first, second;
    for (const Matrix& factor : plain.factors) first.push_back(0 * factor), second.push_back(0 * factor);
    double v = 0, time = 0;
    for (int t = 1; t <= 7; ++t) {
      plain_loss->gradient(g);
      double norm = 0;
      for (const Matrix& part : g) norm += part.squaredNorm();
      v = o.beta * v + (1 - o.beta) * norm;
      double step = o.step_size;
      if (optimizer == Optimizer::group_rmsprop) step /= std::sqrt(v / (1 - std::pow(o.beta, t))) + o.epsilon;
      if (optimizer == Optimizer::normalized) step /= std::sqrt(norm);
      for (std::size_t n = 0; n < g.size(); ++n) {
        if (optimizer == Optimizer::momentum) {
          first[n] = o.momentum * first[n] + g[n];
          plain.factors[n] -= step * first[n];
        } else if (optimizer == Optimizer::adam) {
          first[n] = o.momentum * first[n] + (1 - o.momentum) * g[n];
          second[n] = o.beta * second[n] + (1 - o.beta) * g[n].cwiseAbs2();
          plain.factors[n].array() -= step * (first[n].array() / (1 - std::pow(o.momentum, t))) /
                                      ((second[n].array() / (1 - std::pow(o.beta, t))).sqrt() + o.epsilon);
        } else {
          plain.factors[n] -= step * g[n];
        }
      }
      time += step;
    }
    const auto loss = make_loss(problem, model);
    const TensorDescentResult result = fit_descent(*loss, o);
    EXPECT_EQ(result.iterations, 7);
    EXPECT_NEAR(result.time, time, 1e-12 * time);
    EXPECT_NEAR(result.loss, plain_loss->loss(), 1e-12);
    for (std::size_t n = 0; n < g.size(); ++n) EXPECT_LT((plain.factors[n] - model.factors[n]).norm(), 1e-12);
  }
}

TEST(TensorAdaptiveStep, NeverRaisesTheLossAndEndsAtRoundOff) {
  const auto problem = completion();
  auto model = test::random_cp<double>(problem.shape, 4, 5, .5);
  const auto loss = make_loss(problem, model);
  TensorDescent<double> engine(
      *loss, {.optimizer = Optimizer::plain, .step_size = 1e6, .adaptive = true, .loss_tolerance = 0});
  double before = engine.moment().loss;
  for (int k = 0; k < 300 && engine.advance(1); ++k) {
    EXPECT_LE(engine.moment().loss, before);
    before = engine.moment().loss;
  }
  EXPECT_LT(before, .5);
  EXPECT_LT(engine.moment().step_size, 1e6);
}

TEST(TensorStop, ConvergesAfterAsManyTestsInARowAsPatienceSays) {
  const auto problem = completion();
  const auto start = test::random_cp<double>(problem.shape, 4, 5, .3);
  const DescentOptions plain{.optimizer = Optimizer::plain, .step_size = .1, .loss_tolerance = 1e-3};
  const auto iterations = [&](Index every, Index patience) {
    auto model = start;
    const auto loss = make_loss(problem, model);
    DescentOptions options = plain;
    options.test_every = every;
    options.patience = patience;
    const auto result = fit_descent(*loss, options);
    EXPECT_EQ(result.stop, Stop::converged) << result.message;
    EXPECT_LE(result.loss, 1e-3);
    return result.iterations;
  };
  const Index first = iterations(1, 1);
  ASSERT_GT(first, 25);
  const Index tested = (first + 24) / 25 * 25;  // descent is monotone here, so the first test below is the first of all
  EXPECT_EQ(iterations(25, 1), tested);
  EXPECT_EQ(iterations(25, 51), tested + 50 * 25);  // strictly more than 50 in a row, as the published program stops
}

TEST(TensorStop, SaysWhy) {
  const auto problem = completion();
  const auto run = [&](const DescentOptions& options) {
    auto model = test::random_cp<double>(problem.shape, 4, 5, .3);
    const auto loss = make_loss(problem, model);
    return fit_descent(*loss, options);
  };
  EXPECT_EQ(run({.loss_tolerance = 0, .max_iterations = 3}).stop, Stop::iteration_limit);
  EXPECT_EQ(run({.optimizer = Optimizer::plain, .step_size = 1e9, .loss_tolerance = 0}).stop, Stop::diverged);
  const auto late = run({.loss_tolerance = 0, .max_seconds = .02});
  EXPECT_EQ(late.stop, Stop::time_limit);
  EXPECT_GE(late.seconds, .02);
  EXPECT_THROW(run({.adaptive = true}), OptionError);
  EXPECT_THROW(run({.step_size = -1}), OptionError);
}

TEST(TensorWatchers, SeeTheFirstPointThoseInBetweenAndTheLastEachOnce) {
  const auto problem = completion();
  for (const auto& [every, end, wanted] : std::vector<std::tuple<Index, Index, std::vector<Index>>>{
           {10, 25, {0, 10, 20, 25}}, {10, 30, {0, 10, 20, 30}}, {0, 7, {0, 7}}, {5, 0, {0}}}) {
    auto model = test::random_cp<double>(problem.shape, 4, 5, .3);
    const auto loss = make_loss(problem, model);
    std::vector<Index> seen;
    const std::vector<TensorWatcher> watchers = {[&seen = seen, &l = *loss](const TensorMoment& moment) {
      seen.push_back(moment.iteration);
      EXPECT_EQ(moment.loss, l.loss());
      return Next::proceed;
    }};
    fit_descent(*loss, {.loss_tolerance = 0, .max_iterations = end, .record_every = every}, watchers);
    EXPECT_EQ(seen, wanted);
  }
}

TEST(TensorWatchers, CanEndTheFit) {
  const auto problem = completion();
  auto model = test::random_cp<double>(problem.shape, 4, 5, .3);
  const auto loss = make_loss(problem, model);
  Index calls = 0;
  const std::vector<TensorWatcher> watchers = {[&](const TensorMoment& moment) {
    ++calls;
    return moment.iteration == 20 ? Next::finish : Next::proceed;
  }};
  const auto result = fit_descent(*loss, {.loss_tolerance = 0, .record_every = 10}, watchers);
  EXPECT_EQ(result.stop, Stop::interrupted);
  EXPECT_EQ(result.iterations, 20);
  EXPECT_EQ(calls, 3);
}

template <class T>
void expect_same_after_restoring(const TensorProblem<T>& problem, const DescentOptions& options) {
  const auto start = test::random_cp<T>(problem.shape, 4, 5, .3);
  auto whole = start, broken = start, other = start;
  const auto whole_loss = make_loss(problem, whole);
  TensorDescent<T> engine(*whole_loss, options);
  engine.advance(12);

  const auto broken_loss = make_loss(problem, broken);
  TensorDescent<T> first(*broken_loss, options);
  first.advance(5);
  const Archive state = first.state();
  const auto other_loss = make_loss(problem, other);
  TensorDescent<T> second(*other_loss, options);
  second.advance(2);  // what it did before is forgotten
  second.restore(state);
  second.advance(7);
  for (std::size_t n = 0; n < whole.factors.size(); ++n) EXPECT_EQ(whole.factors[n], other.factors[n]);
  EXPECT_EQ(engine.result().loss, second.result().loss);
  EXPECT_EQ(engine.result().time, second.result().time);
  EXPECT_EQ(second.result().iterations, 12);
}

TEST(TensorState, RestoredRunsGoOnWithTheSameBitsForEveryOptimizerAndMeasurement) {
  for (const Optimizer optimizer : kOptimizers) {
    const DescentOptions options{.optimizer = optimizer, .step_size = 1e-3, .loss_tolerance = 0};
    for (const auto& [name, problem] : test::every_tensor_problem<float>({4, 3, 5}, 1)) {
      SCOPED_TRACE(name);
      expect_same_after_restoring(problem, options);
    }
    expect_same_after_restoring(completion(), options);
  }
  expect_same_after_restoring(completion(),
                              {.optimizer = Optimizer::plain, .step_size = 3, .adaptive = true, .loss_tolerance = 0});
}

TEST(TensorState, KeepsTheTestsThatWerePassed) {
  const auto problem = completion();
  const DescentOptions options{.optimizer = Optimizer::plain, .step_size = 1e-3, .loss_tolerance = 1e9, .patience = 10};
  auto model = test::random_cp<double>(problem.shape, 4, 5, .3);
  const auto loss = make_loss(problem, model);
  TensorDescent<double> engine(*loss, options);
  engine.advance(6);
  TensorDescent<double> other(*loss, options);
  other.restore(engine.state());
  EXPECT_FALSE(other.advance(100));
  EXPECT_EQ(other.result().iterations, 9);  // the tenth test is made before the tenth update
}

TEST(TensorState, OfAnotherModelOrOptimizerIsRefused) {
  const auto problem = completion();
  auto model = test::random_cp<double>(problem.shape, 4, 5), wider = test::random_cp<double>(problem.shape, 5, 5);
  const auto loss = make_loss(problem, model), wide_loss = make_loss(problem, wider);
  TensorDescent<double> engine(*loss, {});
  TensorDescent<double> other(*wide_loss, {}), adam(*loss, {.optimizer = Optimizer::adam});
  EXPECT_THROW(other.restore(engine.state()), InputError);
  EXPECT_THROW(adam.restore(engine.state()), InputError);
}

TEST(TensorThreads, DoNotChangeABit) {
  const auto problem = test::entry_problem<float>({12, 10, 11, 9}, 3000, 1);
  std::vector<CpFactorization<float>> ends;
  for (const int threads : {1, 2}) {
    set_num_threads(threads);
    ends.push_back(test::random_cp<float>(problem.shape, 300, 2, .1));
    const auto loss = make_loss(problem, ends.back());
    fit_descent(*loss, {.loss_tolerance = 0, .max_iterations = 20});
  }
  set_num_threads(0);
  for (std::size_t n = 0; n < 4; ++n) EXPECT_EQ(ends[0].factors[n], ends[1].factors[n]);
}

}  // namespace
}  // namespace rankflow
