// Sensing through the library: what is said about a matrix is true of the one that is written.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/sense.h"

#include <gtest/gtest.h>

#include "completion/sense/whitened.h"
#include "rankflow/error.h"
#include "support/files.h"
#include "support/flow_problems.h"

namespace rankflow {
namespace {

using test::low_rank_matrix;
using test::normal_matrix;

MatrixProblem<double> measured(const Matrix& truth, Index count, double mean, std::uint64_t seed) {
  Matrix a = (normal_matrix(count, truth.size(), seed).array() + mean).matrix();
  const Vector y = a * Eigen::Map<const Vector>(truth.data(), truth.size());
  return dense_sensing_problem<double>(truth.rows(), truth.cols(), std::move(a), y, {});
}

TEST(Sense, MeasuringMatricesMayHaveAMean) {
  const Matrix truth = low_rank_matrix(20, 20, 2, 1);
  for (const double mean : {0.0, 1.0, 5.0}) {
    const SenseResult result = sense(measured(truth, 300, mean, 2), {});
    EXPECT_EQ(result.rank, 2) << mean;
    EXPECT_LT((result.w - truth).norm(), 1e-6 * truth.norm()) << mean;
    ASSERT_TRUE(result.full_w.has_value());
    EXPECT_LT((*result.full_w - truth).norm(), 1e-6 * truth.norm()) << mean;
  }
}

TEST(Sense, WhitenedMeasurementsAreOrthonormalAndHaveTheSameSolutions) {
  const Matrix truth = low_rank_matrix(7, 6, 2, 3);
  MatrixProblem<double> problem = measured(truth, 30, 2, 4);
  problem.matrices.row(29) = problem.matrices.row(0);
  problem.values[29] = problem.values[0];
  const auto whitened = completion::whitened(problem);
  ASSERT_TRUE(whitened.has_value());
  EXPECT_EQ(whitened->values.size(), 29) << "one measurement says nothing new";
  const Matrix gram = whitened->matrices * whitened->matrices.transpose();
  EXPECT_LT((gram - Matrix::Identity(29, 29)).norm(), 1e-9);
  EXPECT_LT((measure(*whitened, truth) - whitened->values).norm(), 1e-9 * whitened->values.norm());
}

TEST(Sense, ARefitThatFailsIsNotPassedOff) {
  const Matrix truth = low_rank_matrix(8, 8, 1, 5);
  MatrixProblem<double> problem = measured(truth, 40, 0, 6);
  problem.matrices.row(39) = problem.matrices.row(0);
  problem.values[39] = problem.values[0] + 1;
  SenseOptions options;
  options.engine = SenseEngine::nuclear;
  bool apart = false;  // some split separates the two that contradict each other
  for (options.seed = 0; options.seed < 40; ++options.seed) {
    const SenseResult result = sense(problem, options);
    EXPECT_NE(result.stop, Stop::converged);
    apart = apart || result.held_out.has_value();
  }
  EXPECT_TRUE(apart);
}

TEST(Sense, NumbersThatCannotBeComputedWithAreRefused) {
  const Matrix truth = low_rank_matrix(5, 5, 1, 7);
  MatrixProblem<double> problem = measured(truth, 30, 0, 8);
  problem.values *= 1e200;
  EXPECT_THROW((void)sense(problem, {}), InputError);
}

// Cut at some step by an observer, then gone on with: the same bits as in one go, for every engine.
TEST(Sense, ResumedIsUninterrupted) {
  const Matrix truth = low_rank_matrix(10, 9, 1, 7);
  const MatrixProblem<double> problem = measured(truth, 70, 0, 8);
  for (const SenseEngine engine : {SenseEngine::flow, SenseEngine::gd, SenseEngine::nuclear}) {
    SenseOptions options;
    options.engine = engine;
    options.depth = 2;
    options.max_iterations = 300;
    options.descent.step_size = 1e-2;
    const SenseResult whole = sense(problem, options);
    const auto steps = static_cast<Index>(whole.history.size());
    ASSERT_GT(steps, 4);
    for (const Index cut : {Index{2}, steps - 2}) {
      const test::Folder folder;
      const CheckpointOptions to{folder / "checkpoint.npz", "", 0};
      Index seen = 0;
      const Observer stopping = [&](const Step&) { return ++seen >= cut ? Next::finish : Next::proceed; };
      EXPECT_EQ(sense(problem, options, {&stopping, 1}, to).stop, Stop::interrupted);
      const SenseResult resumed = sense(problem, options, {}, {to.path, to.path, 30});
      EXPECT_EQ(resumed.stop, whole.stop);
      EXPECT_EQ(resumed.w, whole.w) << cut;
      EXPECT_EQ(*resumed.full_w, *whole.full_w) << cut;
      EXPECT_EQ(resumed.iterations, whole.iterations);
    }
  }
}

TEST(Sense, ACheckpointOfOtherDataIsRefused) {
  const Matrix truth = low_rank_matrix(6, 6, 1, 7);
  const test::Folder folder;
  const CheckpointOptions to{folder / "checkpoint.npz", "", 0};
  const Observer stopping = [](const Step&) { return Next::finish; };
  sense(measured(truth, 40, 0, 8), {}, {&stopping, 1}, to);
  EXPECT_THROW(sense(measured(truth, 40, 0, 9), {}, {}, {to.path, to.path, 30}), InputError);
}

}  // namespace
}  // namespace rankflow
