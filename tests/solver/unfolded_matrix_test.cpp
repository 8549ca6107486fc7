// An array through one of its unfoldings: the same cells as the matrix that the unfolding is.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/unfolded_matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rankflow/error.h"
#include "support/planted_tensors.h"

namespace rankflow {
namespace {

using ::testing::ElementsAre;

TensorProblem<double> observed(const std::vector<Index>& shape, const Vector& cells,
                               const std::vector<Index>& numbers) {
  return test::observe_cells(shape, numbers, [&](Index number) { return cells[number]; });
}

FlowOptions quick() {
  FlowOptions options;
  options.seed = 3;
  return options;
}

TEST(UnfoldedMatrix, CompletesAnArrayWhoseUnfoldingHasLowRank) {
  const std::vector<Index> shape = {12, 8, 9};
  const Vector cells = test::cp_cells(test::cp_target(shape, 2, 5));
  const TensorProblem<double> train = observed(shape, cells, test::draw_cells(cells.size(), 500, 7));
  const UnfoldedResult result = fit_unfolded(train, nullptr, {0}, quick());
  EXPECT_TRUE(result.solved) << result.message;
  EXPECT_EQ(result.model.model.rank(1e-6), 2);
  double squares = 0;
  for (std::int32_t i = 0; i < 12; ++i)
    for (std::int32_t j = 0; j < 8; ++j)
      for (std::int32_t k = 0; k < 9; ++k)
        squares += std::pow(result.model.entry(std::vector<std::int32_t>{i, j, k}) - cells[(i * 8 + j) * 9 + k], 2);
  EXPECT_LT(std::sqrt(squares) / cells.norm(), 1e-5);
}

TEST(UnfoldedMatrix, PairsOfModesAreRowsToo) {
  const std::vector<Index> shape = {4, 5, 3, 6};
  const Vector cells = test::cp_cells(test::cp_target(shape, 2, 6));
  const TensorProblem<double> train = observed(shape, cells, test::draw_cells(cells.size(), 250, 8));
  const UnfoldedResult result = fit_unfolded(train, nullptr, {0, 2}, quick());
  ASSERT_TRUE(result.solved) << result.message;
  for (const std::int32_t i : {0, 3})
    for (const std::int32_t k : {0, 2}) {
      const std::vector<std::int32_t> index = {i, 4, k, 1};
      EXPECT_NEAR(result.model.entry(index), cells[((i * 5 + 4) * 3 + k) * 6 + 1], 1e-6);
    }
}

TEST(UnfoldedMatrix, RepeatsItsPathOnMoreCells) {
  const std::vector<Index> shape = {15, 8, 9};
  const Vector cells = test::cp_cells(test::cp_target(shape, 2, 9));
  const std::vector<Index> drawn = test::draw_cells(cells.size(), 700, 10);
  std::vector<Index> few, rest;
  for (std::size_t k = 0; k < drawn.size(); ++k) (k % 10 == 0 ? rest : few).push_back(drawn[k]);
  const TensorProblem<double> train = observed(shape, cells, few), unseen = observed(shape, cells, rest),
                              all = observed(shape, cells, drawn);
  const UnfoldedResult first = fit_unfolded(train, &unseen, {0}, quick());
  EXPECT_LT(first.validation_rmse, 1e-6);
  const UnfoldedResult again = refit_unfolded(all, first, quick());
  EXPECT_THAT(again.model.rows.modes, ElementsAre(0));
  EXPECT_THAT(again.model.columns.modes, ElementsAre(1, 2));
  EXPECT_LT(again.train_rmse, 1e-6);
}

TEST(UnfoldedMatrix, CellsOfUnknownLinesGetWhatTheOtherSideSays) {
  TensorProblem<double> train;
  train.shape = {3, 2, 2};
  train.index = {{0, 0, 1, 1}, {0, 0, 0, 0}, {0, 1, 0, 1}};
  train.value = {1, 2, 2, 4};
  FlowOptions options = quick();
  options.centering = Centering::mean;
  const UnfoldedResult result = fit_unfolded(train, nullptr, {0}, options);
  EXPECT_DOUBLE_EQ(result.model.entry(std::vector<std::int32_t>{2, 1, 1}), 2.25);
}

TEST(UnfoldedMatrix, RefusesWhatIsNoUnfolding) {
  TensorProblem<double> problem;
  problem.shape = {2, 2, 2};
  problem.index = {{0}, {0}, {0}};
  problem.value = {1};
  EXPECT_THROW(fit_unfolded(problem, nullptr, {}, quick()), OptionError);
  EXPECT_THROW(fit_unfolded(problem, nullptr, {0, 1, 2}, quick()), OptionError);
  EXPECT_THROW(fit_unfolded(problem, nullptr, {1, 0}, quick()), OptionError);
  problem.loss.penalty = TensorPenalty::poisson;
  EXPECT_THROW(fit_unfolded(problem, nullptr, {0}, quick()), InputError);
}

TEST(UnfoldedMatrix, EveryUnfoldingIsListedOnce) {
  EXPECT_THAT(unfoldings(3), ElementsAre(ElementsAre(0), ElementsAre(1), ElementsAre(2)));
  EXPECT_EQ(unfoldings(4).size(), 7U);   // {0,1} and {2,3} are the same split
  EXPECT_EQ(unfoldings(5).size(), 15U);  // 5 modes and 10 pairs
}

}  // namespace
}  // namespace rankflow
