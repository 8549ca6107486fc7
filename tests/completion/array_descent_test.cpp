// Gradient descent on the weights of factorizations of an array: from next to zero to the planted tensor.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/array_descent.h"

#include <gtest/gtest.h>

#include "rankflow/error.h"
#include "support/planted_tensors.h"

namespace rankflow {
namespace {

struct Planted {
  Vector cells;
  TensorProblem<double> train, validation;
};

Planted planted(const std::vector<Index>& shape, Index rank, Index count, double size) {
  Planted made;
  made.cells = test::cp_cells(test::cp_target(shape, rank, 3)) * size;
  const std::vector<Index> drawn = test::draw_cells(made.cells.size(), count, 4);
  std::vector<Index> seen, unseen;
  for (std::size_t k = 0; k < drawn.size(); ++k) (k % 8 == 0 ? unseen : seen).push_back(drawn[k]);
  const auto value = [&](Index number) { return made.cells[number]; };
  made.train = test::observe_cells(shape, seen, value);
  made.validation = test::observe_cells(shape, unseen, value);
  return made;
}

ArrayDescentOptions descent_options() {
  ArrayDescentOptions options;
  options.descent.step_size = 1e-2;
  options.descent.loss_tolerance = 1e-8;
  options.seed = 1;
  return options;
}

ArrayDescentWatch watching(Index* steps) {
  ArrayDescentWatch watch;
  watch.observer = [steps](const Step&) {
    ++*steps;
    return Next::proceed;
  };
  return watch;
}

TEST(ArrayDescent, CpFindsAPlantedTensorWhateverItsUnit) {
  for (const double size : {1.0, 1e6}) {
    const Planted made = planted({9, 8, 7}, 2, 330, size);
    Index steps = 0;
    const auto result = descend_cp(made.train, &made.validation, descent_options(), 0, watching(&steps));
    EXPECT_LT(test::relative_error(result.model.dense(), made.cells), 1e-2) << result.message;
    EXPECT_EQ(result.model.components(), 56);
    EXPECT_GT(steps, 5);
    const double spread = made.cells.norm() / std::sqrt(static_cast<double>(made.cells.size()));
    EXPECT_LT(result.validation_rmse, .02 * spread);
  }
}

TEST(ArrayDescent, TreeFindsAPlantedTensor) {
  const Planted made = planted({5, 5, 5, 5}, 1, 300, 1);
  ArrayDescentOptions options = descent_options();
  options.width = 6;
  options.scale = 1e-2;
  options.descent.max_iterations = 3'000;
  Index steps = 0;
  const auto result = descend_tree(made.train, &made.validation, ModeTree::perfect(4), options, 0, watching(&steps));
  EXPECT_LT(test::relative_error(result.model.dense(), made.cells), 1e-1) << result.message;
}

TEST(ArrayDescent, ARefitMakesAsManyUpdates) {
  const Planted made = planted({6, 5, 4}, 1, 70, 1);
  Index steps = 0;
  const auto result = descend_cp(made.train, nullptr, descent_options(), 137, watching(&steps));
  EXPECT_EQ(result.iterations, 137);
  EXPECT_EQ(result.stop, Stop::validation);
}

TEST(ArrayDescent, GoesOnFromItsStateWithTheSameBits) {
  const Planted made = planted({6, 5, 4}, 1, 70, 1);
  ArrayDescentOptions options = descent_options();
  options.descent.max_iterations = 900;
  Index steps = 0;
  const auto whole = descend_cp(made.train, &made.validation, options, 0, watching(&steps));
  Archive saved;
  ArrayDescentWatch cut;
  cut.observer = [](const Step& step) { return step.iteration >= 400 ? Next::finish : Next::proceed; };
  cut.save = [&saved](Archive state) { saved = std::move(state); };
  const auto first = descend_cp(made.train, &made.validation, options, 0, cut);
  EXPECT_EQ(first.stop, Stop::interrupted);
  EXPECT_EQ(first.iterations, 400);
  ArrayDescentWatch rest = watching(&steps);
  rest.resume = &saved;
  const auto second = descend_cp(made.train, &made.validation, options, 0, rest);
  EXPECT_EQ(second.iterations, whole.iterations);
  EXPECT_EQ(second.best_iteration, whole.best_iteration);
  for (std::size_t n = 0; n < 3; ++n) EXPECT_EQ(second.model.factors[n], whole.model.factors[n]);
}

TEST(ArrayDescent, RefusesWeightsThatDoNotFitIntoMemory) {
  const Planted made = planted({6, 5, 4}, 1, 70, 1);
  ArrayDescentOptions options = descent_options();
  options.width = 100'000'000;
  Index steps = 0;
  EXPECT_THROW(descend_cp(made.train, nullptr, options, 0, watching(&steps)), OptionError);
}

}  // namespace
}  // namespace rankflow
