// Arrays of order 3 and more as a whole job: what is said about the completed array is true of it.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/complete_array.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "completion/array/mode_ranks.h"
#include "linalg/decompositions.h"
#include "rankflow/error.h"
#include "rankflow/read_tensor.h"
#include "rankflow/rng.h"
#include "support/array_jobs.h"

namespace rankflow {
namespace {

const std::vector<Index>& kShape = test::kJobShape;
const std::vector<Index> kOrderFour = {10, 10, 10, 10};
using test::observed;
using test::planted;

double relative_error(const ArrayPredictor& predictor, const CpFactorization<double>& truth) {
  double squares = 0, all = 0;
  test::for_cells(truth, [&](const std::vector<std::int32_t>& index) {
    squares += std::pow(predictor.predict(index) - truth.entry(index), 2);
    all += std::pow(truth.entry(index), 2);
  });
  return std::sqrt(squares / all);
}

TEST(CompleteArray, AnExactArrayIsSolvedWithItsRank) {
  const CpFactorization<double> truth = planted(3, 1);
  for (const Tensor::Layout layout : {Tensor::Layout::dense, Tensor::Layout::list}) {
    const ArrayCompletion result = complete_array(observed(truth, 0.5, 0, layout), {});
    EXPECT_EQ(result.verdict, GrowVerdict::solved) << result.message;
    EXPECT_EQ(result.model, "cp");
    EXPECT_EQ(result.rank, 3);
    EXPECT_EQ(result.mode_ranks, (std::vector<Index>{3, 3, 3}));
    EXPECT_LT(relative_error(*result.predictor, truth), 1e-6);
    ASSERT_NE(result.table_predictor, nullptr);
    EXPECT_LT(relative_error(*result.table_predictor, truth), 1e-6);
    EXPECT_LT(result.held_out->rmse, 1e-5 * result.baseline_rmse);
  }
}

// 450 observations for 185 degrees of freedom: attempts that add components in vain are not taken for noise.
TEST(CompleteArray, FewObservationsGetEveryAttempt) {
  const CpFactorization<double> truth = planted(5, 7, kOrderFour);
  ArrayOptions options;
  options.held_out = 0;
  const ArrayCompletion result = complete_array(observed(truth, 0.05, 0, Tensor::Layout::dense), options);
  EXPECT_EQ(result.verdict, GrowVerdict::solved) << result.message;
  EXPECT_EQ(result.rank, 5);
  EXPECT_LT(relative_error(*result.predictor, truth), 1e-6);
}

TEST(CompleteArray, ARivalThatCannotWinEndsEarly) {
  const CpFactorization<double> truth = planted(3, 7, kOrderFour);
  const ArrayCompletion result = complete_array(observed(truth, 0.1, 0.2, Tensor::Layout::dense), {});
  EXPECT_EQ(result.verdict, GrowVerdict::predicts) << result.message;
  EXPECT_EQ(result.model, "cp");
  EXPECT_EQ(result.rank, 3);
  ASSERT_EQ(result.candidates.size(), 2u);
  EXPECT_EQ(result.candidates[0].model, "overlap");
  EXPECT_NE(result.candidates[0].remark.find("ended early"), std::string::npos) << result.candidates[0].remark;
  EXPECT_GT(result.candidates[0].validation_rmse, result.candidates[1].validation_rmse);
}

TEST(CompleteArray, ANoisyArrayIsPredictedWithinItsIntervals) {
  const CpFactorization<double> truth = planted(2, 2);
  const ArrayCompletion result = complete_array(observed(truth, 0.7, 0.3, Tensor::Layout::dense), {});
  EXPECT_EQ(result.verdict, GrowVerdict::predicts);
  EXPECT_EQ(result.candidates.size(), 2u);
  EXPECT_LT(result.held_out->rmse, 0.6);
  EXPECT_GT(result.held_out->coverage90, 0.75);
  const std::int32_t index[] = {1, 2, 3};
  const Interval narrow = result.table_predictor->interval(index, 0.5),
                 wide = result.table_predictor->interval(index, 0.9);
  EXPECT_LT(wide.low, narrow.low);
  EXPECT_GT(wide.high, narrow.high);
  EXPECT_NEAR((wide.low + wide.high) / 2, result.table_predictor->predict(index), 1e-9);
}

// An exact answer to what was fitted is none where a cell that was kept away says otherwise.
TEST(CompleteArray, AHeldOutCellThatContradictsIsNotSolved) {
  Tensor tensor = observed(planted(2, 8), 0.7, 0, Tensor::Layout::dense);
  const ArrayCompletion sound = complete_array(tensor, {});
  EXPECT_EQ(sound.verdict, GrowVerdict::solved);
  for (std::size_t k = 0; k < sound.parts.size(); ++k)
    if (sound.parts[k] == Part::held_out) {
      tensor.value[k] += 5;
      break;
    }
  const ArrayCompletion spoilt = complete_array(tensor, {});
  EXPECT_EQ(spoilt.verdict, GrowVerdict::predicts) << spoilt.message;
  EXPECT_NE(spoilt.message.find("kept away"), std::string::npos) << spoilt.message;
}

TEST(CompleteArray, RareOnesAreNoPattern) {
  int predicts = 0;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    Tensor tensor = observed(planted(1, 3), 0.4, 0, Tensor::Layout::dense);
    Rng rng(seed);
    for (double& value : tensor.value) value = rng.uniform() < .05 ? 1 : 0;
    ArrayOptions options;
    options.seed = seed;
    options.model = ArrayModel::cp;
    const ArrayCompletion result = complete_array(tensor, options);
    predicts += result.verdict == GrowVerdict::not_determined ? 0 : 1;
    // A refit makes no new attempts where the judged fit found nothing.
    if (result.rank == 0 && result.table_predictor) {
      const std::int32_t hole[] = {1, 2, 3};
      EXPECT_NEAR(result.table_predictor->predict(hole), 0, 1);
    }
  }
  EXPECT_EQ(predicts, 0);
}

TEST(CompleteArray, ARefitThatLosesItsWayIsNotWritten) {
  ArrayOptions options;
  options.engine = ArrayEngine::gd;
  options.descent.width = 6;
  options.descent.scale = 1e-2;
  options.descent.descent.optimizer = Optimizer::adam;
  options.descent.descent.max_iterations = 3'000;
  Index lost = 0;
  for (const double step_size : {3.0, 5.0, 8.0}) {
    options.descent.descent.step_size = step_size;
    const CpFactorization<double> truth = planted(2, 2);
    const ArrayCompletion result = complete_array(observed(truth, 0.5, 0.1, Tensor::Layout::dense), options);
    if (!result.predictor) continue;
    const ArrayPredictor& written = result.table_predictor ? *result.table_predictor : *result.predictor;
    EXPECT_LT(relative_error(written, truth), 3 * relative_error(*result.predictor, truth) + 1);
    const bool told = std::any_of(result.warnings.begin(), result.warnings.end(), [](const std::string& warning) {
      return warning.find("lost its way") != std::string::npos;
    });
    EXPECT_EQ(told, result.table_predictor == nullptr);
    lost += told ? 1 : 0;
  }
  EXPECT_GT(lost, 0);
}

// Nothing is known of an index: what is written is the mean over the mode, and its interval says how little that is.
TEST(CompleteArray, AnIndexWithoutObservationsIsFilledWithTheMeanOfItsMode) {
  const CpFactorization<double> truth = planted(2, 1);
  for (const ArrayModel model : {ArrayModel::cp, ArrayModel::tree, ArrayModel::overlap}) {
    Tensor tensor = observed(truth, 0.7, 0, Tensor::Layout::dense);
    Tensor rest = tensor;
    for (auto& index : rest.index) index.clear();
    rest.value.clear();
    for (std::size_t k = 0; k < tensor.value.size(); ++k) {
      if (tensor.index[0][k] == 4) continue;
      for (std::size_t n = 0; n < 3; ++n) rest.index[n].push_back(tensor.index[n][k]);
      rest.value.push_back(tensor.value[k]);
    }
    ArrayOptions options;
    options.model = model;
    const ArrayCompletion result = complete_array(rest, options);
    ASSERT_EQ(result.empty_indices.size(), 1u);
    int covered = 0;
    for (std::int32_t j = 0; j < kShape[1]; ++j)
      for (std::int32_t k = 0; k < kShape[2]; ++k) {
        const std::int32_t hole[] = {4, j, k};
        double mean = 0;
        for (std::int32_t i = 0; i < kShape[0]; ++i) {
          const std::int32_t index[] = {i, j, k};
          mean += i == 4 ? 0 : truth.entry(index) / static_cast<double>(kShape[0] - 1);
        }
        EXPECT_NEAR(result.table_predictor->predict(hole), mean, 1e-4);
        const Interval interval = result.table_predictor->interval(hole, 0.9);
        covered += interval.low <= truth.entry(hole) && truth.entry(hole) <= interval.high ? 1 : 0;
      }
    EXPECT_GT(covered, 60);  // of 90
  }
}

TEST(CompleteArray, NoiseAloneIsNotDetermined) {
  const ArrayCompletion result = complete_array(observed(planted(1, 3), 0.5, 1e3, Tensor::Layout::dense), {});
  EXPECT_EQ(result.verdict, GrowVerdict::not_determined);
}

// 300 cells of a tensor of rank 5 with 185 degrees of freedom, and a draw whose one large validation cell happens to be
// met: the mean square of the validation part is small, but nothing is predicted.
TEST(CompleteArray, OneHitPredictsNothing) {
  Tensor tensor = read_tensor(RANKFLOW_TEST_DATA "/few_cells.tns", {});
  ASSERT_EQ(tensor.shape(), kOrderFour);
  tensor.layout = Tensor::Layout::dense;
  ArrayOptions options;
  options.held_out = 0;
  options.seed = 13;
  const ArrayCompletion result = complete_array(tensor, options);
  EXPECT_EQ(result.verdict, GrowVerdict::not_determined) << result.message;
}

TEST(CompleteArray, TreesAndTheBestUnfoldingPredictToo) {
  const CpFactorization<double> truth = planted(2, 2);
  for (const ArrayModel model : {ArrayModel::tree, ArrayModel::matrix}) {
    ArrayOptions options;
    options.model = model;
    const ArrayCompletion result = complete_array(observed(truth, 0.7, 0.1, Tensor::Layout::dense), options);
    EXPECT_EQ(result.verdict, GrowVerdict::predicts) << result.message;
    EXPECT_EQ(result.model, model == ArrayModel::tree ? "tree" : "matrix");
    EXPECT_EQ(result.tree.empty(), model != ArrayModel::tree);
    EXPECT_LE(result.rank, 4);
    EXPECT_LT(result.held_out->rmse, 0.3);
    EXPECT_TRUE(result.table_predictor);
  }
}

TEST(CompleteArray, DescentFindsAPlantedArray) {
  for (const ArrayModel model : {ArrayModel::cp, ArrayModel::tree}) {
    ArrayOptions options;
    options.model = model;
    options.engine = ArrayEngine::gd;
    options.descent.width = 8;
    options.descent.scale = 1e-3;
    options.descent.descent.step_size = 1e-2;
    options.descent.descent.max_iterations = 4'000;
    const ArrayCompletion result = complete_array(observed(planted(2, 2), 0.7, 0.1, Tensor::Layout::dense), options);
    EXPECT_EQ(result.engine, "gd");
    EXPECT_EQ(result.verdict, GrowVerdict::predicts) << result.message;
    EXPECT_TRUE(result.table_predictor);
  }
}

TEST(CompleteArray, ADescentThatDivergesSaysSo) {
  ArrayOptions options;
  options.engine = ArrayEngine::gd;
  options.descent.width = 8;
  options.descent.descent.optimizer = Optimizer::plain;
  options.descent.descent.step_size = 1e6;
  const ArrayCompletion result = complete_array(observed(planted(2, 2), 0.7, 0.1, Tensor::Layout::dense), options);
  EXPECT_EQ(result.stop, Stop::diverged);
  EXPECT_FALSE(result.usable());
  EXPECT_NE(result.message.find("--step-size"), std::string::npos);
}

TEST(CompleteArray, DoesNotDependOnThreads) {
  const Tensor tensor = observed(planted(2, 4), 0.6, 0.2, Tensor::Layout::dense);
  ArrayOptions options;
  options.refit = false;
  set_num_threads(1);
  const ArrayCompletion one = complete_array(tensor, options);
  set_num_threads(2);
  const ArrayCompletion two = complete_array(tensor, options);
  set_num_threads(0);
  EXPECT_EQ(one.held_out->rmse, two.held_out->rmse);
  EXPECT_EQ(one.held_out->coverage90, two.held_out->coverage90);
}

TEST(CompleteArray, RefusesWhatCannotBeCompleted) {
  Tensor tensor = observed(planted(1, 5), 0.5, 0, Tensor::Layout::list);
  ArrayOptions options;
  options.model = ArrayModel::overlap;
  EXPECT_THROW(complete_array(tensor, options), OptionError);
  tensor.value.clear();
  for (auto& index : tensor.index) index.clear();
  EXPECT_THROW(complete_array(tensor, {}), InputError);
}

// Unfoldings written out.
TEST(ModeRanks, AreThoseOfTheUnfoldings) {
  CpFactorization<double> model = planted(4, 6);
  model.factors[1].col(3) = 2 * model.factors[1].col(0);
  const Vector cells = model.dense();
  std::vector<Index> expected;
  for (Index n = 0; n < 3; ++n) {
    Matrix unfolded = Matrix::Zero(kShape[n], cells.size() / kShape[n]);
    std::vector<Index> column(static_cast<std::size_t>(kShape[n]), 0);
    for (Index cell = 0; cell < cells.size(); ++cell) {
      const Index at[] = {cell / (kShape[1] * kShape[2]), cell / kShape[2] % kShape[1], cell % kShape[2]};
      unfolded(at[n], column[at[n]]++) = cells[cell];
    }
    const Vector s = singular_values(unfolded);
    expected.push_back((s.array() > 1e-9 * s[0]).count());
  }
  EXPECT_EQ(completion::mode_ranks(model, 1e-9), expected);
}

}  // namespace
}  // namespace rankflow
