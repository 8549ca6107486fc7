// Planted trees are found from half the cells, whatever the modes are called.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/choose_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/threads.h"
#include "rankflow/error.h"
#include "solver/choose_tree/lowest_root.h"
#include "support/tree_models.h"

namespace rankflow {
namespace {

// The splits of a tree: the side with mode 0, for every edge between inner nodes.
std::set<std::vector<Index>> splits(const ModeTree& tree) {
  std::set<std::vector<Index>> found;
  for (Index node = tree.order; node < tree.root(); ++node) {
    std::vector<Index> modes = tree.modes(node);
    if (modes.front() != 0) {
      std::vector<Index> others;
      for (Index mode = 0; mode < tree.order; ++mode)
        if (!std::binary_search(modes.begin(), modes.end(), mode)) others.push_back(mode);
      modes = others;
    }
    if (modes.size() > 1 && static_cast<Index>(modes.size()) + 1 < tree.order) found.insert(modes);
  }
  return found;
}

// The tree with its modes renamed by a random permutation.
ModeTree relabelled(const std::string& text, Index order, std::uint64_t seed) {
  std::string permutation("012345678");
  permutation.resize(static_cast<std::size_t>(order));
  Rng rng(seed, 0x9E2);
  for (std::size_t k = permutation.size(); k > 1; --k) std::swap(permutation[k - 1], permutation[rng.below(k)]);
  std::string renamed = text;
  for (char& c : renamed)
    if (c >= '0' && c <= '9') c = permutation[c - '0'];
  return ModeTree::parse(renamed, order);
}

int found_of_ten(const std::string& text, Index order, Index size, Index width, double noise) {
  int found = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const ModeTree planted = relabelled(text, order, seed);
    const std::vector<Index> shape(static_cast<std::size_t>(order), size);
    Vector cells = initialize_tree<double>(planted, shape, {width}, {.deviation = 1, .seed = seed}).dense();
    cells *= std::sqrt(static_cast<double>(cells.size())) / cells.norm();
    Rng rng(seed, 0x015E);
    for (double& cell : cells) cell += noise * rng.normal();
    const auto problem = test::observe(cells, shape, cells.size() / 2, seed);
    const TreeChoice choice = choose_tree(problem);
    if (splits(choice.tree) == splits(planted)) {
      ++found;
    } else {
      ADD_FAILURE() << "planted " << planted.text() << ", found " << choice.tree.text();
    }
  }
  return found;
}

TEST(ChooseTree, FindsPlantedTreesOfOrderFour) {
  EXPECT_EQ(found_of_ten("((0,1),(2,3))", 4, 6, 3, 0), 10);
  EXPECT_EQ(found_of_ten("((0,1),(2,3))", 4, 8, 3, .2), 10);
}

TEST(ChooseTree, FindsPlantedTreesOfOrderSix) {
  EXPECT_EQ(found_of_ten("((0,1),(2,3),(4,5))", 6, 4, 3, 0), 10);
}

TEST(ChooseTree, FindsPlantedChainsOfOrderSix) {
  EXPECT_EQ(found_of_ten("(((0,1),2),((3,4),5))", 6, 4, 3, 0), 10);
}

TensorProblem<float> planted_problem(const ModeTree& planted, const std::vector<Index>& shape, Index count) {
  const auto model = initialize_tree<float>(planted, shape, {2}, {.deviation = 1, .seed = 4});
  return test::observe(model.dense(), shape, count, 4);
}

// Beyond the exact search: the first pair is joined before it.
TEST(ChooseTree, JoinsPairsFirstWhereThereAreManyModes) {
  const ModeTree planted = ModeTree::parse("(((0,7),1),(5,((2,6),(3,4))))", 8);
  const std::vector<Index> shape(8, 3);
  const auto model = initialize_tree<double>(planted, shape, {3}, {.deviation = 1, .seed = 1});
  const auto problem = test::observe<double>(model.dense(), shape, 3280, 1);
  EXPECT_EQ(splits(choose_tree(problem).tree), splits(planted));
}

// 2.6 million cells, two per cent of them observed.
TEST(ChooseTree, JudgesLongModesByTheirMostObservedIndices) {
  const ModeTree planted = ModeTree::parse("((0,3),(1,2))", 4);
  const TreeChoice choice = choose_tree(planted_problem(planted, {40, 40, 40, 40}, 50000));
  EXPECT_EQ(choice.tree.text(), "((0,3),(1,2))");
}

TEST(ChooseTree, SaysHowWellEachSplitIsCompleted) {
  const ModeTree planted = ModeTree::parse("((0,2),(1,3))", 4);
  const TreeChoice choice = choose_tree(planted_problem(planted, {8, 8, 8, 8}, 3000));
  ASSERT_EQ(choice.tree.text(), planted.text());
  EXPECT_LT(choice.split[4].score, -10);
  EXPECT_EQ(choice.split[4].rank, choice.split[5].rank);  // one split
  EXPECT_GE(choice.split[4].rank, 2);
  EXPECT_LT(choice.split[4].error, 1e-3);
  EXPECT_EQ(choice.split[0].score, 0);
  EXPECT_EQ(choice.split[6].score, 0);
}

TEST(ChooseTree, IsTheSameForAnyNumberOfThreads) {
  const auto problem = planted_problem(ModeTree::perfect(5), {4, 4, 4, 4, 4}, 600);
  const int before = num_threads();
  std::vector<TreeChoice> choices;
  for (const int threads : {1, 2}) {
    set_num_threads(threads);
    choices.push_back(choose_tree(problem));
  }
  set_num_threads(before);
  EXPECT_EQ(choices[0].tree.text(), choices[1].tree.text());
  for (std::size_t node = 0; node < choices[0].split.size(); ++node)
    EXPECT_EQ(choices[0].split[node].score, choices[1].split[node].score);
}

TEST(ChooseTree, FewModesLeaveNoChoice) {
  EXPECT_EQ(choose_tree(planted_problem(ModeTree::perfect(1), {9}, 5)).tree.text(), "(0)");
  EXPECT_EQ(choose_tree(planted_problem(ModeTree::perfect(2), {4, 5}, 9)).tree.text(), "(0,1)");
  EXPECT_EQ(choose_tree(planted_problem(ModeTree::perfect(3), {4, 5, 3}, 30)).tree.text(), "(0,1,2)");
}

TEST(ChooseTree, WhatCannotBeChosenIsExplained) {
  auto problem = planted_problem(ModeTree::perfect(4), {3, 3, 3, 3}, 40);
  problem.measurement = TensorMeasurement::dense;
  EXPECT_THROW(choose_tree(problem), OptionError);
  EXPECT_THROW(choose_tree(planted_problem(ModeTree::perfect(17), std::vector<Index>(17, 2), 100)), OptionError);
  EXPECT_THROW(choose_tree(planted_problem(ModeTree::perfect(3), {2, 2, 2}, 0)), InputError);
}

TEST(LowestRoot, IsWhereTheTreeIsLowest) {
  using choose_tree_parts::BinaryTree;
  BinaryTree chain(6);  // ((((0,1),2),3),4),5
  Index node = 0;
  for (Index mode = 1; mode < 6; ++mode) node = chain.join(node, mode);
  EXPECT_EQ(lowest_root(chain).text(), "(((0,1),2),(3,(4,5)))");
  BinaryTree pairs(6);  // three pairs around one node
  const Index a = pairs.join(0, 1), b = pairs.join(2, 3), c = pairs.join(4, 5);
  pairs.join(pairs.join(a, b), c);
  EXPECT_EQ(lowest_root(pairs).text(), "((0,1),(2,3),(4,5))");
}

}  // namespace
}  // namespace rankflow
