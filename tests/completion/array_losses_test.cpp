// Facts, counts and lists as a whole job: what is said of the held-out part is true of it.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "base/threads.h"
#include "completion/array/ranking.h"
#include "rankflow/complete_array.h"
#include "rankflow/error.h"
#include "rankflow/join_tensors.h"
#include "rankflow/read_tensor.h"
#include "rankflow/rng.h"

namespace rankflow {
namespace {

using Cells = std::vector<std::array<std::int32_t, 3>>;

Tensor listed(const std::vector<Index>& shape, const Cells& cells, const std::vector<double>& values) {
  Tensor tensor;
  tensor.source = "list";
  tensor.index.resize(3);
  for (const Index size : shape) tensor.modes.push_back(Axis::positions(size, 1));
  for (std::size_t k = 0; k < cells.size(); ++k) {
    for (std::size_t n = 0; n < 3; ++n) tensor.index[n].push_back(cells[k][n]);
    tensor.value.push_back(values[k]);
  }
  return tensor;
}

// x = effect of mode 0: places are known on paper.
GeneralizedCp by_first_mode(const std::vector<double>& effect) {
  GeneralizedCp model;
  model.loss.penalty = TensorPenalty::logistic;
  for (const Index size : {4, 2, 4}) {
    model.components.factors.push_back(Matrix(size, 0));
    model.effects.push_back(Vector::Zero(size));
  }
  for (std::size_t i = 0; i < effect.size(); ++i) model.effects[0][static_cast<Index>(i)] = effect[i];
  return model;
}

TEST(FactRanking, PlacesAreThoseOnPaper) {
  // Facts: (0,0,0) and (1,0,0) known, (3,0,0) held out. Along mode 0 the order is 0, 2, 1, 3; along mode 2 all are
  // level.
  const Tensor facts = listed({4, 2, 4}, {{0, 0, 0}, {1, 0, 0}, {3, 0, 0}}, {1, 1, 1});
  const GeneralizedCp model = by_first_mode({4, 2, 3, 1});
  const completion::FactRanker ranker(facts, {2}, {0, 1, 2}, {0, 2});
  const FactRanking ranking = ranker.rank(model);
  // Mode 0: 0 and 1 are known facts, 2 stands above: place 2. Mode 2: three others level: place 1 + 3/2.
  EXPECT_DOUBLE_EQ(ranking.mrr, (1 / 2.0 + 1 / 2.5) / 2);
  EXPECT_DOUBLE_EQ(ranking.hits1, 0);
  EXPECT_DOUBLE_EQ(ranking.hits3, 1);
  // AUC: 29 cells that are no fact: (0,.,.) 7 above, (1,.,.) 7 above, (2,.,.) 8 above, (3,.,.) 7 level.
  EXPECT_DOUBLE_EQ(completion::area_under_curve(facts, {2}, model, 0), 3.5 / 29);
}

TEST(FactRanking, ModesWithTheSameIdsAreRankedUnlessOthersAreNamed) {
  Cells cells;
  for (std::int32_t i = 0; i < 8; ++i) cells.push_back({i, i % 2, 7 - i});
  const Tensor facts = listed({8, 2, 8}, cells, std::vector<double>(8, 1));
  EXPECT_EQ(completion::ranked_modes(facts, ""), (std::vector<Index>{0, 2}));
  EXPECT_EQ(completion::ranked_modes(facts, "2"), (std::vector<Index>{1}));
  for (const char* wrong : {"0", "4", "1,1", "a", "1,", ","})
    EXPECT_THROW(completion::ranked_modes(facts, wrong), OptionError) << wrong;
  const Tensor apart = listed({9, 2, 3}, {{8, 1, 2}, {3, 0, 2}}, {1, 1});
  EXPECT_EQ(completion::ranked_modes(apart, ""), (std::vector<Index>{0, 1, 2}));
}

// i and k in groups of five, facts within a group by a rule of each relation.
Tensor grouped_facts(std::vector<Part>& parts) {
  Cells cells;
  for (std::int32_t i = 0; i < 30; ++i)
    for (std::int32_t r = 0; r < 3; ++r)
      for (std::int32_t k = 0; k < 30; ++k) {
        if ((i / 5 + r) % 6 != k / 5) continue;
        cells.push_back({i, r, k});
        Rng rng(9, 1, static_cast<std::uint64_t>(cells.size()));
        const double draw = rng.uniform();
        parts.push_back(draw < 0.1 ? Part::held_out : draw < 0.2 ? Part::validation : Part::train);
      }
  return listed({30, 3, 30}, cells, std::vector<double>(cells.size(), 1));
}

TEST(ArrayLosses, FactsOfARuleAreRankedHigh) {
  ArrayOptions options;
  const Tensor facts = grouped_facts(options.parts);
  options.loss = TensorPenalty::logistic;
  options.absent_zero = true;
  const ArrayCompletion result = complete_array(facts, options);
  EXPECT_EQ(result.verdict, GrowVerdict::predicts);
  EXPECT_EQ(result.model, "cp");
  ASSERT_TRUE(result.ranking);
  EXPECT_EQ(result.ranking->modes, (std::vector<Index>{0, 2}));
  EXPECT_EQ(result.ranking->facts, std::count(options.parts.begin(), options.parts.end(), Part::held_out));
  EXPECT_GT(result.ranking->mrr, 0.9);
  EXPECT_GT(result.ranking->auc, 0.99);
  EXPECT_LT(result.baseline_ranking->mrr, 0.3);
  EXPECT_EQ(result.parts, options.parts);
}

TEST(ArrayLosses, RefusesValuesThatALossDoesNotKnow) {
  const Tensor numbers = listed({3, 2, 2}, {{0, 0, 0}, {1, 1, 1}, {2, 0, 1}}, {1, 2, -1});
  ArrayOptions options;
  options.loss = TensorPenalty::logistic;
  EXPECT_THROW(complete_array(numbers, options), InputError);
  options.loss = TensorPenalty::poisson;
  EXPECT_THROW(complete_array(numbers, options), InputError);
  options.loss = TensorPenalty::huber;
  options.model = ArrayModel::overlap;
  EXPECT_THROW(complete_array(numbers, options), OptionError);
  options.model = ArrayModel::cp;
  options.parts = {Part::train};
  EXPECT_THROW(complete_array(numbers, options), InputError);
}

TEST(ArrayLosses, AnIndexWithoutObservationsIsFilledFromTheOthersAndNamed) {
  Cells cells;
  std::vector<double> values;
  Rng rng(4);
  for (std::int32_t i = 0; i < 20; ++i)
    for (std::int32_t j = 0; j < 15; ++j)
      for (std::int32_t k = 0; k < 10; ++k) {
        const double draw = rng.uniform(), noise = rng.normal();
        if (i == 7 || draw > 0.5) continue;
        cells.push_back({i, j, k});
        values.push_back(10 + 3 * std::sin(j) + 2 * std::cos(3 * k) + 0.2 * std::sin(5 * i) + 0.1 * noise);
      }
  const Tensor tensor = listed({20, 15, 10}, cells, values);
  const ArrayCompletion result = complete_array(tensor, {});
  ASSERT_EQ(result.empty_indices.size(), 1U);
  EXPECT_EQ(result.empty_indices[0].mode, 0);
  EXPECT_EQ(result.empty_indices[0].names, (std::vector<std::string>{"8"}));  // positions from 1
  EXPECT_EQ(result.verdict, GrowVerdict::predicts);
  for (std::int32_t j = 0; j < 15; ++j) {
    const std::int32_t index[] = {7, j, 3};
    EXPECT_NEAR(result.table_predictor->predict(index), 10 + 3 * std::sin(j) + 2 * std::cos(9), 0.3);
  }
}

TEST(ArrayLosses, RealFactsAreRankedAsPublishedModelsRankThem) {
  const char* data = std::getenv("RANKFLOW_DATA");
  if (data == nullptr) GTEST_SKIP() << "RANKFLOW_DATA is not set";
  std::vector<Tensor> files;
  for (const char* name : {"train", "valid", "test"})
    files.push_back(read_tensor(std::string(data) + "/sparse/nations_" + name + ".tns"));
  const JoinedTensor joined = join_tensors(std::vector<const Tensor*>{&files[0], &files[1], &files[2]});
  ArrayOptions options;
  for (const std::uint8_t file : joined.from)
    options.parts.push_back(file == 0 ? Part::train : file == 1 ? Part::validation : Part::held_out);
  options.loss = TensorPenalty::logistic;
  options.absent_zero = true;
  const ArrayCompletion result = complete_array(joined.tensor, options);
  EXPECT_EQ(result.ranking->facts, 201);
  EXPECT_GT(result.ranking->mrr, 0.6);
  EXPECT_GT(result.ranking->hits10, 0.95);
}

}  // namespace
}  // namespace rankflow
