// Descent in mini-batches: against an independent program, plain products, full batches, and itself continued.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/batch_descent.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "rankflow/error.h"
#include "rankflow/rng.h"
#include "rankflow/tensor_descent.h"
#include "solver/batch_descent/table_pass.h"
#include "support/reference_runs.h"

namespace rankflow {
namespace {

// Random cells, some of them twice, with normal values.
template <class T>
BatchProblem<T> random_problem(const std::vector<Index>& shape, Index count) {
  BatchProblem<T> problem{PackedCells(shape), {}, {}};
  Rng rng(5);
  std::vector<std::int32_t> index(shape.size());
  for (Index k = 0; k < count; ++k) {
    for (std::size_t n = 0; n < shape.size() && k % 7 != 1; ++n)
      index[n] = static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(shape[n])));
    problem.cells.add(index);
    problem.value.push_back(static_cast<T>(rng.normal()));
  }
  return problem;
}

const std::vector<std::vector<Index>> kShapes = {
    {6, 5, 7}, {300, 4, 2, 70}, {17, 1, 16, 3}, std::vector<Index>(37, 2), {300, 300}, {2, 3, 4, 5, 6, 7, 8, 9}};

TEST(PackedCells, GivesBackTheIndices) {
  for (const auto& shape : kShapes) {
    PackedCells cells(shape);
    Rng rng(2);
    std::vector<std::vector<std::int32_t>> all;
    for (Index k = 0; k < 50; ++k) {
      all.emplace_back();
      for (const Index size : shape)
        all.back().push_back(static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(size))));
      cells.add(all.back());
    }
    for (Index k = 0; k < 50; ++k)
      for (Index n = 0; n < cells.order(); ++n) ASSERT_EQ(cells.index(k, n), all[k][n]);
  }
  EXPECT_EQ(PackedCells(std::vector<Index>(784, 2)).groups().size(), 98u);
  EXPECT_TRUE(PackedCells(std::vector<Index>{256, 2}).in_bytes());
  EXPECT_FALSE(PackedCells(std::vector<Index>{257, 2}).in_bytes());
}

TEST(PackedCells, RefusesWhatIsOutside) {
  PackedCells cells({2, 3});
  EXPECT_THROW(cells.add(std::vector<std::int32_t>{1, 3}), InputError);
  EXPECT_THROW(cells.add(std::vector<std::int32_t>{-1, 0}), InputError);
  EXPECT_THROW(cells.add(std::vector<std::int32_t>{1}), InputError);
  EXPECT_THROW(PackedCells(std::vector<Index>{2, 0}), InputError);
  EXPECT_THROW(PackedCells(std::vector<Index>()), InputError);
  EXPECT_EQ(cells.count(), 0);
}

// x_k = sum_r prod_n w, and its derivatives as products over the other modes, in double.
void plain(const PackedCells& cells, std::span<const std::int32_t> listed, const CpFactorization<double>& model,
           const std::vector<double>& slope, std::vector<double>& x, std::vector<Matrix>& gradient) {
  const Index order = cells.order();
  x.assign(listed.size(), 0);
  for (const Matrix& factor : model.factors) gradient.push_back(Matrix::Zero(factor.rows(), factor.cols()));
  for (std::size_t k = 0; k < listed.size(); ++k)
    for (Index r = 0; r < model.components(); ++r) {
      std::vector<double> after(static_cast<std::size_t>(order) + 1, 1.0);
      for (Index n = order; n-- > 0;) after[n] = after[n + 1] * model.factors[n](cells.index(listed[k], n), r);
      x[k] += after[0];
      double before = slope[k];
      for (Index n = 0; n < order; ++n) {
        const std::int32_t i = cells.index(listed[k], n);
        gradient[n](i, r) += before * after[n + 1];
        before *= model.factors[n](i, r);
      }
    }
}

