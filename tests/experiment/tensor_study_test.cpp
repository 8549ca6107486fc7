// Studies of tensors: what applies to them, what their runs give, and what is refused.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "experiment/study_samples.h"
#include "experiment/tensor/tensor_data.h"
#include "experiment/tensor/tensor_source.h"
#include "rankflow/error.h"
#include "rankflow/tree_ranks.h"
#include "support/files.h"

namespace rankflow {
namespace {

using experiment::DataKind;
using experiment::DataOptions;
using experiment::MeasurementKind;
using experiment::PlannedRun;
using experiment::ProblemOptions;
using experiment::RunOutcome;
using ::testing::HasSubstr;

std::string tensor_study(const std::string& model, const std::string& engine, const std::string& more = "") {
  return R"(title = "small tensor"

[data]
kind = "cp"
shape = [5, 4, 6]
rank = 2

[problem]
count = 90

[model]
)" + model +
         "\n[engine]\n" + engine + "\n" + more;
}

constexpr const char* kCp = "kind = \"cp\"\nscale = 0.1";
constexpr const char* kTree = "kind = \"tree\"\nwidths = 4\nscale = 0.3";
constexpr const char* kDescent =
    "step_size = 1e-2\nloss_tolerance = 1e-5\nmax_iterations = 4000\nrecord_every = 100\n"
    "instruments = [\"relative_error\", \"unbalancedness\"]";

RunOutcome run_of(const std::string& text, std::size_t which = 0) {
  const PlannedRun run = experiment::plan_runs(test::parse(text)).at(which);
  return experiment::execute(run.config, experiment::make_data_set(run.config.data, run.config.problem), {});
}

TEST(TensorStudy, DescentCompletesWithEitherModelInEitherPrecision) {
  for (const char* model : {kCp, kTree})
    for (const char* scalar : {"double", "float"}) {
      const RunOutcome outcome = run_of(tensor_study(model, std::string(kDescent) + "\nscalar = \"" + scalar + "\""));
      EXPECT_EQ(outcome.stop, "converged") << model << scalar;
      EXPECT_NEAR(outcome.trajectory.rows.front()[3], 1, .1) << "next to zero";
      EXPECT_LT(outcome.trajectory.last("relative_error"), .3) << model << scalar;
    }
}

TEST(TensorStudy, GrowthSolvesWhatItIsGiven) {
  for (const char* model : {"kind = \"cp\"", "kind = \"tree\"\ntree = \"((0,1),2)\""}) {
    const RunOutcome outcome = run_of(tensor_study(model, "kind = \"grow\"\ninstruments = [\"relative_error\"]"));
    EXPECT_EQ(outcome.numbers.at("solved"), 1) << model << outcome.message;
    EXPECT_LT(outcome.trajectory.last("relative_error"), 1e-7) << model;
    EXPECT_THAT(outcome.message, testing::StartsWith("solved")) << model;
  }
}

TEST(TensorStudy, WindowsChangeNothingThatMatters) {
  const std::string with = tensor_study(kCp, std::string(kDescent) + "\nmax_seconds = 0");
  const std::string without = tensor_study(kCp, std::string(kDescent) + "\nwindow_updates = 0");
  const auto a = run_of(with).trajectory.series("loss"), b = run_of(without).trajectory.series("loss");
  for (std::size_t k = 0; k < 5; ++k) EXPECT_NEAR(a[k], b[k], 1e-3 * b[k]) << k;
}

TEST(TensorStudy, OneFigureMayHoldEveryModel) {
  const std::string also =
      "[[also]]\ndata = { kind = \"low_rank\", rows = 12, columns = 10, rank = 2 }\n"
      "model = { kind = \"matrix\", depth = 2, scale = 1e-2 }\nengine.instruments = [\"singular_values:3\"]\n"
      "[[also]]\nmodel = { kind = \"tree\", widths = 3 }\nengine.instruments = [\"local_component_norms:root:2\"]\n"
      "[[also]]\nengine = { kind = \"grow\" }\n"
      "[[figure]]\nname = \"f\"\n"
      "[[figure.panel]]\nx = \"iteration\"\ny = \"sigma_*\"\nwhere = { model.kind = \"matrix\" }\n"
      "[[figure.panel]]\nx = \"iteration\"\ny = \"local_root_1\"\nwhere = { model.kind = \"tree\" }\n"
      "[[figure.panel]]\nx = \"iteration\"\ny = \"relative_error\"\nwhere = { model.kind = \"cp\" }\n"
      "dash = [\"engine.kind\"]\n";
  const std::string text = tensor_study(kCp, kDescent, also);
  EXPECT_EQ(test::complaint(text), "");
  const auto plan = experiment::plan_runs(test::parse(text));
  ASSERT_EQ(plan.size(), 4u);
  EXPECT_EQ(plan[1].setting("model.depth"), "2");
  EXPECT_EQ(plan[0].setting("model.depth"), "") << "of a tensor's model there is no depth";
  EXPECT_EQ(plan[0].setting("engine.window_updates"), "32");
  EXPECT_EQ(plan[2].setting("engine.window_updates"), "") << "trees have no windows";
  EXPECT_EQ(plan[3].setting("engine.step_size"), "") << "growth has no step size";
}

TEST(TensorStudy, ThePenaltyTakesItsThreshold) {
  const std::string also = "[[also]]\nproblem = { penalty = \"smooth_l1\", delta = 1e-3 }\n";
  const auto plan = experiment::plan_runs(test::parse(tensor_study(kCp, kDescent, also)));
  ASSERT_EQ(plan.size(), 2u);
  EXPECT_EQ(plan[1].config.problem.tensor_loss.penalty, TensorPenalty::smooth_l1);
  EXPECT_EQ(plan[1].config.problem.tensor_loss.delta, 1e-3);
}

TEST(TensorStudy, MistakesAreNamed) {
  EXPECT_THAT(test::complaint(tensor_study("kind = \"cp\"\ncomponent = 3", kDescent)), HasSubstr("model.components"));
  EXPECT_THAT(test::complaint(tensor_study("kind = \"cp\"\nwidths = 3", kDescent)), HasSubstr("applies to none"));
  EXPECT_THAT(test::complaint(tensor_study("depth = 3", kDescent)), HasSubstr("model.kind is \"cp\" or \"tree\""));
  EXPECT_THAT(test::complaint(tensor_study("kind = \"tree\"\ntree = \"((0,1),3)\"", kDescent)),
              HasSubstr("model.tree"));
  EXPECT_THAT(test::complaint(tensor_study(kCp, "kind = \"flow\"")), HasSubstr("descent and grow"));
  const std::string figure = "[[figure]]\nname = \"f\"\n[[figure.panel]]\nx = \"iteration\"\ny = \"loss\"\n";
  EXPECT_THAT(test::complaint(tensor_study(kCp, "instruments = [\"componentnorms\"]", figure)),
              HasSubstr("component_norms"));
  EXPECT_THAT(test::complaint(test::small_study("[vary]\nmodel.kind = [\"cp\"]\n")),
              HasSubstr("need the data of a tensor"));
  std::string many = tensor_study(kCp, kDescent);
  many.replace(many.find("count = 90"), 10, "count = 121");
  EXPECT_THAT(test::complaint(many), HasSubstr("the tensor has 120 cells"));
  const std::string huber = "[[also]]\nproblem = { penalty = \"huber\", delta = 0.1 }\n";
  EXPECT_THAT(test::complaint(tensor_study(kCp, "kind = \"grow\"", huber)), HasSubstr("squared penalty"));
}

DataOptions small_data(DataKind kind) {
  DataOptions data;
  data.kind = kind;
  data.tensor.shape = "4 3 4 3";
  data.tensor.rank = 2;
  data.tensor.widths = "2";
  data.tensor.norm = 3;
  data.seed = 7;
  return data;
}

TEST(TensorData, TargetsHaveTheirNormAndRank) {
  const experiment::TensorSource cp = make_tensor(small_data(DataKind::cp));
  EXPECT_NEAR(cp.truth.norm(), 3, 1e-12);
  EXPECT_EQ(estimate_tensor_rank(cp.truth, cp.shape), 2);
  ASSERT_EQ(cp.component_norms.size(), 2);
  EXPECT_GE(cp.component_norms[0], cp.component_norms[1]);
  const experiment::TensorSource tree = make_tensor(small_data(DataKind::tree));
  EXPECT_NEAR(tree.truth.norm(), 3, 1e-12);
  const auto rank = [&](std::vector<Index> modes) {
    return numerical_rank(unfolding_spectrum(tree.truth, tree.shape, modes), 1e-9);
  };
  EXPECT_EQ(rank({0, 1}), 2) << "a node of the tree";
  EXPECT_EQ(rank({0, 2}), 4) << "not a node: 2 x 2";
}

TEST(TensorData, ObservedCellsAreTheTruthsAndTheLinearErrorIsWhatIsMissing) {
  ProblemOptions problem;
  problem.count = 40;
  const auto made = make_tensor_data(small_data(DataKind::cp), problem);
  const Vector& truth = made.reference.truth;
  Vector observed = Vector::Zero(truth.size());
  for (Index k = 0; k < made.problem.count(); ++k) {
    Index cell = 0;
    for (Index n = 0; n < 4; ++n) cell = cell * made.problem.shape[n] + made.problem.index[n][k];
    EXPECT_EQ(made.problem.value[k], truth[cell]);
    observed[cell] = made.problem.value[k];
  }
  EXPECT_NEAR(made.numbers.at("linear_error"), (truth - observed).norm() / truth.norm(), 1e-13);
  EXPECT_EQ(made.reference.test.value.size(), 144u - 40u);
  problem.seed = 1;
  EXPECT_NE(make_tensor_data(small_data(DataKind::cp), problem).problem.index, made.problem.index);
}

TEST(TensorData, MeasurementsAreProductsWithTheTruth) {
  ProblemOptions problem;
  problem.count = 2000;
  for (const MeasurementKind kind : {MeasurementKind::gaussian, MeasurementKind::rank_one}) {
    problem.measurement = kind;
    const auto made = make_tensor_data(small_data(DataKind::tree), problem);
    const auto& vectors = made.problem.vectors;
    double squares = 0;
    for (const Index k : {0, 7}) {
      double sum = 0;
      for (Index cell = 0; cell < 144; ++cell) {
        double a = 1;
        if (kind == MeasurementKind::gaussian) {
          a = made.problem.tensors(k, cell);
        } else {
          Index rest = cell;
          for (std::size_t n = 4; n-- > 0; rest /= made.problem.shape[n])
            a *= vectors[n](k, rest % made.problem.shape[n]);
        }
        sum += a * made.reference.truth[cell];
      }
      EXPECT_NEAR(made.problem.value[k], sum, 1e-13);
    }
    // E <A, T>^2 = |T|^2 / cells.
    for (const double y : made.problem.value) squares += y * y;
    EXPECT_NEAR(squares / 2000 / (9. / 144), 1, .25);
  }
  problem.count = 0;
  EXPECT_THROW(make_tensor_data(small_data(DataKind::cp), problem), OptionError) << "how many?";
}

TEST(TensorStudy, AModelThatNoMemoryHoldsIsRefusedBeforeTheFirstRun) {
  const auto message_of = [](const std::string& text) {
    try {
      experiment::plan_runs(test::parse(text));
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(message_of(tensor_study(std::string(kCp) + "\ncomponents = 1000000000", kDescent)),
              HasSubstr("components = 1000000000: 1e+09 components are 1.5e+10 weights"));
  std::string wide = tensor_study(kCp, kDescent), shape = "2";
  for (int n = 1; n < 24; ++n) shape += ", 2";
  wide.replace(wide.find("5, 4, 6"), 7, shape);
  EXPECT_THAT(message_of(wide), HasSubstr("components = 0: 8.39e+06 components"));
  EXPECT_EQ(message_of(tensor_study(kCp, kDescent)), "");
}

TEST(TensorData, AFileWithHolesIsLearnedFromAndJudgedByWhatIsNotLearned) {
  const test::Folder folder;
  std::string text;
  for (int cell = 0; cell < 24; cell += 2)  // half of 4 x 3 x 2 cells, positions from 1
    text += fmt::format("{} {} {} {}\n", cell / 6 + 1, cell / 2 % 3 + 1, cell / 2 % 2 + 1, cell);
  test::write_bytes(folder / "cells.tns", text);
  DataOptions data;
  data.kind = DataKind::array;
  data.path = folder / "cells.tns";
  ProblemOptions problem;
  problem.count = 9;
  const auto made = make_tensor_data(data, problem);
  EXPECT_EQ(made.problem.count(), 9);
  EXPECT_EQ(made.reference.test.value.size(), 3u);
  EXPECT_EQ(made.reference.truth.size(), 0);
}

}  // namespace
}  // namespace rankflow
