// The hierarchical factorization: cells, local components, balance, degree, and how it starts.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/tree_factorization.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rankflow/error.h"
#include "support/tree_models.h"

namespace rankflow {
namespace {

using testing::HasSubstr;
constexpr double kRoundOff = 1e-12;  // relative to the largest cell

// The sum over all paths: for small trees, straight from the definition, without recursion over the tree's nodes.
double cell_by_sums(const TreeFactorization<double>& model, const std::vector<std::int32_t>& index) {
  const ModeTree& tree = model.tree;
  std::vector<Index> r(static_cast<std::size_t>(tree.num_inner()), 0);
  double sum = 0;
  for (;;) {
    double product = 1;
    for (Index node = 0; node < tree.num_nodes(); ++node) {
      const Index row = tree.is_leaf(node) ? index[node] : r[node - tree.order];
      const Index column = tree.parent[node] < 0 ? 0 : r[tree.parent[node] - tree.order];
      product *= model.weights[node](row, column);
    }
    sum += product;
    Index k = 0;
    while (k < tree.num_inner() && ++r[k] == model.width(tree.order + k)) r[k++] = 0;
    if (k == tree.num_inner()) return sum;
  }
}

TEST(TreeFactorization, CellsAreTheSumOverAllPaths) {
  for (const test::TreeCase& which : test::all_trees()) {
    SCOPED_TRACE(which.name);
    const auto model = test::random_tree(which, 1);
    EXPECT_EQ(model.shape(), which.shape);
    const Vector cells = model.dense();
    ASSERT_EQ(cells.size(), test::num_cells(which.shape));
    const double size = cells.cwiseAbs().maxCoeff();
    for (Index cell = 0; cell < cells.size(); cell += 3) {
      const auto index = test::index_of(cell, which.shape);
      const double wanted = cell_by_sums(model, index);
      EXPECT_NEAR(cells[cell], wanted, kRoundOff * size);
      EXPECT_NEAR(model.entry(index), wanted, kRoundOff * size);
    }
  }
}

// P11: T = sum_r sigma^(v,r) C^(v,r) at any node; without some components it differs by at most their sum.
TEST(TreeFactorization, IsTheSumOfItsLocalComponentsAtEveryNode) {
  for (const test::TreeCase& which : test::all_trees()) {
    SCOPED_TRACE(which.name);
    const auto model = test::random_tree(which, 2);
    const Vector cells = model.dense();
    for (Index node = model.tree.order; node < model.tree.num_nodes(); ++node) {
      Vector sum = Vector::Zero(cells.size());
      double dropped_norms = 0;
      auto kept = model;
      for (Index r = 0; r < model.width(node); ++r) {
        auto alone = model;
        alone.weights[node].setZero();
        alone.weights[node].row(r) = model.weights[node].row(r);
        sum += alone.dense();
        if (r % 2 == 0) continue;
        dropped_norms += alone.dense().norm();
        kept.weights[node].row(r).setZero();
      }
      EXPECT_LE((sum - cells).norm(), kRoundOff * cells.norm());
      EXPECT_LE((kept.dense() - cells).norm(), dropped_norms * (1 + kRoundOff));
    }
  }
}

TEST(TreeFactorization, LocalComponentNormsAreProductsOfNorms) {
  const auto model = test::random_tree(test::every_tree()[0], 3);
  const Vector root = model.local_component_norms(6), left = model.local_component_norms(4);
  for (Index r = 0; r < 3; ++r)
    EXPECT_NEAR(root[r],
                model.weights[4].col(r).norm() * model.weights[5].col(r).norm() * std::abs(model.weights[6](r, 0)),
                kRoundOff);
  for (Index r = 0; r < 5; ++r)
    EXPECT_NEAR(left[r],
                model.weights[0].col(r).norm() * model.weights[1].col(r).norm() * model.weights[4].row(r).norm(),
                kRoundOff);
}

TEST(TreeFactorization, BalancingKeepsTheTensorAndTakesTheLeastWeights) {
  for (const test::TreeCase& which : test::all_trees()) {
    SCOPED_TRACE(which.name);
    auto model = test::random_tree(which, 4);
    const Vector before = model.dense();
    double squares = 0, balanced_squares = 0;
    for (const Matrix& weights : model.weights) squares += weights.squaredNorm();
    EXPECT_GT(model.unbalancedness(), .01);
    model.balance();
    for (const Matrix& weights : model.weights) balanced_squares += weights.squaredNorm();
    EXPECT_LE((model.dense() - before).norm(), kRoundOff * before.norm());
    EXPECT_LE(model.unbalancedness(), 1e-12 * balanced_squares);
    EXPECT_LT(balanced_squares, squares);
  }
}

// P15: every weight matrix is a factor of degree one.
TEST(TreeFactorization, IsHomogeneousInItsWeights) {
  const std::vector<int> degrees = {7, 7, 11, 9, 5};
  for (std::size_t k = 0; k < degrees.size(); ++k) {
    auto model = test::random_tree(test::every_tree()[k], 5);
    EXPECT_EQ(model.tree.num_nodes(), degrees[k]);
    const Vector before = model.dense();
    for (Matrix& weights : model.weights) weights *= 2;
    EXPECT_EQ(model.dense(), std::pow(2.0, degrees[k]) * before);  // powers of 2 are exact
  }
}

TEST(InitializeTree, NumbersHaveTheAskedMoments) {
  const auto model = initialize_tree<double>(ModeTree::perfect(4), {8, 8, 8, 8}, {0}, {.mean = .1, .deviation = .2});
  ASSERT_EQ(model.width(4), 512);  // 8^4 / 8
  ASSERT_EQ(model.weights[4].cols(), 512);
  EXPECT_EQ(model.weights[6].cols(), 1);
  const auto& w = model.weights[4].array();
  EXPECT_NEAR(w.mean(), .1, 5 * .2 / 512);
  EXPECT_NEAR(std::sqrt((w - .1).square().mean()), .2, .002);
  EXPECT_NE(model.weights[4](0, 0), model.weights[5](0, 0));
  const auto rounded = initialize_tree<float>(ModeTree::perfect(4), {8, 8, 8, 8}, {0}, {.mean = .1, .deviation = .2});
  EXPECT_EQ(rounded.weights[5], model.weights[5].cast<float>());
}

TEST(InitializeTree, ABalancedStartIsBalanced) {
  const auto model = initialize_tree<double>(ModeTree::perfect(5), {3, 2, 3, 2, 3}, {4},
                                             {.deviation = .1, .balanced = true, .seed = 3});
  EXPECT_LE(model.unbalancedness(), 1e-14);
}

TEST(InitializeTree, WrongSizesAreExplained) {
  const auto complaint = [](const std::vector<Index>& shape, const std::vector<Index>& widths) -> std::string {
    try {
      initialize_tree<double>(ModeTree::perfect(4), shape, widths, {});
    } catch (const OptionError& error) {
      return error.what();
    }
    return "none";
  };
  EXPECT_THAT(complaint({3, 3, 3}, {2}), HasSubstr("found 4 modes, expected the array's 3"));
  EXPECT_THAT(complaint({3, 3, 3, 3}, {2, 2}), HasSubstr("found 2 numbers, expected 1 or 3"));
  EXPECT_THAT(complaint({3, 3, 3, 3}, {}), HasSubstr("found 0 numbers, expected 1 or 3"));
  EXPECT_THAT(complaint({3, 3, 3, 3}, {-1}), HasSubstr("found -1"));
  EXPECT_THAT(complaint({3, 3, 0, 3}, {1}), HasSubstr("size 0"));
  EXPECT_THAT(complaint({3000, 3000, 3000, 3000}, {0}), HasSubstr("give the widths"));
}

}  // namespace
}  // namespace rankflow