template <class T>
void compare_with_plain(const std::vector<Index>& shape, Index components, bool zeros, double tolerance) {
  const BatchProblem<T> problem = random_problem<T>(shape, 60);
  CpFactorization<T> model = initialize_cp<T>(shape, components, {.mean = .9, .deviation = .2, .seed = 3});
  if (zeros) model.factors[0](0, 0) = model.factors.back()(1, components - 1) = 0;
  CpFactorization<double> same;
  for (const auto& factor : model.factors) same.factors.push_back(factor.template cast<double>());
  std::vector<std::int32_t> listed;
  for (std::int32_t k = 0; k < 41; ++k) listed.push_back((k * 13) % 60);
  std::vector<double> slope, x;
  for (std::size_t k = 0; k < listed.size(); ++k) slope.push_back(std::cos(static_cast<double>(k)));
  std::vector<Matrix> gradient;
  plain(problem.cells, listed, same, slope, x, gradient);

  batch_descent::TablePass<T> pass(problem.cells, components);
  std::vector<T> weights(pass.size()), found_x(listed.size()), found_slope(slope.begin(), slope.end());
  std::vector<T> found(weights.size());
  pass.pack(model, weights.data());
  pass.set_weights(weights.data());
  pass.evaluate(problem.cells, listed, found_x.data());
  pass.collect(problem.cells, listed, found_slope.data(), found.data());
  pass.unpack(found.data(), model);  // the gradient in the factors' shapes
  double largest = 0, worst = 0, largest_x = 0, worst_x = 0;
  for (std::size_t k = 0; k < x.size(); ++k) {
    largest_x = std::max(largest_x, std::abs(x[k]));
    worst_x = std::max(worst_x, std::abs(x[k] - found_x[k]));
  }
  for (std::size_t n = 0; n < gradient.size(); ++n) {
    largest = std::max(largest, gradient[n].cwiseAbs().maxCoeff());
    worst = std::max(worst, (gradient[n] - model.factors[n].template cast<double>()).cwiseAbs().maxCoeff());
  }
  EXPECT_LT(worst_x, tolerance * largest_x);
  EXPECT_LT(worst, tolerance * largest);
}

TEST(TablePass, GivesThePlainProductsAndTheirDerivatives) {
  for (const auto& shape : kShapes)
    for (const Index components : {1, 2, 3, 5, 8, 15, 16, 33, 70}) {
      SCOPED_TRACE(testing::Message() << "order " << shape.size() << ", components " << components);
      compare_with_plain<double>(shape, components, false, 1e-13);
      compare_with_plain<float>(shape, components, false, 1e-5);
      compare_with_plain<double>(shape, components, true, 1e-13);
      compare_with_plain<float>(shape, components, true, 1e-5);
    }
}

// tests/refdata/tensor/digits_adam: one-vs-all on 8 x 8 digits as a tensor of order 64.
struct Digits {
  BatchProblem<double> train{PackedCells(std::vector<Index>(64, 2)), {}, {}};
  BatchProblem<double> test = train;
  CpFactorization<double> start;

  Digits() {
    const auto table = test::read_csv_table("tensor/digits_adam/data.csv");
    for (std::size_t k = 0; k < table.rows.size(); ++k) {
      BatchProblem<double>& part = k < 1500 ? train : test;
      std::vector<std::int32_t> bits;
      for (const char bit : table.rows[k][0]) bits.push_back(bit - '0');
      part.cells.add(bits);
      part.value.push_back(table.rows[k][1] == "6" ? 2 : 0);
    }
    start = factors("init");
  }
  static CpFactorization<double> factors(const std::string& name) {
    CpFactorization<double> model;
    model.factors.assign(64, Matrix::Zero(2, 3));
    const auto table = test::read_csv_table("tensor/digits_adam/" + name + ".csv");
    for (std::size_t k = 0; k < table.rows.size(); ++k)
      model.factors[static_cast<std::size_t>(table.number(k, "mode"))](
          static_cast<Index>(table.number(k, "index")), static_cast<Index>(table.number(k, "component"))) =
          table.number(k, "value");
    return model;
  }
};

