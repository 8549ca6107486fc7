// Spectra of unfoldings from the weights against those of all cells, and the ranks that theory says (P12).
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/tree_ranks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rankflow/error.h"
#include "support/tree_models.h"

namespace rankflow {
namespace {

using testing::ElementsAre;
constexpr double kRoundOff = 1e-13;  // relative to the largest singular value

Index rank_of(const TreeFactorization<double>& model, const std::vector<Index>& modes) {
  return numerical_rank(unfolding_spectrum(model.dense(), model.shape(), modes));
}

TEST(UnfoldingSpectra, FromTheWeightsAreThoseOfAllCells) {
  for (const test::TreeCase& which : test::all_trees()) {
    SCOPED_TRACE(which.name);
    const auto model = test::random_tree(which, 1);
    const Vector cells = model.dense();
    const std::vector<Vector> spectra = unfolding_spectra(model);
    ASSERT_EQ(static_cast<Index>(spectra.size()), which.tree.num_nodes());
    for (Index node = 0; node < which.tree.num_nodes(); ++node) {
      const Vector wanted = unfolding_spectrum(cells, which.shape, which.tree.modes(node));
      const Vector& found = spectra[node];
      ASSERT_GE(wanted.size(), 1);
      const Index common = std::min(found.size(), wanted.size());
      EXPECT_LE((found.head(common) - wanted.head(common)).norm(), kRoundOff * wanted[0]);
      EXPECT_LE(found.tail(found.size() - common).norm(), kRoundOff * wanted[0]);
      EXPECT_LE(wanted.tail(wanted.size() - common).norm(), kRoundOff * wanted[0]);
    }
  }
}

// P12: the rank at a node below the root is the least of the width above it and the sizes of the unfolding.
TEST(UnfoldingSpectra, RandomWeightsHaveTheRankOfTheWidths) {
  const auto neighbours =
      initialize_tree<double>(ModeTree::perfect(4), {3, 4, 3, 2}, {5, 5, 4}, {.deviation = 1, .seed = 1});
  EXPECT_THAT(hierarchical_rank(neighbours), ElementsAre(3, 4, 3, 2, 4, 4, 1));
  const auto halves =
      initialize_tree<double>(ModeTree::halves(4), {3, 4, 3, 4}, {5, 5, 4}, {.deviation = 1, .seed = 1});
  EXPECT_EQ(rank_of(halves, {0, 2}), 4);
  EXPECT_EQ(rank_of(halves, {1, 3}), 4);
  EXPECT_GT(rank_of(halves, {0, 1}), 4);
}

// Low rank on the tree only: widths 5 at {0,1}, but 25 across.
TEST(UnfoldingSpectra, RankAcrossTheTreeIsTheSquare) {
  const auto model =
      initialize_tree<double>(ModeTree::perfect(4), {8, 8, 8, 8}, {5, 5, 5}, {.deviation = 1, .seed = 2});
  EXPECT_EQ(rank_of(model, {0, 1}), 5);
  EXPECT_EQ(rank_of(model, {0, 2}), 25);
  EXPECT_EQ(hierarchical_rank(model)[4], 5);
}

// 10^16 cells: no dense array to look at. The norm has a closed form where all weights are orthonormal columns.
TEST(UnfoldingSpectra, NeedNoCells) {
  const ModeTree tree = ModeTree::perfect(16);
  auto model = initialize_tree<double>(tree, std::vector<Index>(16, 10), {4}, {.deviation = 1});
  for (Index node = 0; node < tree.num_nodes(); ++node) {
    Matrix& w = model.weights[node];
    w.setZero();
    for (Index r = 0; r < w.cols(); ++r) w(r, r) = node == tree.root() ? 0 : 1;
  }
  model.weights.back() << 4, 3, 2, 1;  // T = sum_r w_r e_r o ... o e_r
  for (Index node = 0; node < tree.num_nodes(); ++node) {
    SCOPED_TRACE(node);
    const Vector spectrum = unfolding_spectra(model)[node];
    if (node == tree.root()) {
      EXPECT_NEAR(spectrum[0], std::sqrt(30.0), 1e-12);
    } else {
      EXPECT_THAT(spectrum.head(4), testing::Pointwise(testing::DoubleNear(1e-12), {4.0, 3.0, 2.0, 1.0}));
      EXPECT_EQ(numerical_rank(spectrum), 4);
    }
  }
}

TEST(NumericalRank, CountsWhatIsAboveTheCutoff) {
  EXPECT_EQ(numerical_rank(Vector{{2, 1, 1e-8, 1e-10}}), 3);
  EXPECT_EQ(numerical_rank(Vector{{2, 1, 1e-8, 1e-10}}, 1e-3), 2);
  EXPECT_EQ(numerical_rank(Vector::Zero(3)), 0);
  EXPECT_EQ(numerical_rank(Vector()), 0);
  EXPECT_THROW(unfolding_spectrum(Vector::Ones(4), {2, 2}, {2}), OptionError);
}

}  // namespace
}  // namespace rankflow
