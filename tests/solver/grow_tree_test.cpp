// Growing tree: its passes against definitions, what may enter, what it solves, resumed fits.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/grow_tree.h"

#include <gtest/gtest.h>

#include "base/threads.h"
#include "linalg/decompositions.h"
#include "rankflow/error.h"
#include "solver/grow/cp_family.h"
#include "solver/grow/determination.h"
#include "solver/grow/normal_equations.h"
#include "solver/grow/tree_family.h"
#include "support/tree_problems.h"

namespace rankflow {
namespace {

using test::make_tree;
using test::observe;
using test::relative_error;
using test::tree_cells;
using test::tree_target;
using test::two_pairs;

// Tests run beside each other.
const int kThreads = set_num_threads(1);

const std::vector<Index> kShape{8, 8, 8, 8};

struct Case {
  ModeTree tree;
  std::vector<Index> shape, widths;
  bool usable = true;
};

// A binary tree, a node with a single child and one with three, a chain.
std::vector<Case> cases() {
  return {{two_pairs(), {3, 4, 3, 2}, {3, 2, 4}},
          {make_tree(5, {{0, 1, 2}, {4}, {5, 3, 6}}), {3, 3, 3, 3, 4}, {2, 3, 3}},
          {make_tree(4, {{0, 1}, {4, 2}, {5, 3}}), {4, 3, 3, 4}, {3, 3, 2}},
          {two_pairs(), {2, 2, 2, 3}, {5, 3, 3}, false}};
}

grow::Point point_of(const TreeFactorization<double>& model) {
  return grow::from_tree(model, 1);
}

Vector cells_of(const Case& c, const grow::Point& point) {
  return tree_cells(grow::to_tree(c.tree, c.shape, point, 1));
}

// d cell / d weight for all cells, by central differences; the tensor is a polynomial of low degree.
Matrix jacobian(const Case& c, const grow::Point& point) {
  const double h = 1e-4;
  Matrix columns(point.weights.size(), test::num_cells(c.shape));
  for (Index k = 0; k < point.weights.size(); ++k) {
    grow::Point up = point, down = point;
    up.weights[k] += h, down.weights[k] -= h;
    columns.row(k) = ((cells_of(c, up) - cells_of(c, down)) / (2 * h)).transpose();
  }
  return columns.transpose();
}

TEST(GrowTreePasses, AgreeWithDifferencesOfTheDefinition) {
  for (const Case& c : cases()) {
    const auto model = tree_target(c.tree, c.shape, c.widths, 1);
    const grow::Point point = point_of(model);
    const Vector all = tree_cells(tree_target(c.tree, c.shape, c.widths, 2));
    TensorProblem<double> problem = observe(c.shape, all, all.size(), 1);
    Rng rng(3);
    for (Index k = 0; k < all.size(); ++k) problem.weight.push_back(.5 + rng.uniform());
    const grow::Cells cells = grow::make_cells(problem);
    Vector weight(cells.count()), y(cells.count()), direction(point.weights.size());
    for (Index k = 0; k < cells.count(); ++k) weight[k] = cells.weight[k], y[k] = cells.value[k];
    for (double& x : direction) x = rng.normal();
    const Matrix j = jacobian(c, point), normal = j.transpose() * weight.asDiagonal() * j;
    const Vector error = tree_cells(model) - y;

    const auto family = grow::tree_family(c.tree, c.shape);
    const auto squares = family->least_squares(cells, point);
    const double loss = .5 * (weight.array() * error.array().square()).sum();
    EXPECT_NEAR(squares->loss(point.weights), loss, 1e-12 * loss);
    Vector gradient, product, diagonal;
    EXPECT_NEAR(squares->linearize(point.weights, gradient), loss, 1e-12 * loss);
    constexpr double kDifference = 1e-6;  // central difference with h = 1e-4
    const Vector expected = j.transpose() * (weight.array() * error.array()).matrix();
    EXPECT_LE((gradient - expected).norm(), kDifference * expected.norm());
    squares->normal_product(direction, product);
    EXPECT_LE((product - normal * direction).norm(), kDifference * product.norm());
    Matrix matrix;
    squares->normal_matrix(matrix);
    const Matrix lower = normal.triangularView<Eigen::Lower>();
    EXPECT_LE((Matrix(matrix.triangularView<Eigen::Lower>()) - lower).norm(), kDifference * lower.norm());
    squares->diagonal(diagonal);
    EXPECT_LE((diagonal - normal.diagonal()).norm(), kDifference * diagonal.norm());
    grow::NormalEquations cholesky(*squares, grow::NormalEquations::Solver::cholesky);
    grow::NormalEquations gradients(*squares, grow::NormalEquations::Solver::conjugate_gradients);
    cholesky.refresh(), gradients.refresh();
    Vector direct, iterative;
    ASSERT_TRUE(cholesky.solve(direction, .1, 0, 0, direct));
    ASSERT_TRUE(gradients.solve(direction, .1, 1e-12, 2000, iterative));
    EXPECT_LE((iterative - direct).norm(), 1e-8 * direct.norm());

    // Degrees of freedom: the rank of the Jacobian on all cells; less where widths are more than the shape can use.
    const Vector s = singular_values(j);
    const double rank = static_cast<double>((s.array() > 1e-7 * s[0]).count());
    EXPECT_GE(family->degrees_of_freedom(c.widths), rank);
    if (c.usable) {
      EXPECT_EQ(family->degrees_of_freedom(c.widths), rank);
    }

    Vector balanced = point.weights;
    family->balance(c.widths, balanced);
    EXPECT_LE(relative_error(cells_of(c, {c.widths, balanced}), tree_cells(model)), 1e-13);
    EXPECT_LT(balanced.norm(), point.weights.norm());
  }
}

TEST(GrowTreePasses, PartsAreTheLocalComponents) {
  // A tensor is the sum over the local components of a node: without one, the rest is left.
  for (const Case& c : cases()) {
    const grow::Point point = point_of(tree_target(c.tree, c.shape, c.widths, 1));
    const Vector all = cells_of(c, point);
    const grow::Cells cells = grow::make_cells(observe(c.shape, all, all.size(), 1));
    const auto family = grow::tree_family(c.tree, c.shape);
    const std::vector<double> sizes = family->part_sizes(cells, point);
    std::size_t part = 0;
    for (const Index width : c.widths) {
      Vector sum = Vector::Zero(all.size());
      for (Index r = 0; r < width; ++r, ++part) {
        const Vector rest = cells_of(c, family->without(point, static_cast<Index>(part)));
        EXPECT_NEAR(sizes[part], (all - rest).norm(), 1e-12);
        sum += all - rest;
      }
      EXPECT_LE(relative_error(sum, all), 1e-12);
    }
    EXPECT_EQ(part, sizes.size());
  }
}

TEST(GrowTreeDirections, AllConnectedSetsOfSmallTrees) {
  EXPECT_EQ(grow::node_sets(two_pairs()).size(), 6u);  // three single nodes, the root with one or both
  EXPECT_EQ(grow::node_sets(make_tree(4, {{0, 1}, {4, 2}, {5, 3}})).size(), 6u);  // stretches of a chain of three
  const ModeTree large = make_tree(8, {{0, 1}, {2, 3}, {4, 5}, {6, 7}, {8, 9}, {10, 11}, {12, 13}});
  EXPECT_EQ(grow::node_sets(large).size(), 7u + 6u + 3u);  // nodes, edges, subtrees of more than one node
}

TEST(GrowTreeDirections, NewComponentsPointAlongTheSlope) {
  const Case c = cases()[0];
  const grow::Point point = point_of(tree_target(c.tree, c.shape, c.widths, 1));
  const Vector other = tree_cells(tree_target(c.tree, c.shape, c.widths, 2)), own = cells_of(c, point);
  const grow::Cells cells = grow::make_cells(observe(c.shape, other, 50, 1));
  std::vector<double> before, after, slope(50);
  const auto family = grow::tree_family(c.tree, c.shape);
  family->values(cells, point, before);
  double loss = 0;
  for (Index k = 0; k < 50; ++k) slope[k] = cells.value[k] - before[k], loss += slope[k] * slope[k];
  const auto candidates = family->directions(cells, point, slope, {1, 0, 0}, {});
  ASSERT_EQ(candidates.size(), 3u);
  for (const grow::Candidate& candidate : candidates) {
    family->values(cells, candidate.extended, after);
    // The step is the best multiple: what is left is orthogonal to what has entered.
    double left = 0, across = 0;
    for (Index k = 0; k < 50; ++k) {
      left += std::pow(cells.value[k] - after[k], 2);
      across += (cells.value[k] - after[k]) * (after[k] - before[k]);
    }
    EXPECT_LT(left, loss);
    EXPECT_NEAR(across, 0, 1e-9 * loss);
  }
}

TEST(GrowTree, FindsWidthsAndRanks) {
  struct Setting {
    Index count;
    std::uint64_t seed;
  };
  for (const Setting& setting : {Setting{2048, 1}, Setting{600, 2}, Setting{600, 3}}) {
    const Vector truth = tree_cells(tree_target(two_pairs(), kShape, {5, 5, 5}, setting.seed));
    const GrowTreeResult result =
        fit_grow_tree(observe(kShape, truth, setting.count, setting.seed), nullptr, two_pairs());
    EXPECT_EQ(result.verdict, GrowVerdict::solved) << result.message;
    const Vector found = tree_cells(result.model);
    EXPECT_LT(relative_error(found, truth), 1e-9);
    for (const std::vector<Index>& rows : {std::vector<Index>{0, 1}, {0}, {3}}) {
      const Vector expected = singular_values(test::matricize(truth, kShape, rows)),
                   s = singular_values(test::matricize(found, kShape, rows));
      EXPECT_EQ((s.array() > 1e-5 * s[0]).count(), (expected.array() > 1e-5 * expected[0]).count());
    }
  }
}

TEST(GrowTree, DoesNotClaimWhatTheDataDoNotDetermine) {
  const Vector truth = tree_cells(tree_target(two_pairs(), kShape, {5, 5, 5}, 1));
  const GrowTreeResult result = fit_grow_tree(observe(kShape, truth, 150, 1), nullptr, two_pairs(), {.attempts = 4});
  EXPECT_EQ(result.verdict, GrowVerdict::not_determined) << result.message;
  EXPECT_EQ(result.model.weights.size(), 7u);
}

TEST(GrowTree, PredictsNoisyCells) {
  const Vector truth = tree_cells(tree_target(two_pairs(), kShape, {3, 3, 3}, 1));
  const GrowTreeResult result = fit_grow_tree(observe(kShape, truth, 1000, 1, .1), nullptr, two_pairs());
  EXPECT_EQ(result.verdict, GrowVerdict::predicts) << result.message;
  // The least possible on average: .1 sqrt(93 / 1000) = .0305.
  EXPECT_LT(relative_error(tree_cells(result.model), truth), .05);
  const GrowTreeResult again = refit_grow_tree(observe(kShape, truth, 1000, 1, .1), result);
  EXPECT_EQ(again.verdict, GrowVerdict::predicts);
  EXPECT_NEAR(again.train_rmse, result.train_rmse, 1e-3 * result.train_rmse);
}

TEST(GrowTree, ResumedFitsHaveTheSameBitsOnAnyNumberOfThreads) {
  const Vector truth = tree_cells(tree_target(two_pairs(), kShape, {2, 2, 2}, 1));
  const auto problem = observe(kShape, truth, 2500, 1);
  const GrowTreeResult whole = fit_grow_tree(problem, nullptr, two_pairs());
  auto engine = std::make_unique<GrowTree>(problem, nullptr, two_pairs(), GrowOptions{});
  set_num_threads(2);
  while (engine->step()) {
    const Archive state = engine->state();
    engine = std::make_unique<GrowTree>(problem, nullptr, two_pairs(), GrowOptions{});
    engine->restore(state);
  }
  set_num_threads(1);
  const GrowTreeResult pieces = engine->result();
  EXPECT_EQ(pieces.iterations, whole.iterations);
  ASSERT_EQ(pieces.model.weights.size(), whole.model.weights.size());
  for (std::size_t v = 0; v < whole.model.weights.size(); ++v)
    EXPECT_EQ(pieces.model.weights[v], whole.model.weights[v]);
}

TEST(GrowTree, RefusesATreeOfAnotherOrder) {
  const std::vector<Index> shape{3, 3, 3};
  const auto problem = observe(shape, test::cp_cells(test::cp_target(shape, 1, 1)), 20, 1);
  EXPECT_THROW(fit_grow_tree(problem, nullptr, two_pairs()), InputError);
}

TEST(Determination, SeesWhatTheObservationsDoNot) {
  const std::vector<Index> shape{6, 7, 8};
  const auto factors = test::cp_target(shape, 2, 1);
  const Vector all = test::cp_cells(factors);
  const auto family = grow::cp_family(shape);
  const grow::Point point = grow::from_cp({factors}, 1);
  const auto amplification = [&](const TensorProblem<double>& problem) {
    return grow::amplification(*family, grow::make_cells(problem), point, 1, {});
  };
  // Everything is observed: cells move as much as they are seen to, up to the sample of typical cells.
  const double full = amplification(observe(shape, all, all.size(), 1));
  EXPECT_GT(full, .8);
  EXPECT_LT(full, 3);
  EXPECT_LT(amplification(observe(shape, all, 150, 1)), 30);
  // A slice that is not observed can be anything.
  std::vector<Index> numbers;
  for (Index k = 0; k < all.size(); ++k)
    if (k / 8 % 7 != 5) numbers.push_back(k);
  EXPECT_GT(amplification(test::observe_cells(shape, numbers, [&](Index k) { return all[k]; })), 1e5);
  // Fewer observations than degrees of freedom.
  EXPECT_GT(amplification(observe(shape, all, 30, 1)), 1e5);
}

}  // namespace
}  // namespace rankflow
