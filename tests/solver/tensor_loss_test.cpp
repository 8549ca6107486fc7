// Losses of CP factorizations and their gradients: against sums by the definition, against differences, in every way of
// evaluating, for every instruction set and number of threads.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/processor.h"
#include "base/threads.h"
#include "rankflow/error.h"
#include "rankflow/tensor_descent.h"
#include "solver/tensor_descent/cell_pass.h"
#include "solver/tensor_descent/matrix_pass.h"
#include "solver/tensor_descent/product_pass.h"
#include "support/tensor_problems.h"

namespace rankflow {
namespace {

using tensor_descent::CellPass;
using tensor_descent::Columns;
using tensor_descent::MatrixPass;
using tensor_descent::ProductPass;
using tensor_descent::ProductPlan;

constexpr double kDifferenceTolerance = 1e-7;  // central differences, h = 1e-5, numbers of size one
const std::vector<std::vector<Index>> kShapes = {{4},          {3, 4},          {3, 4, 2},
                                                 {2, 3, 2, 3}, {2, 2, 3, 1, 2}, {2, 2, 1, 2, 2, 2}};

TEST(CpGradient, MatchesCentralDifferencesForEveryOrderMeasurementAndLoss) {
  for (const std::vector<Index>& shape : kShapes)
    for (const auto& [name, problem] : test::every_tensor_problem<double>(shape, 3)) {
      SCOPED_TRACE(name + ", order " + std::to_string(shape.size()));
      auto model = test::random_cp<double>(shape, 3, 1, .8);
      const auto loss = make_loss(problem, model);
      std::vector<Matrix> gradient;
      const double value = loss->gradient(gradient);
      EXPECT_NEAR(value, test::plain_loss(problem, model), 1e-12 * (1 + std::abs(value)));
      EXPECT_EQ(value, loss->loss());
      double largest = 0, worst = 0;
      for (std::size_t n = 0; n < shape.size(); ++n)
        for (Index k = 0; k < gradient[n].size(); ++k) {
          const double h = 1e-5, before = model.factors[n].data()[k];
          model.factors[n].data()[k] = before + h;
          const double above = loss->loss();
          model.factors[n].data()[k] = before - h;
          const double below = loss->loss();
          model.factors[n].data()[k] = before;
          worst = std::max(worst, std::abs(gradient[n].data()[k] - (above - below) / (2 * h)));
          largest = std::max(largest, std::abs(gradient[n].data()[k]));
        }
      EXPECT_LT(worst, kDifferenceTolerance * (1 + largest));
      EXPECT_GT(largest, 0);
    }
}

// The gradient by its definition: dL/dw_r^n(i) = sum over observations with i_n = i of slope_k prod_{m != n} w_r^m.
template <class T>
std::vector<Matrix> plain_gradient(const TensorProblem<T>& problem, const CpFactorization<T>& model) {
  const std::vector<double> x = test::plain_predictions(problem, model);
  std::vector<Matrix> gradient;
  for (const auto& factor : model.factors) gradient.emplace_back(Matrix::Zero(factor.rows(), factor.cols()));
  for (Index k = 0; k < problem.count(); ++k) {
    const double weight = problem.weight.empty() ? 1 : static_cast<double>(problem.weight[k]);
    const double slope =
        problem.loss.scale(problem.count()) * weight * problem.loss.slope(x[k], static_cast<double>(problem.value[k]));
    for (Index n = 0; n < problem.order(); ++n)
      for (Index r = 0; r < model.components(); ++r) {
        double product = slope;
        for (Index m = 0; m < problem.order(); ++m)
          if (m != n) product *= static_cast<double>(model.factors[m](problem.index[m][k], r));
        gradient[n](problem.index[n][k], r) += product;
      }
  }
  return gradient;
}

template <class T>
void expect_plain_sums(const TensorProblem<T>& problem, Index components, double tolerance) {
  auto model = test::random_cp<T>(problem.shape, components, 2, .7);
  std::vector<MatrixOf<T>> gradient;
  const double loss = make_loss(problem, model)->gradient(gradient);
  EXPECT_NEAR(loss, test::plain_loss(problem, model), tolerance * loss);
  const std::vector<Matrix> wanted = plain_gradient(problem, model);
  for (std::size_t n = 0; n < wanted.size(); ++n)
    EXPECT_LT((gradient[n].template cast<double>() - wanted[n]).norm(), tolerance * wanted[n].norm());
}

// One block of components and several, whole cache lines and rests; few rows, many rows, long and short lists.
TEST(CpGradient, IsThatOfPlainSumsForEverySizeAndInstructionSet) {
  struct Size {
    std::vector<Index> shape;
    Index count, components;
  };
  const std::vector<Size> sizes = {
      {{10, 9, 8}, 300, 2},        {{10, 9, 8}, 300, 3},       {{10, 9, 8}, 300, 7}, {{10, 10, 10, 10}, 300, 1},
      {{10, 10, 10, 10}, 300, 70}, {{7, 6, 8}, 200, 16},       {{7, 6, 8}, 336, 17}, {{30, 40}, 600, 33},
      {{40, 30, 50}, 2500, 5},     {{2, 3, 2, 2, 3}, 50, 130}, {{200}, 150, 9},      {{1, 300, 1}, 100, 40},
      {{9, 8, 7, 2, 3}, 700, 48}};
  for (const InstructionSet set : {InstructionSet::baseline, InstructionSet::avx2, InstructionSet::avx512}) {
    force_instruction_set(set);
    for (const Size& size : sizes) {
      SCOPED_TRACE(testing::Message() << name(set) << " " << size.count << " " << size.components);
      expect_plain_sums(test::entry_problem<double>(size.shape, size.count, 4), size.components, 1e-12);
      expect_plain_sums(test::entry_problem<float>(size.shape, size.count, 4), size.components, 1e-5);
    }
  }
  force_instruction_set(InstructionSet::avx512);
}

TEST(CpGradient, IsThatOfPlainSumsForHundredsOfModes) {
  // 150 modes of size 2, as for binary images.
  const std::vector<Index> shape(150, 2);
  TensorProblem<double> problem;
  problem.shape = shape;
  problem.index.resize(shape.size());
  Rng rng(3);
  for (int k = 0; k < 60; ++k) {
    for (std::size_t n = 0; n < shape.size(); ++n)
      problem.index[n].push_back(n % 50 == 7 ? 1 : static_cast<std::int32_t>(rng.below(2)));
    problem.value.push_back(rng.normal());
  }
  normalize(problem);
  auto model = initialize_cp<double>(shape, 3, {.mean = 1, .deviation = .1});
  std::vector<Matrix> gradient;
  const double loss = make_loss(problem, model)->gradient(gradient);
  EXPECT_NEAR(loss, test::plain_loss(problem, model), 1e-12 * loss);
  const std::vector<Matrix> wanted = plain_gradient(problem, model);
  for (std::size_t n = 0; n < wanted.size(); ++n) EXPECT_LT((gradient[n] - wanted[n]).norm(), 1e-11 * wanted[n].norm());
}

TEST(CpGradient, DoesNotDependOnTheWayOfEvaluating) {
  const auto problem = test::entry_problem<double>({6, 5, 7, 4}, 500, 8);
  const auto model = test::random_cp<double>(problem.shape, 70, 3);
  std::vector<const Matrix*> factors;
  for (const Matrix& factor : model.factors) factors.push_back(&factor);
  ProductPass<double> lists(ProductPlan::make(problem.shape, problem.index), 70, Columns::in_blocks);
  MatrixPass<double> matrices(ProductPlan::make(problem.shape, problem.index), 70);
  CellPass<double> cells(problem.shape, problem.index, 70);
  std::vector<double> x, y, z;
  for (int repeat = 0; repeat < 2; ++repeat) {  // the second time all memory has been used
    lists.evaluate(factors, x);
    matrices.evaluate(factors, y);
    cells.evaluate(factors, z);
    for (std::size_t k = 0; k < x.size(); ++k) {
      EXPECT_NEAR(x[k], y[k], 1e-12);
      EXPECT_NEAR(x[k], z[k], 1e-12);
    }
    std::vector<Matrix> gradients[3] = {model.factors, model.factors, model.factors};
    std::vector<Matrix*> to[3];
    for (int way = 0; way < 3; ++way)
      for (Matrix& gradient : gradients[way]) to[way].push_back(&gradient);
    lists.collect(x, to[0]);
    matrices.collect(x, to[1]);
    cells.collect(x, to[2]);
    for (const int way : {1, 2})
      for (std::size_t n = 0; n < gradients[0].size(); ++n)
        EXPECT_LT((gradients[0][n] - gradients[way][n]).norm(), 1e-12 * gradients[0][n].norm()) << way;
  }
}

// What mini-batches need: losses of parts of the observations move one model, and their means are the whole's.
TEST(CpLoss, OfBatchesOfOneModelAverageToTheWhole) {
  const auto whole = test::entry_problem<double>({6, 5, 4}, 60, 8);
  auto model = test::random_cp<double>(whole.shape, 7, 3);
  std::vector<Matrix> sum, part;
  double loss = 0;
  for (Index batch = 0; batch < 4; ++batch) {
    TensorProblem<double> some;
    some.shape = whole.shape;
    some.index.resize(3);
    for (Index k = batch; k < 60; k += 4) {
      for (int n = 0; n < 3; ++n) some.index[n].push_back(whole.index[n][k]);
      some.value.push_back(whole.value[k]);
    }
    loss += make_loss(some, model)->gradient(part) / 4;
    if (batch == 0) sum.assign(3, Matrix());
    for (int n = 0; n < 3; ++n) sum[n] = batch == 0 ? Matrix(part[n] / 4) : Matrix(sum[n] + part[n] / 4);
  }
  std::vector<Matrix> all;
  EXPECT_NEAR(make_loss(whole, model)->gradient(all), loss, 1e-13 * loss);
  for (int n = 0; n < 3; ++n) EXPECT_LT((sum[n] - all[n]).norm(), 1e-13 * all[n].norm());
}

TEST(CpLoss, HasTheSameBitsForAnyNumberOfThreads) {
  // Many blocks of components; few with many rows; matrices; cells; sensing.
  std::vector<std::pair<TensorProblem<float>, Index>> cases;
  cases.emplace_back(test::entry_problem<float>({12, 10, 11, 9}, 3000, 1), 600);
  cases.emplace_back(test::entry_problem<float>({60, 50, 70}, 30'000, 2), 20);
  cases.emplace_back(test::entry_problem<float>({20, 20, 20}, 7900, 3), 200);
  cases.emplace_back(test::entry_problem<float>({300, 250, 270}, 30'000, 2), 20);
  cases.emplace_back(test::dense_problem<float>({8, 9, 10}, 500, 4), 40);
  cases.emplace_back(test::rank_one_problem<float>({12, 11, 13}, 1500, 5), 300);
  for (const auto& [problem, components] : cases) {
    auto model = test::random_cp<float>(problem.shape, components, 6, .5);
    std::vector<std::vector<MatrixOf<float>>> gradients(3);
    std::vector<double> losses;
    for (const int threads : {1, 2, 3}) {
      set_num_threads(threads);
      losses.push_back(make_loss(problem, model)->gradient(gradients[threads - 1]));
    }
    set_num_threads(0);
    for (int other : {1, 2}) {
      EXPECT_EQ(losses[0], losses[other]);
      for (std::size_t n = 0; n < gradients[0].size(); ++n) EXPECT_EQ(gradients[0][n], gradients[other][n]);
    }
  }
}

TEST(CpLoss, RefusesModelsOfAnotherShape) {
  const auto problem = test::entry_problem<double>({3, 4, 2}, 10, 1);
  auto wrong = test::random_cp<double>({3, 2, 4}, 2, 1);
  EXPECT_THROW(make_loss(problem, wrong), InputError);
  auto uneven = test::random_cp<double>({3, 4, 2}, 2, 1);
  uneven.factors[1] = Matrix::Zero(4, 3);
  EXPECT_THROW(make_loss(problem, uneven), InputError);
  CpFactorization<double> empty{{Matrix(3, 0), Matrix(4, 0), Matrix(2, 0)}};
  EXPECT_THROW(make_loss(problem, empty), InputError);
}

TEST(ProductPlan, MakesEveryCombinationOnceAndPrefersFewRows) {
  const auto problem = test::entry_problem<double>({10, 10, 10, 10}, 2000, 1);
  const ProductPlan plan = ProductPlan::make(problem.shape, problem.index);
  EXPECT_EQ(plan.inner_rows(), 200);  // two halves of 100 combinations
  EXPECT_EQ(plan.total_rows(), 240);
  EXPECT_TRUE(plan.in_order);
  // Few cells: no more rows than observations.
  const auto sparse = test::entry_problem<double>({50, 50, 50}, 90, 1);
  EXPECT_LE(ProductPlan::make(sparse.shape, sparse.index).inner_rows(), 90);
}

}  // namespace
}  // namespace rankflow