TEST(BatchDescent, FollowsTheTrajectoryOfTheIndependentProgram) {
  Digits digits;
  BatchOptions options{.step_size = 5e-3, .batch = 250, .shuffled = false, .epochs = 40};
  BatchDescent<double> engine(digits.train, digits.start, options);
  const auto rows = test::read_csv_table("tensor/digits_adam/traj.csv");
  ASSERT_EQ(rows.rows.size(), 41u);
  const auto expect_near = [](double found, double wanted) { EXPECT_NEAR(found / wanted, 1, 1e-9); };
  for (std::size_t k = 0; k < rows.rows.size(); ++k) {
    engine.advance(static_cast<Index>(rows.number(k, "epoch")) - engine.moment().epoch);
    expect_near(engine.loss() / 4, rows.number(k, "train_mse_div4"));
    const std::vector<double> found = engine.values(digits.test.cells);
    double error = 0;
    for (std::size_t t = 0; t < found.size(); ++t)
      error += std::min(4.0, std::pow(found[t] - digits.test.value[t], 2)) / static_cast<double>(found.size());
    expect_near(error / 4, rows.number(k, "test_mse_div4"));
    for (Index r = 0; r < 3; ++r)
      expect_near(digits.start.component_norms()[r], rows.number(k, "sigma_" + std::to_string(r)));
  }
  const CpFactorization<double> end = Digits::factors("final");
  for (std::size_t n = 0; n < 64; ++n) EXPECT_LT((digits.start.factors[n] - end.factors[n]).norm(), 1e-9);
  EXPECT_FALSE(engine.advance(1));
  EXPECT_EQ(engine.result().stop, Stop::iteration_limit);
  EXPECT_EQ(engine.result().updates, 240);
}

TEST(BatchDescent, WithOneBatchIsFullDescent) {
  TensorProblem<double> problem;
  problem.shape = {4, 5, 3};
  problem.index.resize(3);
  Rng rng(4);
  for (std::int32_t cell = 0; cell < 60; cell += 2) {
    problem.index[0].push_back(cell / 15);
    problem.index[1].push_back(cell / 3 % 5);
    problem.index[2].push_back(cell % 3);
    problem.value.push_back(rng.normal());
  }
  for (const Optimizer optimizer :
       {Optimizer::plain, Optimizer::momentum, Optimizer::adam, Optimizer::group_rmsprop, Optimizer::normalized}) {
    auto one = initialize_cp<double>(problem.shape, 6, {.deviation = .3, .seed = 1});
    auto other = one;
    const auto loss = make_loss(problem, one);
    TensorDescent<double> full(*loss, {.optimizer = optimizer, .step_size = .01, .beta = .99, .loss_tolerance = 0});
    full.advance(50);
    const BatchProblem<double> batches = batch_problem(problem);
    BatchDescent<double> engine(
        batches, other,
        {.optimizer = optimizer, .step_size = .01, .beta = .99, .epsilon = 1e-6, .batch = 30, .epochs = 50});
    engine.advance(50);
    for (std::size_t n = 0; n < 3; ++n) EXPECT_LT((one.factors[n] - other.factors[n]).norm(), 1e-10);
    EXPECT_NEAR(engine.loss(), full.moment().loss, 1e-10);
  }
}

BatchOptions quick_options() {
  return {.step_size = 5e-3, .batch = 13, .epochs = 20, .seed = 7};
}

TEST(BatchDescent, GivesTheSameBitsForAnyNumberOfThreads) {
  const std::vector<Index> shape(37, 2);
  const BatchProblem<float> problem = random_problem<float>(shape, 3000);
  const auto train = [&](int threads) {
    set_num_threads(threads);
    auto model = initialize_cp<float>(shape, 5, {.mean = 1, .deviation = .01, .seed = 2});
    BatchOptions options = quick_options();
    options.batch = 1100;
    options.epochs = 3;
    BatchDescent<float> engine(problem, model, options);
    engine.advance(3);
    set_num_threads(1);
    return model;
  };
  const auto one = train(1), three = train(3);
  for (std::size_t n = 0; n < shape.size(); ++n) EXPECT_EQ(one.factors[n], three.factors[n]);
}

TEST(BatchDescent, ContinuesFromItsState) {
  const std::vector<Index> shape = {6, 5, 7};
  const BatchProblem<double> problem = random_problem<double>(shape, 50);
  auto whole = initialize_cp<double>(shape, 4, {.deviation = .3, .seed = 2});
  auto part = whole;
  BatchDescent<double> engine(problem, whole, quick_options()), first(problem, part, quick_options());
  EXPECT_FALSE(engine.advance(30));  // it ends before
  EXPECT_EQ(engine.moment().epoch, 20);
  EXPECT_EQ(engine.moment().updates, 20 * 4);  // 13 + 13 + 13 + 11
  first.advance(8);
  const Archive state = first.state();
  auto rest = initialize_cp<double>(shape, 4, {.deviation = .3, .seed = 9});
  BatchDescent<double> second(problem, rest, quick_options());
  second.restore(state);
  second.advance(30);
  for (std::size_t n = 0; n < 3; ++n) EXPECT_EQ(whole.factors[n], rest.factors[n]);
}

