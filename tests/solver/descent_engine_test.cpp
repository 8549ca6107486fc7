// What the engine of gradient descent promises: optimizers, stopping rules, the same bits after an interruption and for
// any number of threads, and runs that share a pass.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/threads.h"
#include "linalg/decompositions.h"
#include "rankflow/descent.h"
#include "rankflow/error.h"
#include "support/matrix_problems.h"

namespace rankflow {
namespace {

using test::normal_matrix;

MatrixProblem<double> completion(Index size = 30) {
  const Matrix w = test::low_rank_matrix(size, size, 2, 1);
  return completion_problem<double>(size, size, test::sample(w, size * size / 3, 2), {});
}

DeepFactorization<double> start(Index size, Index depth, std::uint64_t seed = 0) {
  return initialize<double>(layer_dims(size, size, depth), {.scale = .1, .seed = seed});
}

MatrixProblem<double> sensing(Index size, Index count) {
  Vector values = Vector::Zero(count);
  auto problem = dense_sensing_problem<double>(size, size, normal_matrix(count, size * size, 4) / size, values, {});
  problem.values = measure(problem, test::low_rank_matrix(size, size, 2, 3));
  return problem;
}

const std::vector<Optimizer> kOptimizers = {Optimizer::plain, Optimizer::momentum, Optimizer::adam,
                                            Optimizer::group_rmsprop, Optimizer::normalized};

// Every optimizer's recursion in plain loops.
TEST(Optimizers, MakeTheUpdatesOfTheirPublishedRecursions) {
  const auto problem = completion(12);
  for (const Optimizer optimizer : kOptimizers) {
    SCOPED_TRACE(static_cast<int>(optimizer));
    const DescentOptions o{.optimizer = optimizer, .step_size = .01, .loss_tolerance = 0, .max_iterations = 7};
    DeepFactorization<double> x = start(12, 3);
    std::vector<Matrix> first, second;
    for (const Matrix& factor : x.factors) first.push_back(0 * factor), second.push_back(0 * factor);
    double v = 0, time = 0;
    for (int t = 1; t <= 7; ++t) {
      Matrix e;
      loss_at(problem, x.end_matrix(), &e);
      const Matrix &w1 = x.factors[0], &w2 = x.factors[1], &w3 = x.factors[2];
      const std::vector<Matrix> g = {w2.transpose() * w3.transpose() * e, w3.transpose() * e * w1.transpose(),
                                     e * (w2 * w1).transpose()};
      double squares = 0;
      for (const Matrix& part : g) squares += part.squaredNorm();
      double step = o.step_size;
      v = o.beta * v + (1 - o.beta) * squares;
      if (optimizer == Optimizer::group_rmsprop) step /= std::sqrt(v / (1 - std::pow(o.beta, t))) + o.epsilon;
      if (optimizer == Optimizer::normalized) step /= std::sqrt(squares);
      for (std::size_t l = 0; l < 3; ++l) {
        Matrix direction = g[l];
        if (optimizer == Optimizer::momentum) direction = first[l] = o.momentum * first[l] + g[l];
        if (optimizer == Optimizer::adam) {
          first[l] = o.momentum * first[l] + (1 - o.momentum) * g[l];
          second[l] = o.beta * second[l] + (1 - o.beta) * g[l].cwiseAbs2();
          const Matrix mean = first[l] / (1 - std::pow(o.momentum, t)), square = second[l] / (1 - std::pow(o.beta, t));
          direction = mean.array() / (square.array().sqrt() + o.epsilon);
        }
        x.factors[l] -= step * direction;
      }
      time += step;
    }
    const auto result = fit_descent(problem, start(12, 3), o);
    EXPECT_EQ(result.iterations, 7);
    EXPECT_NEAR(result.time, time, 1e-12 * time);
    for (std::size_t l = 0; l < 3; ++l)
      EXPECT_LT((result.model.factors[l] - x.factors[l]).cwiseAbs().maxCoeff(), 1e-12);
  }
}

TEST(Optimizers, FindALowRankMatrixFromAThirdOfItsEntries) {
  const Matrix truth = test::low_rank_matrix(30, 30, 2, 1);
  const auto problem = completion();
  for (const Optimizer optimizer : {Optimizer::plain, Optimizer::momentum, Optimizer::group_rmsprop}) {
    const double step = optimizer == Optimizer::group_rmsprop ? 2e-3 : optimizer == Optimizer::plain ? .5 : .05;
    const auto result = fit_descent(problem, initialize<double>(layer_dims(30, 30, 3), {}),
                                    {.optimizer = optimizer, .step_size = step, .max_iterations = 60'000});
    EXPECT_EQ(result.stop, Stop::converged) << result.message;
    EXPECT_LE(result.loss, 1e-6);
    EXPECT_LT((result.model.end_matrix() - truth).squaredNorm() / 900, 1e-3);
  }
}

TEST(Optimizers, AdaptiveStepsNeverRaiseTheLossAndNeedFewerUpdates) {
  const auto problem = completion();
  DescentOptions options{.optimizer = Optimizer::plain, .step_size = .2, .max_iterations = 100'000};
  const auto fixed = fit_descent(problem, start(30, 3), options);
  options.adaptive = true;
  options.record_every = 10;
  double before = std::numeric_limits<double>::infinity();
  const Watcher watcher = [&](Snapshot& now) {
    EXPECT_LE(now.loss, before);
    before = now.loss;
    return Next::proceed;
  };
  const auto adaptive = fit_descent(problem, start(30, 3), options, {&watcher, 1});
  EXPECT_EQ(fixed.stop, Stop::converged);
  EXPECT_EQ(adaptive.stop, Stop::converged);
  EXPECT_LT(adaptive.iterations, fixed.iterations);
  EXPECT_THROW(fit_descent(problem, start(30, 3), {.adaptive = true}), OptionError);
}

TEST(Stopping, WaitsForPatienceAtTheTestsThatWereAskedFor) {
  const auto problem = completion();
  DescentOptions options{.step_size = 2e-3, .loss_tolerance = 1e-3};
  const auto at_once = fit_descent(problem, start(30, 3), options);
  EXPECT_EQ(at_once.stop, Stop::converged);
  options.test_every = 50;
  options.patience = 11;
  const auto later = fit_descent(problem, start(30, 3), options);
  EXPECT_EQ(later.stop, Stop::converged);
  EXPECT_EQ(later.iterations % 50, 0);
  const Index first = (at_once.iterations + 49) / 50 * 50;
  EXPECT_EQ(later.iterations, first + 10 * 50);
}

TEST(Stopping, SaysWhyItStopped) {
  const auto problem = completion();
  EXPECT_EQ(fit_descent(problem, start(30, 2), {.max_iterations = 5}).stop, Stop::iteration_limit);
  EXPECT_EQ(fit_descent(problem, start(30, 2), {.max_iterations = 0}).iterations, 0);
  EXPECT_EQ(fit_descent(problem, start(30, 3), {.optimizer = Optimizer::plain, .step_size = 1e6}).stop, Stop::diverged);
  EXPECT_EQ(fit_descent(problem, start(30, 3), {.loss_tolerance = 0, .max_seconds = .01}).stop, Stop::time_limit);
  Index calls = 0;
  const Watcher looks = [&](Snapshot& now) {
    EXPECT_TRUE(now.singular_values().allFinite());
    return ++calls, Next::proceed;
  };
  const DescentOptions wild{.optimizer = Optimizer::plain, .step_size = 1e6, .record_every = 1};
  EXPECT_EQ(fit_descent(problem, start(30, 3), wild, {&looks, 1}).stop, Stop::diverged);
  EXPECT_GE(calls, 1);
  const Watcher enough = [](Snapshot& now) { return now.iteration < 20 ? Next::proceed : Next::finish; };
  const auto ended = fit_descent(problem, start(30, 3), {.record_every = 10}, {&enough, 1});
  EXPECT_EQ(ended.stop, Stop::interrupted);
  EXPECT_EQ(ended.iterations, 20);
}

TEST(Watchers, SeeTheFirstPointThoseBetweenAndTheLastOneEachOnce) {
  const auto problem = completion();
  std::vector<Index> seen;
  std::vector<double> losses;
  const Watcher watcher = [&](Snapshot& now) {
    seen.push_back(now.iteration);
    losses.push_back(now.loss);
    EXPECT_NEAR(now.loss, loss_at(problem, now.end_matrix()), 1e-12 * now.loss);
    Matrix gradient;
    loss_at(problem, now.end_matrix(), &gradient);
    EXPECT_EQ(now.gradient(), gradient);
    EXPECT_EQ(now.factors().size(), 3u);
    return Next::proceed;
  };
  const DescentOptions options{.loss_tolerance = 0, .max_iterations = 25, .record_every = 10};
  const auto result = fit_descent(problem, start(30, 3), options, {&watcher, 1});
  EXPECT_EQ(seen, (std::vector<Index>{0, 10, 20, 25}));
  EXPECT_EQ(losses.back(), result.loss);
  seen.clear();
  fit_descent(problem, start(30, 3), {.loss_tolerance = 0, .max_iterations = 25}, {&watcher, 1});
  EXPECT_EQ(seen, (std::vector<Index>{0, 25}));
}

template <class T>
void expect_same_after_restoring(const MatrixProblem<T>& problem, const DeepFactorization<T>& from,
                                 const DescentOptions& options) {
  Descent<T> whole(problem, from, options);
  whole.advance(60);
  Descent<T> half(problem, from, options);
  half.advance(23);
  const Archive state = half.state();
  Descent<T> other(problem, from, options);
  other.advance(5);
  other.restore(state);
  other.advance(37);
  EXPECT_EQ(whole.result().loss, other.result().loss);
  EXPECT_EQ(whole.result().time, other.result().time);
  EXPECT_EQ(whole.result().iterations, other.result().iterations);
  for (std::size_t l = 0; l < from.factors.size(); ++l)
    EXPECT_EQ(whole.result().model.factors[l], other.result().model.factors[l]);
}

TEST(State, RestoredRunsGoOnWithTheSameBitsForEveryOptimizerAndMeasurement) {
  for (const Optimizer optimizer : kOptimizers) {
    const DescentOptions options{.optimizer = optimizer, .step_size = 1e-3, .loss_tolerance = 0};
    for (const auto& [name, problem] : test::every_problem<float>(14, 11, 1)) {
      SCOPED_TRACE(name);
      expect_same_after_restoring(problem, initialize<float>({11, 11, 12, 14}, {.scale = .1}), options);
    }
    for (const auto& [name, problem] : test::every_problem<double>(3, 3, 1))
      expect_same_after_restoring(problem, initialize<double>({3, 3, 3}, {.scale = .1}), options);
  }
  expect_same_after_restoring(completion(), start(30, 2),
                              {.optimizer = Optimizer::plain, .step_size = 3, .adaptive = true, .loss_tolerance = 0});
}

TEST(State, OfAnotherModelIsRefused) {
  const auto problem = completion();
  Descent<double> engine(problem, start(30, 2), {});
  const Archive state = engine.state();
  Descent<double> deeper(problem, start(30, 3), {});
  EXPECT_THROW(deeper.restore(state), InputError);
  EXPECT_THROW((Descent<double>(problem, start(29, 2), {})), InputError);
}

TEST(Threads, DoNotChangeABit) {
  const Matrix w = test::low_rank_matrix(300, 200, 2, 1);
  const auto entries = completion_problem<float>(300, 200, test::sample<float>(w, 9000, 2), {});
  const auto measured = sensing(20, 300);
  std::vector<MatrixOf<float>> ends;
  std::vector<Matrix> sensed;
  for (const int threads : {1, 2, 3}) {
    set_num_threads(threads);
    const DescentOptions options{.loss_tolerance = 0, .max_iterations = 10};
    ends.push_back(fit_descent(entries, initialize<float>(layer_dims(300, 200, 3), {}), options).model.end_matrix());
    sensed.push_back(fit_descent(measured, start(20, 2), options).model.end_matrix());
  }
  set_num_threads(0);
  EXPECT_EQ(ends[0], ends[1]);
  EXPECT_EQ(ends[0], ends[2]);
  EXPECT_EQ(sensed[0], sensed[1]);
  EXPECT_EQ(sensed[0], sensed[2]);
}

TEST(Together, RunsThatShareAPassEndWhereSingleRunsEnd) {
  const auto problem = sensing(12, 200);
  std::vector<DescentRun<double>> runs;
  std::vector<Index> calls(4);
  for (Index k = 0; k < 4; ++k) {
    DescentRun<double> run{start(12, 1 + k, static_cast<std::uint64_t>(k)), {}, {}};
    run.options.step_size = 2e-3;
    run.options.max_iterations = 40 + 20 * k;  // they end one after another
    run.options.loss_tolerance = k == 3 ? 1e-2 : 0;
    run.options.record_every = 20;
    run.watchers.push_back([&calls, k](Snapshot&) { return ++calls[k], Next::proceed; });
    runs.push_back(run);
  }
  const auto together = fit_descent_together(problem, runs);
  EXPECT_EQ(calls[0], 3);
  EXPECT_EQ(calls[2], 5);
  for (std::size_t k = 0; k < runs.size(); ++k) {
    const auto alone = fit_descent(problem, runs[k].start, runs[k].options);
    EXPECT_EQ(together[k].stop, alone.stop);
    EXPECT_EQ(together[k].iterations, alone.iterations);
    EXPECT_LT((together[k].model.end_matrix() - alone.model.end_matrix()).norm(), 1e-12);
  }
  const auto entries = completion();
  std::vector<DescentRun<double>> others(2, DescentRun<double>{start(30, 2), {.max_iterations = 10}, {}});
  EXPECT_EQ(fit_descent_together(entries, others)[1].iterations, 10);
}

}  // namespace
}  // namespace rankflow
