// Engines nuclear and soft-impute as parts of a completion: errors, proofs, resumed runs.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "rankflow/complete.h"
#include "rankflow/error.h"
#include "rankflow/rng.h"
#include "support/files.h"

namespace rankflow {
namespace {

// A rank-two table of `rows` x `columns` with noise; a share of its cells is observed.
Table table_of(Index rows, Index columns, double share, double noise, std::uint64_t seed) {
  Table table;
  table.rows = Axis::positions(rows);
  table.columns = Axis::positions(columns);
  table.source = "made";
  const auto factor = [&](std::uint64_t side, Index line, Index k) {
    Rng rng(seed, side, static_cast<std::uint64_t>(line), static_cast<std::uint64_t>(k));
    return rng.normal();
  };
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < columns; ++j) {
      Rng rng(seed, 9, static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(j));
      if (rng.uniform() > share) continue;
      table.column.push_back(static_cast<std::int32_t>(j));
      table.value.push_back(factor(1, i, 0) * factor(2, j, 0) + factor(1, i, 1) * factor(2, j, 1) +
                            noise * rng.normal());
    }
    table.row_begin.push_back(table.num_observed());
  }
  return table;
}

CompleteOptions with(Engine engine) {
  CompleteOptions options;
  options.engine = engine;
  return options;
}

void expect_proved(const Completion& result, double gap) {
  ASSERT_TRUE(result.proof);
  EXPECT_LE(result.proof->relative_gap(), gap);
  EXPECT_LE(result.proof->dual_bound, result.proof->objective * (1 + 1e-12));
  const double norm = result.model.product.s.sum();
  EXPECT_NEAR(norm, result.proof->nuclear_norm, 1e-9 * norm);
}

TEST(ConvexEngines, NuclearRecoversALowRankTable) {
  const Table table = table_of(40, 35, 0.6, 0, 1);
  const Completion result = complete(table, with(Engine::nuclear));
  EXPECT_EQ(result.stop, Stop::converged) << result.message;
  EXPECT_EQ(result.engine, "nuclear");
  ASSERT_TRUE(result.held_out);
  EXPECT_LT(result.held_out->rmse, 0.05 * result.baseline_rmse);
  expect_proved(result, 1e-4);
  EXPECT_TRUE(result.table_model);
  EXPECT_GT(result.history.size(), 3u);
}

TEST(ConvexEngines, NuclearKeepsTheToleranceThatWasAskedFor) {
  const Table table = table_of(20, 20, 0.6, 0.1, 2);
  CompleteOptions options = with(Engine::nuclear);
  options.match = 0.2;
  options.center = Center::none;
  const Completion result = complete(table, options);
  EXPECT_EQ(result.proof->tolerance, 0.2);
  double most = 0;
  for (Index i = 0; i < 20; ++i)
    for (Index k = table.row_begin[i]; k < table.row_begin[i + 1]; ++k)
      if (result.parts[k] != Part::held_out)
        most = std::max(most, std::abs(result.model.predict(i, table.column[k]) - table.value[k]));
  EXPECT_NEAR(most, 0.2, 1e-6);
}

TEST(ConvexEngines, NuclearRefusesTablesThatAreTooLarge) {
  const Table table = table_of(2000, 2000, 0.001, 0, 3);
  try {
    complete(table, with(Engine::nuclear));
    FAIL() << "nothing was thrown";
  } catch (const OptionError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("2000 x 2000"));
    EXPECT_THAT(error.what(), testing::HasSubstr("soft-impute"));
  }
}

TEST(ConvexEngines, SoftImputeBeatsTheBaselineAndGivesIntervals) {
  const Table table = table_of(80, 60, 0.5, 0.5, 4);
  const Completion result = complete(table, with(Engine::soft_impute));
  EXPECT_TRUE(result.stop == Stop::converged || result.stop == Stop::validation) << result.message;
  ASSERT_TRUE(result.held_out);
  EXPECT_LT(result.held_out->rmse, 0.75 * result.baseline_rmse);
  EXPECT_GT(result.held_out->coverage90, 0.8);
  expect_proved(result, 1e-4);
  EXPECT_GT(result.proof->penalty, 0);
}

TEST(ConvexEngines, TheSummaryHoldsTheProof) {
  const Table table = table_of(30, 20, 0.6, 0.2, 5);
  for (const Engine engine : {Engine::nuclear, Engine::soft_impute}) {
    const Completion result = complete(table, with(engine));
    const auto object = nlohmann::json::parse(json(table, result));
    EXPECT_DOUBLE_EQ(object["nuclear_norm"], result.proof->nuclear_norm);
    EXPECT_DOUBLE_EQ(object["dual_bound"], result.proof->dual_bound);
    EXPECT_LE(object["gap"], 1e-4);
    EXPECT_THAT(brief(table, result), testing::HasSubstr("relative gap"));
  }
}

// Interrupted after so many records, then resumed: the same bits as in one go.
void expect_resumable(Engine engine, int records) {
  const test::Folder folder;
  const Table table = table_of(50, 40, 0.5, 0.3, 6);
  const Completion whole = complete(table, with(engine));
  int seen = 0;
  const Observer stop = [&](const Step&) { return ++seen >= records ? Next::finish : Next::proceed; };
  CheckpointOptions checkpoint;
  checkpoint.path = folder / "run.npz";
  EXPECT_EQ(complete(table, with(engine), {&stop, 1}, checkpoint).stop, Stop::interrupted);
  checkpoint.resume_path = checkpoint.path;
  const Completion resumed = complete(table, with(engine), {}, checkpoint);
  EXPECT_EQ((whole.model.product.u - resumed.model.product.u).norm(), 0);
  EXPECT_EQ((whole.table_model->product.s - resumed.table_model->product.s).norm(), 0);
  EXPECT_EQ(whole.held_out->rmse, resumed.held_out->rmse);
  EXPECT_EQ(whole.history.size(), resumed.history.size());
  EXPECT_EQ(whole.proof->dual_bound, resumed.proof->dual_bound);
}

TEST(ConvexEngines, NuclearResumesWithTheSameBits) {
  for (const int records : {2, 9, 20}) expect_resumable(Engine::nuclear, records);
}

TEST(ConvexEngines, SoftImputeResumesWithTheSameBits) {
  for (const int records : {2, 15, 40}) expect_resumable(Engine::soft_impute, records);
}

}  // namespace
}  // namespace rankflow
