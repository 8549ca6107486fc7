// Gradient descent against trajectories of an independent program: ten small runs, and the 100 x 100 dynamics.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "rankflow/descent.h"
#include "support/reference_runs.h"

namespace rankflow {
namespace {

using test::CsvTable;
using test::ReferenceRun;

// What replays with other orders of summation and 80-bit arithmetic stay far below (tests/refdata/README.md).
constexpr double kEndTolerance = 1e-11;       // of max |W|
constexpr double kLossTolerance = 1e-11;      // relative, while the loss is above kLossFloor
constexpr double kLossFloor = 1e-12;          // below it the loss is squared round-off
constexpr double kSpectrumTolerance = 1e-12;  // of the largest singular value

class DescentReference : public testing::TestWithParam<const char*> {};

TEST_P(DescentReference, FollowsTheTrajectoryOfTheIndependentProgram) {
  const ReferenceRun run = test::read_reference_run(GetParam());
  Descent<double> engine(run.problem, run.start, run.options);
  const CsvTable& rows = run.trajectory;
  double worst_loss = 0, worst_spectrum = 0;
  for (std::size_t k = 0; k < rows.rows.size(); ++k) {
    const auto iteration = static_cast<Index>(rows.number(k, "iter"));
    engine.advance(iteration - engine.result().iterations);
    Snapshot& now = engine.snapshot();
    ASSERT_EQ(now.iteration, iteration);
    const double loss = rows.number(k, "loss");
    if (loss > kLossFloor) worst_loss = std::max(worst_loss, std::abs(now.loss / loss - 1));
    const Vector& s = now.singular_values();
    for (Index a = 0; a < s.size(); ++a)
      worst_spectrum = std::max(worst_spectrum, std::abs(s[a] - rows.number(k, "s" + std::to_string(a + 1))) / s[0]);
  }
  const double worst_end =
      (engine.snapshot().end_matrix() - run.end).cwiseAbs().maxCoeff() / run.end.cwiseAbs().maxCoeff();
  EXPECT_LT(worst_end, kEndTolerance);
  EXPECT_LT(worst_loss, kLossTolerance);
  EXPECT_LT(worst_spectrum, kSpectrumTolerance);
  RecordProperty("end", std::to_string(worst_end * 1e15));
  RecordProperty("loss", std::to_string(worst_loss * 1e15));
  RecordProperty("spectrum", std::to_string(worst_spectrum * 1e15));
  EXPECT_FALSE(engine.advance(1));
  EXPECT_EQ(engine.result().stop, Stop::iteration_limit);
}

INSTANTIATE_TEST_SUITE_P(Matrix, DescentReference,
                         testing::Values("r1_full_sym_n2", "r2_full_sym_n3", "r3_full_sym_n4_perturbed",
                                         "r4_compl_d2_identity", "r5_compl_d3_identity", "r6_compl_d4_rect_gauss",
                                         "r7_2x2_d3_identity", "r8_2x2_d3_gauss_eps01", "r9_sens_d3_gauss",
                                         "r10_compl_d3_grouprmsprop"),
                         [](const auto& name) {
                           const std::string full = name.param;
                           return full.substr(0, full.find('_'));
                         });

// The dynamics of Arora et al. 2019, figure 3: all three depths from the same data. The files have ten digits.
class DescentDynamics : public testing::TestWithParam<std::pair<Index, Index>> {};

TEST_P(DescentDynamics, SingularValuesAgreeWithTheReferenceToEightDigits) {
  constexpr double kTolerance = 1e-8, kSmallest = 1e-6;
  const auto [depth, iterations] = GetParam();
  const CsvTable rows = test::read_csv_table("a4_dynamics_n" + std::to_string(depth) + ".csv");
  const Matrix truth = test::reference_matrix();
  const auto problem = completion_problem<double>(100, 100, test::reference_entries(truth), {});
  Descent<double> engine(problem,
                         initialize<double>(layer_dims(100, 100, depth), {.initialization = Initialization::identity}),
                         {.optimizer = Optimizer::plain, .step_size = .1, .loss_tolerance = 0});
  Index done = 0;
  double worst = 0;
  for (std::size_t k = 0; k < rows.rows.size(); k += 5) {
    const auto iteration = static_cast<Index>(rows.number(k, "iter"));
    if (iteration > iterations) break;
    engine.advance(iteration - done);
    done = iteration;
    Snapshot& now = engine.snapshot();
    worst = std::max(worst, std::abs(now.loss / rows.number(k, "loss") - 1));
    for (Index a = 0; a < 10; ++a) {
      const double wanted = rows.number(k, "s" + std::to_string(a + 1));
      if (wanted > kSmallest) worst = std::max(worst, std::abs(now.singular_values()[a] / wanted - 1));
    }
  }
  EXPECT_EQ(done, iterations);
  EXPECT_LT(worst, kTolerance);
}

INSTANTIATE_TEST_SUITE_P(Depths, DescentDynamics,
                         testing::Values(std::pair<Index, Index>{1, 5000}, std::pair<Index, Index>{2, 15000},
                                         std::pair<Index, Index>{3, 12000}),
                         [](const auto& given) { return "Depth" + std::to_string(given.param.first); });

}  // namespace
}  // namespace rankflow