TEST(BatchDescent, DrawsOtherBatchesForAnotherSeed) {
  const std::vector<Index> shape = {6, 5, 7};
  const BatchProblem<double> problem = random_problem<double>(shape, 50);
  const auto train = [&](bool shuffled, std::uint64_t seed) {
    auto model = initialize_cp<double>(shape, 4, {.deviation = .3, .seed = 2});
    BatchOptions options = quick_options();
    options.shuffled = shuffled;
    options.seed = seed;
    BatchDescent<double>(problem, model, options).advance(20);
    return model.factors[0];
  };
  EXPECT_EQ(train(true, 1), train(true, 1));
  EXPECT_NE(train(true, 1), train(true, 2));
  EXPECT_NE(train(true, 1), train(false, 1));
  EXPECT_EQ(train(false, 1), train(false, 2));
}

// Duplicate cells with different values have no exact fit; without them the training error goes to 0.
TEST(BatchDescent, StopsAtTheTrainingError) {
  const std::vector<Index> shape = {5, 5, 5};
  const auto truth = initialize_cp<double>(shape, 2, {.deviation = 1, .seed = 8});
  BatchProblem<double> problem = random_problem<double>(shape, 60);
  for (Index k = 0; k < 60; ++k) {
    std::vector<std::int32_t> index;
    for (Index n = 0; n < 3; ++n) index.push_back(problem.cells.index(k, n));
    problem.value[k] = truth.entry(index);
  }
  auto model = initialize_cp<double>(shape, 6, {.deviation = .3, .seed = 2});
  BatchOptions options{.step_size = 1e-2, .batch = 20, .epochs = 5000, .loss_tolerance = 1e-6, .record_every = 10};
  BatchDescent<double> engine(problem, model, options);
  Index calls = 0;
  const std::vector<BatchWatcher> watchers = {[&](const BatchMoment& moment) {
    EXPECT_TRUE(moment.epoch % 10 == 0 || moment.epoch_loss <= 1e-6);
    ++calls;
    return Next::proceed;
  }};
  const BatchResult result = fit_batches<double>(engine, options, watchers);
  EXPECT_EQ(result.stop, Stop::converged);
  EXPECT_LT(result.loss, 1e-5);
  EXPECT_EQ(calls, 1 + (result.epochs + 9) / 10);
}

TEST(BatchDescent, EndsWhereTheLossIsNoNumber) {
  const std::vector<Index> shape = {5, 5, 5};
  const BatchProblem<double> problem = random_problem<double>(shape, 60);
  auto model = initialize_cp<double>(shape, 6, {.deviation = 1, .seed = 2});
  BatchDescent<double> engine(problem, model, {.optimizer = Optimizer::plain, .step_size = 1e3, .batch = 20});
  EXPECT_FALSE(engine.advance(100));
  EXPECT_EQ(engine.result().stop, Stop::diverged);
}

TEST(BatchDescent, RefusesProblemsAndModelsThatDoNotFit) {
  const BatchProblem<double> problem = random_problem<double>({5, 5, 5}, 10);
  auto model = initialize_cp<double>({5, 5, 4}, 2, {});
  EXPECT_THROW(BatchDescent<double>(problem, model, {}), InputError);
  auto right = initialize_cp<double>({5, 5, 5}, 2, {});
  EXPECT_THROW(BatchDescent<double>(problem, right, {.batch = 0}), OptionError);
  BatchProblem<double> empty{PackedCells({5, 5, 5}), {}, {}}, infinite = problem, labels = problem;
  EXPECT_THROW(BatchDescent<double>(empty, right, {}), InputError);
  infinite.value[3] = INFINITY;
  EXPECT_THROW(BatchDescent<double>(infinite, right, {}), InputError);
  labels.loss.penalty = TensorPenalty::logistic;
  EXPECT_THROW(BatchDescent<double>(labels, right, {}), InputError);
}

}  // namespace
}  // namespace rankflow
