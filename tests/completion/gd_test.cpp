// Completion by gradient descent on dense factors: it recovers, stops in time, resumes, and refuses what it cannot do.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "rankflow/complete.h"
#include "rankflow/error.h"
#include "rankflow/fit.h"
#include "support/files.h"
#include "support/flow_problems.h"
#include "support/ratings.h"
#include "support/tables.h"

namespace rankflow {
namespace {

using test::read_bytes_as_table;

// 40 x 36 of rank 2 and 700 of its entries, with noise of the given size.
Table low_rank_table(double noise) {
  const Matrix w = test::low_rank_matrix(40, 36, 2, 5) + noise * test::normal_matrix(40, 36, 6);
  const EntryList<double> list = test::sample(w, 700, 1);
  std::string text = "row,column,value\n";
  for (Index k = 0; k < list.count(); ++k)
    text += fmt::format("r{},c{},{}\n", list.row[k], list.column[k], 5 + 3 * list.value[k]);
  return read_bytes_as_table(text);
}

CompleteOptions gd() {
  CompleteOptions options;
  options.engine = Engine::gd;
  options.center = Center::mean;
  options.descent.step_size = 3e-3;
  options.flow.max_iterations = 20'000;
  options.clip = false;
  return options;
}

TEST(CompleteByDescent, RecoversALowRankMatrixAndSaysHow) {
  const Table table = low_rank_table(0);
  const Completion result = complete(table, gd());
  EXPECT_EQ(result.engine, "gd");
  EXPECT_EQ(result.depth, 3);
  EXPECT_EQ(result.centering, "mean");
  EXPECT_TRUE(result.usable());
  ASSERT_TRUE(result.held_out);
  EXPECT_LT(result.held_out->rmse, .05 * result.baseline_rmse);
  EXPECT_FALSE(result.history.empty());
  EXPECT_EQ(result.history.front().engine, "gd");
  EXPECT_GT(result.history.back().effective_rank, 1);
  EXPECT_NE(brief(table, result).find("Engine gd of depth 3"), std::string::npos);
}

TEST(CompleteByDescent, StopsAtTheBestMomentOfTheValidationPart) {
  const Table table = low_rank_table(.5);
  CompleteOptions options = gd();
  options.descent.loss_tolerance = 0;
  options.flow.depth = 2;
  const Completion early = complete(table, options);
  EXPECT_EQ(early.stop, Stop::validation);
  EXPECT_LT(early.iterations, options.flow.max_iterations);
  ASSERT_TRUE(early.held_out);
  EXPECT_LT(early.held_out->rmse, early.baseline_rmse);
}

TEST(CompleteByDescent, ResumesWithTheSameBits) {
  const test::Folder folder;
  const Table table = low_rank_table(.2);
  CompleteOptions options = gd();
  options.flow.max_iterations = 3000;
  const Completion whole = complete(table, options);
  for (const int calls : {3, 40}) {
    const std::string path = folder / "checkpoint.npz";
    int left = calls;
    const Observer stop = [&](const Step&) { return --left > 0 ? Next::proceed : Next::finish; };
    const Completion cut = complete(table, options, {&stop, 1}, {.path = path, .every_seconds = 0});
    EXPECT_EQ(cut.stop, Stop::interrupted);
    const Completion resumed = complete(table, options, {}, {.path = path, .resume_path = path});
    EXPECT_EQ(resumed.iterations, whole.iterations);
    EXPECT_EQ(resumed.model.product.s, whole.model.product.s);
    EXPECT_EQ(resumed.model.product.u, whole.model.product.u);
    EXPECT_EQ(resumed.history.size(), whole.history.size());
  }
}

TEST(CompleteByDescent, StopsAtARankLikeTheFlow) {
  const Matrix w = test::product(test::random_model(40, 36, Eigen::Vector4d(40, 20, 8, 3), 5));
  const EntryList<double> list = test::sample(w, 900, 1);
  std::string text = "row,column,value\n";
  for (Index k = 0; k < list.count(); ++k)
    text += fmt::format("r{},c{},{}\n", list.row[k], list.column[k], list.value[k]);
  const Table table = read_bytes_as_table(text);
  for (const Engine engine : {Engine::gd, Engine::flow}) {
    CompleteOptions options = gd();
    options.engine = engine;
    options.center = Center::none;
    options.flow.motion = Motion::faithful;
    options.flow.alpha = 1e-4;
    options.flow.stop_at_rank = 2;
    options.flow.max_iterations = 100'000;
    options.descent.optimizer = Optimizer::plain;
    options.descent.step_size = .5;
    options.initialization.initialization = Initialization::identity;
    options.initialization.scale = 1e-5;
    const Completion result = complete(table, options);
    EXPECT_EQ(result.stop, Stop::converged) << result.message;
    EXPECT_EQ(result.model.product.rank(.1), 2);
    EXPECT_NE(result.message.find("singular value 3 has entered; window of rank 2"), std::string::npos)
        << result.message;
    EXPECT_NE(result.message.find("seen"), std::string::npos) << result.message;
    EXPECT_EQ(result.message.find("none"), std::string::npos) << result.message;
  }
}

TEST(CompleteByDescent, IsNeverTakenUnasked) {
  CompleteOptions options;
  const Completion result = complete(low_rank_table(0), options);
  EXPECT_NE(result.engine, "gd");
}

TEST(CompleteByDescent, DivergesWithoutNaNInTheModel) {
  CompleteOptions options = gd();
  options.descent.optimizer = Optimizer::plain;
  options.descent.step_size = 1e9;
  const Completion result = complete(low_rank_table(0), options);
  EXPECT_EQ(result.stop, Stop::diverged);
  EXPECT_FALSE(result.usable());
  EXPECT_TRUE(result.model.product.s.allFinite());
}

TEST(CompleteByDescent, RefusesWhatDenseFactorsCannotDo) {
  CompleteOptions options = gd();
  options.flow.depth = 2.5;
  EXPECT_THROW(complete(low_rank_table(0), options), OptionError);
  std::string text = "row,column,value\n";
  for (int k = 0; k < 8000; ++k) text += fmt::format("r{},c{},1\n", k, k);
  try {
    complete(read_bytes_as_table(text), gd());
    FAIL() << "8,000 x 8,000 was taken";
  } catch (const OptionError& error) {
    EXPECT_NE(std::string(error.what()).find("8000 x 8000"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("--engine flow"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace rankflow
