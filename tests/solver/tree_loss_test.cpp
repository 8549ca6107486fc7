// The loss of hierarchical factorizations: predictions and gradients for every tree and measurement, the same bits for
// any number of threads, and the laws by which local components grow (Razin, Maman and Cohen 2022).
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/threads.h"
#include "rankflow/error.h"
#include "rankflow/tensor_descent.h"
#include "support/flow_problems.h"
#include "support/tree_models.h"

namespace rankflow {
namespace {

constexpr double kRoundOff = 1e-12;
constexpr double kIdentity = 1e-10;

// <A_k, T> by the definition of the measurement.
double measured(const TensorProblem<double>& problem, const Vector& cells, Index k) {
  double sum = 0;
  for (Index cell = 0; cell < cells.size(); ++cell) {
    const auto index = test::index_of(cell, problem.shape);
    double a = 1;
    for (std::size_t n = 0; n < index.size(); ++n) {
      if (problem.measurement == TensorMeasurement::entries) a *= problem.index[n][k] == index[n] ? 1 : 0;
      if (problem.measurement == TensorMeasurement::rank_one) a *= problem.vectors[n](k, index[n]);
    }
    if (problem.measurement == TensorMeasurement::dense) a = problem.tensors(k, cell);
    sum += a * cells[cell];
  }
  return sum;
}

std::vector<std::pair<std::string, TensorProblem<double>>> every_problem(const test::TreeCase& which) {
  std::vector<std::pair<std::string, TensorProblem<double>>> list;
  list.emplace_back("entries", test::random_completion(which, 1));
  list.emplace_back("few entries", test::observe<double>(test::random_tree(which, 5).dense(), which.shape, 4, 2));
  TensorProblem<double> weighted = test::random_completion(which, 2);
  weighted.loss.normalization = Normalization::half_sum;
  for (Index k = 0; k < weighted.count(); ++k) weighted.weight.push_back(.5 + static_cast<double>(k % 3));
  list.emplace_back("weighted entries", weighted);
  const Index cells = test::num_cells(which.shape), count = 11;
  TensorProblem<double> dense, rank_one;
  dense.measurement = TensorMeasurement::dense;
  rank_one.measurement = TensorMeasurement::rank_one;
  dense.shape = rank_one.shape = which.shape;
  dense.tensors = test::normal_matrix(count, cells, 3);
  for (const Index size : which.shape) rank_one.vectors.push_back(test::normal_matrix(count, size, 4));
  for (TensorProblem<double>* problem : {&dense, &rank_one})
    for (Index k = 0; k < count; ++k) problem->value.push_back(.1 * static_cast<double>(k));
  list.emplace_back("dense", dense);
  list.emplace_back("rank one", rank_one);
  return list;
}

TEST(TreeLoss, IsThatOfTheDenseTensor) {
  for (const test::TreeCase& which : test::all_trees())
    for (const auto& [name, problem] : every_problem(which)) {
      SCOPED_TRACE(which.name + ", " + name);
      auto model = test::random_tree(which, 6);
      const Vector cells = model.dense();
      std::vector<double> x;
      for (Index k = 0; k < problem.count(); ++k) x.push_back(measured(problem, cells, k));
      const double wanted = loss_at(problem, x);
      EXPECT_NEAR(make_loss(problem, model)->loss(), wanted, kRoundOff * wanted);
    }
}

TEST(TreeLoss, GradientIsThatOfCentralDifferences) {
  constexpr double kStep = 1e-5, kTolerance = 1e-8;
  for (const test::TreeCase& which : test::all_trees())
    for (const auto& [name, problem] : every_problem(which)) {
      SCOPED_TRACE(which.name + ", " + name);
      auto model = test::random_tree(which, 7);
      const auto loss = make_loss(problem, model);
      auto gradient = test::like(model.weights);
      const double value = loss->gradient(gradient);
      EXPECT_EQ(value, loss->loss());
      const auto weights = loss->weights();
      double size = 0;
      for (const Matrix& g : gradient) size = std::max(size, g.cwiseAbs().maxCoeff());
      for (std::size_t node = 0; node < weights.size(); ++node) {
        ASSERT_EQ(weights[node], &model.weights[node]);
        for (Index k = 0; k < weights[node]->size(); ++k) {
          double& w = weights[node]->data()[k];
          const double kept = w;
          w = kept + kStep;
          const double above = loss->loss();
          w = kept - kStep;
          const double below = loss->loss();
          w = kept;
          EXPECT_NEAR(gradient[node].data()[k], (above - below) / (2 * kStep), kTolerance * (size + value))
              << "node " << node << ", number " << k;
        }
      }
    }
}

// Wide enough for whole cache lines, and few enough observations for the pass over pairs at the root.
TEST(TreeLoss, FloatAgreesWithDouble) {
  for (const Index count : {40, 500}) {
    const std::vector<Index> shape = {6, 5, 7, 6};
    auto model = initialize_tree<double>(ModeTree::perfect(4), shape, {32, 16, 48}, {.deviation = .3, .seed = 1});
    TreeFactorization<float> rounded{model.tree, {}};
    for (Matrix& weights : model.weights) {
      rounded.weights.push_back(weights.cast<float>());
      weights = rounded.weights.back().cast<double>();
    }
    const auto problem = test::observe<double>(test::normal_matrix(1260, 1, 3).col(0), shape, count, 3);
    TensorProblem<float> same;
    same.shape = shape;
    same.index = problem.index;
    same.value.assign(problem.value.begin(), problem.value.end());
    auto gradient = test::like(model.weights);
    auto rounded_gradient = test::like(rounded.weights);
    const double wanted = make_loss(problem, model)->gradient(gradient);
    EXPECT_NEAR(make_loss(same, rounded)->gradient(rounded_gradient), wanted, 1e-5 * wanted);
    for (std::size_t node = 0; node < gradient.size(); ++node)
      EXPECT_LE((rounded_gradient[node].cast<double>() - gradient[node]).norm(), 1e-4 * gradient[node].norm());
  }
}

template <class T>
void expect_same_bits(const TensorProblem<T>& problem, const std::vector<Index>& shape, Index width) {
  auto model =
      initialize_tree<T>(ModeTree::perfect(static_cast<Index>(shape.size())), shape, {width}, {.deviation = .3});
  std::vector<std::vector<MatrixOf<T>>> gradients;
  std::vector<double> values;
  const int before = num_threads();
  for (const int threads : {1, 2, 3}) {
    set_num_threads(threads);
    gradients.push_back(test::like(model.weights));
    values.push_back(make_loss(problem, model)->gradient(gradients.back()));
  }
  set_num_threads(before);
  for (std::size_t k = 1; k < values.size(); ++k) {
    EXPECT_EQ(values[k], values[0]);
    for (std::size_t node = 0; node < gradients[0].size(); ++node) EXPECT_EQ(gradients[k][node], gradients[0][node]);
  }
}

// Sizes for which every part of the contraction is worth more than one thread.
TEST(TreeLoss, IsTheSameForAnyNumberOfThreads) {
  const std::vector<Index> wide = {24, 24, 24, 24}, small = {12, 10, 12, 10}, long_one = {30, 40, 30};
  expect_same_bits<float>(test::observe<float>(test::normal_matrix(331776, 1, 1).col(0).cast<float>(), wide, 60000, 1),
                          wide, 64);
  expect_same_bits<double>(test::observe<double>(test::normal_matrix(14400, 1, 1).col(0), small, 1400, 1), small, 65);
  expect_same_bits<double>(test::observe<double>(test::normal_matrix(36000, 1, 1).col(0), long_one, 20000, 1), long_one,
                           24);
  TensorProblem<double> dense;
  dense.measurement = TensorMeasurement::dense;
  dense.shape = small;
  dense.tensors = test::normal_matrix(40, 14400, 2);
  dense.value.assign(40, .5);
  expect_same_bits<double>(dense, small, 20);
}

// More rows below a node than one sum takes; the derivative along a random direction.
TEST(TreeLoss, LongSumsAreCompleteAndTheSameForAnyNumberOfThreads) {
  const std::vector<Index> shape = {24, 24, 24, 3};
  const auto problem = test::observe<double>(test::normal_matrix(41472, 1, 1).col(0), shape, 30000, 1);
  auto model = initialize_tree<double>(ModeTree::parse("(((0,1),2),3)", 4), shape, {7}, {.deviation = .5, .seed = 2});
  const auto loss = make_loss(problem, model);
  const int before = num_threads();
  std::vector<std::vector<Matrix>> gradients;
  for (const int threads : {1, 2}) {
    set_num_threads(threads);
    gradients.push_back(test::like(model.weights));
    loss->gradient(gradients.back());
  }
  set_num_threads(before);
  constexpr double kStep = 1e-6;
  double slope = 0, size = 0;
  std::vector<Matrix> direction, start = model.weights;
  for (std::size_t node = 0; node < start.size(); ++node) {
    EXPECT_EQ(gradients[0][node], gradients[1][node]);
    direction.push_back(test::normal_matrix(start[node].rows(), start[node].cols(), 9 + node));
    slope += direction[node].cwiseProduct(gradients[0][node]).sum();
    size += gradients[0][node].norm();
  }
  const auto at = [&](double step) {
    for (std::size_t node = 0; node < start.size(); ++node) model.weights[node] = start[node] + step * direction[node];
    return loss->loss();
  };
  EXPECT_NEAR((at(kStep) - at(-kStep)) / (2 * kStep), slope, 1e-6 * size);
}

TEST(TreeLoss, WrongShapesAreExplained) {
  auto model = test::random_tree(test::every_tree()[0], 1);
  auto problem = test::random_completion(test::every_tree()[1], 1);
  const auto complaint = [&]() -> std::string {
    try {
      make_loss(problem, model);
    } catch (const OptionError& error) {
      return error.what();
    }
    return "none";
  };
  EXPECT_THAT(complaint(), testing::HasSubstr("found 3 x 4 x 3 x 2, expected the problem's 3 x 4 x 3 x 4"));
  problem = test::random_completion(test::every_tree()[0], 1);
  EXPECT_EQ(complaint(), "none");
  model.weights[1] = Matrix::Zero(4, 7);
  EXPECT_THAT(complaint(), testing::HasSubstr("node 1 of ((0,1),(2,3)): found 7 columns, expected 5"));
}

// ---- the laws of local components

struct LocalComponent {
  double norm = 1, rate = 0;           // sigma, and d sigma / dt by the chain rule
  double gamma = 0;                    // <-grad L, C>
  double inverse_squares = 0;          // sum over its vectors of 1 / ||w||^2
  double imbalance = 0;                // largest difference of squared norms
  std::vector<double> inner_products;  // <w, grad_w>
};

LocalComponent local_component(const TensorProblem<double>& problem, const TreeFactorization<double>& model,
                               const std::vector<Matrix>& gradient, const std::vector<double>& slope, Index node,
                               Index r) {
  std::vector<double> squares;
  LocalComponent c;
  for (const Index child : model.tree.children[node]) {
    squares.push_back(model.weights[child].col(r).squaredNorm());
    c.inner_products.push_back(model.weights[child].col(r).dot(gradient[child].col(r)));
  }
  squares.push_back(model.weights[node].row(r).squaredNorm());
  c.inner_products.push_back(model.weights[node].row(r).dot(gradient[node].row(r)));
  for (const double square : squares) {
    c.norm *= std::sqrt(square);
    c.inverse_squares += 1 / square;
  }
  for (std::size_t k = 0; k < squares.size(); ++k) c.rate -= c.norm / squares[k] * c.inner_products[k];
  const auto [least, most] = std::minmax_element(squares.begin(), squares.end());
  c.imbalance = *most - *least;
  TreeFactorization<double> alone = model;
  alone.weights[node].setZero();
  alone.weights[node].row(r) = model.weights[node].row(r) / c.norm;
  std::vector<std::int32_t> index(problem.shape.size());
  for (Index k = 0; k < problem.count(); ++k) {
    for (std::size_t n = 0; n < index.size(); ++n) index[n] = problem.index[n][k];
    c.gamma -= slope[k] * alone.entry(index);
  }
  return c;
}

// Calls check(component, number of its vectors, node) for all local components of `instances` random models of every
// tree. A model's weights are balanced if asked for.
template <class Check>
void for_every_component(int instances, bool balanced, Check check) {
  const std::vector<test::TreeCase> trees = test::every_tree();
  for (int instance = 0; instance < instances; ++instance) {
    const test::TreeCase& which = trees[instance % trees.size()];
    SCOPED_TRACE(testing::Message() << which.name << ", instance " << instance);
    auto model = test::random_tree(which, instance);
    if (balanced) model.balance();
    const auto problem = test::random_completion(which, instance);
    auto gradient = test::like(model.weights);
    make_loss(problem, model)->gradient(gradient);
    std::vector<double> x, slope;
    std::vector<std::int32_t> index(which.shape.size());
    for (Index k = 0; k < problem.count(); ++k) {
      for (std::size_t n = 0; n < index.size(); ++n) index[n] = problem.index[n][k];
      x.push_back(model.entry(index));
    }
    loss_at(problem, x, &slope);
    for (Index node = model.tree.order; node < model.tree.num_nodes(); ++node)
      for (Index r = 0; r < model.width(node); ++r) {
        const LocalComponent c = local_component(problem, model, gradient, slope, node, r);
        check(c, static_cast<double>(c.inner_products.size()));
      }
  }
}

// What round-off may be of: the products that a rate is the sum of, which may cancel.
double terms(const LocalComponent& c) {
  double sum = 0;
  for (const double product : c.inner_products) sum += std::abs(product);
  return sum * c.norm * c.inverse_squares + c.norm * c.norm * c.inverse_squares;
}

// P8: d sigma / dt = K sigma^(2 - 2 / K) gamma.
TEST(LocalComponents, BalancedOnesGrowByTheLaw) {
  for_every_component(20, true, [](const LocalComponent& c, double k) {
    EXPECT_NEAR(c.rate, k * std::pow(c.norm, 2 - 2 / k) * c.gamma, kIdentity * terms(c));
  });
}

// P9: d sigma / dt = sigma^2 gamma sum 1 / ||w||^2, whatever the weights.
TEST(LocalComponents, AnyOnesGrowByTheExactLaw) {
  for_every_component(20, false, [](const LocalComponent& c, double) {
    EXPECT_NEAR(c.rate, c.norm * c.norm * c.gamma * c.inverse_squares, kIdentity * terms(c));
  });
}

// P9b: between K sigma^2 / (sigma^(2/K) + e) |gamma| and K (sigma^(2/K) + e)^(K-1) |gamma|, with gamma's sign.
TEST(LocalComponents, GrowBetweenTheBounds) {
  int looked_at = 0;
  for_every_component(1000, false, [&](const LocalComponent& c, double k) {
    const double root = std::pow(c.norm, 2 / k) + c.imbalance, slack = kRoundOff * terms(c);
    const double growth = c.gamma >= 0 ? c.rate : -c.rate, gamma = std::abs(c.gamma);
    EXPECT_GE(growth, k * c.norm * c.norm / root * gamma - slack);
    EXPECT_LE(growth, k * std::pow(root, k - 1) * gamma + slack);
    ++looked_at;
  });
  EXPECT_GT(looked_at, 10000);
}

// P10: <w, grad_w> is the same for all vectors w of a component (it is -sigma gamma), so that the flow conserves
// differences of squared norms.
TEST(LocalComponents, ConserveDifferencesOfSquaredNorms) {
  for_every_component(20, false, [](const LocalComponent& c, double) {
    for (const double product : c.inner_products) EXPECT_NEAR(product, -c.norm * c.gamma, kIdentity * (1 + c.norm));
  });
}

}  // namespace
}  // namespace rankflow
