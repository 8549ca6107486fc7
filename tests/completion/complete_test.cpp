// The whole job: what it promises about splits, errors, engines, units and awkward tables.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/complete.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <tuple>

#include "base/threads.h"
#include "completion/parts.h"
#include "rankflow/error.h"
#include "support/ratings.h"
#include "support/tables.h"

namespace rankflow {
namespace {

using test::ratings_csv;
using test::read_bytes_as_table;

Table ratings() {
  return read_bytes_as_table(ratings_csv(150, 120, 0.25, 1));
}

CompleteOptions quick() {
  CompleteOptions options;
  options.posterior.sweeps = 30;
  options.posterior.burn_in = 10;
  options.seed = 3;
  return options;
}

TEST(Complete, BeatsBiasesOnDataWithStructureAndSaysSo) {
  const Table table = ratings();
  const Completion result = complete(table, quick());
  ASSERT_TRUE(result.held_out);
  EXPECT_LT(result.held_out->rmse, 0.9 * result.baseline_rmse);
  EXPECT_LT(result.held_out->rmse_low, result.held_out->rmse);
  EXPECT_GT(result.held_out->rmse_high, result.held_out->rmse);
  EXPECT_NEAR(result.held_out->coverage90, 0.9, 0.05);
  EXPECT_EQ(result.baseline, "row and column biases");
  EXPECT_TRUE(result.usable());
}

// The stated error is that of the kept model on exactly the entries labelled held out.
TEST(Complete, StatesTheErrorOfTheVeryModelThatIsKept) {
  const Table table = ratings();
  const Completion result = complete(table, quick());
  double squares = 0;
  Index count = 0;
  for (Index i = 0; i < table.num_rows(); ++i)
    for (Index k = table.row_begin[i]; k < table.row_begin[i + 1]; ++k)
      if (result.parts[k] == Part::held_out) {
        squares += std::pow(result.model.predict(i, table.column[k]) - table.value[k], 2);
        ++count;
      }
  EXPECT_EQ(count, result.held_out->count);
  EXPECT_NEAR(static_cast<double>(count) / static_cast<double>(table.num_observed()), 0.1, 0.02);
  EXPECT_NEAR(std::sqrt(squares / static_cast<double>(count)), result.held_out->rmse, 1e-12);
}

// Values of held-out entries cannot leak: changing them changes neither model nor predictions.
TEST(Complete, NeverLooksAtHeldOutValues) {
  Table table = ratings();
  CompleteOptions options = quick();
  options.refit = false;
  const Completion before = complete(table, options);
  for (Index k = 0; k < table.num_observed(); ++k)
    if (before.parts[k] == Part::held_out) table.value[k] = 5.5 - table.value[k];
  const Completion after = complete(table, options);
  EXPECT_TRUE(before.parts == after.parts);
  for (Index i = 0; i < table.num_rows(); i += 7)
    for (Index j = 0; j < table.num_columns(); j += 5) EXPECT_EQ(before.model.predict(i, j), after.model.predict(i, j));
}

TEST(Complete, FitsTheWrittenTableToAllObservationsUnlessToldNotTo) {
  const Table table = ratings();
  const Completion with = complete(table, quick());
  ASSERT_TRUE(with.table_model);
  EXPECT_NE(with.table_model->predict(0, 0), with.model.predict(0, 0));
  CompleteOptions options = quick();
  options.refit = false;
  EXPECT_FALSE(complete(table, options).table_model);
}

TEST(Complete, HoldsNothingOutWhenAskedNotTo) {
  CompleteOptions options = quick();
  options.held_out = 0;
  const Table table = ratings();
  const Completion result = complete(table, options);
  EXPECT_FALSE(result.held_out);
  const auto out = nlohmann::json::parse(json(table, result));
  EXPECT_TRUE(out["held_out"].is_null());
}

TEST(Complete, GivesTheSameBitsForAnyNumberOfThreads) {
  const Table table = ratings();
  set_num_threads(1);
  const Completion one = complete(table, quick());
  set_num_threads(2);
  const Completion two = complete(table, quick());
  set_num_threads(0);
  EXPECT_TRUE(one.model.product.u == two.model.product.u);
  EXPECT_TRUE(one.table_model->product.v == two.table_model->product.v);
  EXPECT_TRUE(one.model.calibration == two.model.calibration);
}

TEST(Complete, TakesTheFlowOnExactLowRankAndSkipsThePosterior) {
  std::string text = "row,column,value\n";
  Rng rng(8);
  Matrix u(40, 2), v(30, 2);
  for (Index i = 0; i < u.size(); ++i) u.data()[i] = rng.normal();
  for (Index i = 0; i < v.size(); ++i) v.data()[i] = rng.normal();
  for (Index i = 0; i < 40; ++i)
    for (Index j = 0; j < 30; ++j)
      if (rng.uniform() < 0.5) text += fmt::format("{},{},{}\n", i, j, u.row(i).dot(v.row(j)));
  const Table table = read_bytes_as_table(text);
  const Completion result = complete(table, CompleteOptions{});
  EXPECT_EQ(result.engine, "flow");
  EXPECT_EQ(result.rank, 2);
  EXPECT_LT(result.held_out->rmse, 1e-5);
  for (const Candidate& candidate : result.candidates) EXPECT_NE(candidate.engine, "posterior");
}

TEST(Complete, WorksInColumnSpreadsWhereUnitsDiffer) {
  std::string text = "kelvin,pascal,share\n";
  Rng rng(4);
  for (int i = 0; i < 200; ++i) {
    const double x = rng.normal();
    text += fmt::format("{},{},{}\n", 300 + 5 * x, rng.uniform() < .1 ? "" : fmt::format("{}", 1e5 * (1 + .1 * x)),
                        .5 + .01 * x + .001 * rng.normal());
  }
  const Table table = read_bytes_as_table(text);
  EXPECT_EQ(table.layout, Table::Layout::dense);
  const Completion result = complete(table, quick());
  EXPECT_EQ(result.unit, "column spreads");
  EXPECT_EQ(result.baseline, "column means");
  EXPECT_NEAR(result.baseline_rmse, 1, 0.25);
  EXPECT_LT(result.held_out->rmse, 0.6);  // some rows have nothing else left to go by
  ASSERT_EQ(result.columns.size(), 3u);
  EXPECT_NEAR(result.columns[1].spread, 1e4, 2e3);
  // Predictions come back in the column's own unit.
  EXPECT_NEAR(result.model.predict(0, 0), 300, 30);
  EXPECT_NEAR(result.model.predict(0, 1), 1e5, 6e4);
}

TEST(Complete, KeepsPredictionsInsideTheScaleOfRatings) {
  const Table table = ratings();
  const Completion result = complete(table, quick());
  for (Index i = 0; i < table.num_rows(); ++i)
    for (Index j = 0; j < table.num_columns(); ++j) {
      EXPECT_GE(result.model.predict(i, j), 0.5);
      EXPECT_LE(result.model.predict(i, j), 5.0);
    }
}

TEST(Complete, FillsRowsAndColumnsWithoutObservationsByTheBiasesAndWarns) {
  std::string text;
  Rng rng(6);
  for (int i = 0; i < 40; ++i) {
    for (int j = 0; j < 8; ++j) {
      if (j > 0) text += ",";
      if (i != 5 && j != 3) text += fmt::format("{}", 10 + i * 0.1 + rng.normal());
    }
    text += "\n";
  }
  const Table table = read_bytes_as_table(text);
  const Completion result = complete(table, quick());
  EXPECT_TRUE(std::isfinite(result.model.predict(5, 0)));
  EXPECT_TRUE(std::isfinite(result.model.predict(0, 3)));
  EXPECT_NEAR(result.model.predict(5, 0), 12, 4);
  EXPECT_EQ(table.warnings.size(), 2u);
}

TEST(Complete, SurvivesTheSmallestTables) {
  for (const char* text : {"a,b\n1,2\n3,\n", "row,column,value\n1,1,5\n", "x,y,z\n1,2,3\n1,2,3\n1,,3\n",
                           "row,column,value\n1,1,5\n2,2,5\n3,3,5\n"}) {
    const Table table = read_bytes_as_table(text);
    const Completion result = complete(table, quick());
    EXPECT_TRUE(result.usable()) << text << result.message;
    for (Index i = 0; i < table.num_rows(); ++i)
      for (Index j = 0; j < table.num_columns(); ++j) EXPECT_TRUE(std::isfinite(result.model.predict(i, j))) << text;
  }
}

TEST(Complete, PrintsOneNestedJsonObjectWithEverythingPromised) {
  const Table table = ratings();
  const auto out = nlohmann::json::parse(json(table, complete(table, quick())));
  for (const char* key : {"rows", "columns", "observed", "rank", "effective_rank", "engine", "depth", "iterations",
                          "seconds", "peak_bytes", "stop", "message", "seed"})
    EXPECT_TRUE(out.contains(key) && !out[key].is_null()) << key;
  EXPECT_TRUE(out["train"]["rmse"].is_number());
  EXPECT_TRUE(out["baseline"]["rmse"].is_number());
  for (const char* key : {"rmse", "rmse_low", "rmse_high", "coverage90"})
    EXPECT_TRUE(out["held_out"][key].is_number()) << key;
  EXPECT_EQ(out["rows"], table.num_rows());
  EXPECT_GT(out["peak_bytes"], 1'000'000);
}

// A matrix of rank 2 without noise, half of it observed.
Matrix exact_matrix(Index m, Index n) {
  Rng rng(8);
  Matrix u(m, 2), v(n, 2);
  for (Index i = 0; i < u.size(); ++i) u.data()[i] = rng.normal();
  for (Index i = 0; i < v.size(); ++i) v.data()[i] = rng.normal();
  return u * v.transpose();
}

Table half_of(const Matrix& truth) {
  Rng rng(9);
  std::string text = "row,column,value\n";
  for (Index i = 0; i < truth.rows(); ++i)
    for (Index j = 0; j < truth.cols(); ++j)
      if (rng.uniform() < 0.5) text += fmt::format("r{},c{},{}\n", i, j, truth(i, j));
  return read_bytes_as_table(text);
}

// Residuals are round-off, so widths have to be: not zero, and not what the fitted entries alone would say.
TEST(Complete, GivesIntervalsOfTheSizeOfRoundOffForExactTables) {
  const Matrix truth = exact_matrix(40, 30);
  const Table table = half_of(truth);
  for (const double held_out : {0.1, 0.0}) {
    CompleteOptions options;
    options.held_out = held_out;
    const Completion result = complete(table, options);
    ASSERT_TRUE(result.solved);
    ASSERT_FALSE(result.model.calibration.empty());
    if (result.held_out) {
      EXPECT_GE(result.held_out->coverage90, 0.75);
    }
    Index inside = 0, cells = 0;
    for (Index i = 0; i < table.num_rows(); ++i)
      for (Index j = 0; j < table.num_columns(); ++j) {
        const Index row = std::stol(table.rows.name(i).substr(1)), column = std::stol(table.columns.name(j).substr(1));
        const Interval interval = result.model.interval(i, j, 0.9);
        EXPECT_GT(interval.high, interval.low);
        EXPECT_LT(interval.high - interval.low, 1e-9);
        inside += interval.low <= truth(row, column) && truth(row, column) <= interval.high;
        ++cells;
      }
    EXPECT_GE(static_cast<double>(inside) / static_cast<double>(cells), 0.75) << "held out: " << held_out;
  }
}

TEST(Complete, SaysWhenALimitCutAFitThatWasOnlyCompared) {
  CompleteOptions options = quick();
  options.flow.max_iterations = 1;
  const Table table = ratings();
  const Completion result = complete(table, options);
  ASSERT_EQ(result.engine, "posterior");
  EXPECT_NE(result.message.find("--max-iterations ended early: validate flow"), std::string::npos) << result.message;
  EXPECT_NE(brief(table, result).find("--max-iterations"), std::string::npos);
}

TEST(Complete, RefusesOptionsThatAreNoNumbers) {
  const Table table = ratings();
  for (double CompleteOptions::*option :
       {&CompleteOptions::held_out, &CompleteOptions::validation, &CompleteOptions::time_limit}) {
    CompleteOptions options;
    options.*option = kNaN;
    EXPECT_THROW(complete(table, options), OptionError);
  }
}

// One half of the observations is ten times as exact as the other, and the weights say so.
TEST(Complete, GivesEveryObservationTheIntervalOfItsWeight) {
  const Matrix truth = exact_matrix(80, 60);
  Table table = half_of(truth);
  Rng rng(10);
  for (double& value : table.value) {
    const bool exact = rng.uniform() < 0.5;
    value += (exact ? 0.05 : 0.5) * rng.normal();
    table.weight.push_back(exact ? 300.0f : 3.0f);
  }
  for (const Engine engine : {Engine::flow, Engine::posterior}) {
    CompleteOptions options = quick();
    options.engine = engine;
    options.held_out = 0.3;
    options.validation = 0.3;
    options.refit = false;
    const Completion result = complete(table, options);
    EXPECT_NEAR(result.model.weight_unit, 150, 15);
    const double quantile = result.model.calibration_quantile(0.9);
    Index inside[2] = {0, 0}, count[2] = {0, 0};
    for (Index i = 0; i < table.num_rows(); ++i)
      for (Index k = table.row_begin[i]; k < table.row_begin[i + 1]; ++k) {
        if (result.parts[k] != Part::held_out) continue;
        const Index j = table.column[k];
        const double deviation = result.model.standard_deviation(i, j, table.weight[k] / result.model.weight_unit);
        const int group = table.weight[k] > 100;
        ++count[group];
        inside[group] += std::abs(result.model.predict(i, j) - table.value[k]) <= quantile * deviation;
      }
    const auto share = [&](int group) {
      return static_cast<double>(inside[group]) / static_cast<double>(count[group]);
    };
    EXPECT_NEAR(result.held_out->coverage90, 0.9, 0.06);
    if (engine == Engine::posterior) continue;  // what its draws add to the variance hides most of the difference
    // 90 % over both; the product's own error adds more to the small noise. Were weights ignored, one width for all
    // would cover about 80 % of the first group and all of the second.
    EXPECT_GT(share(0), 0.86) << result.engine;
    EXPECT_GT(share(1), 0.75) << result.engine;
    EXPECT_LT(share(1), 0.98) << result.engine;
  }
}

TEST(Parts, ScaleColumnsByWhatTheWeightsTrust) {
  Table table = read_bytes_as_table("a,b\n1,5\n2,5\n3,6\n1000,7\n");
  table.weight = {1, 1, 1, 1, 1, 1, 1e-9f, 1};
  const auto scaling = completion::column_scaling(table, std::vector<Part>(8, Part::train));
  EXPECT_NEAR(scaling.offset[0], 2, 1e-5);
  EXPECT_NEAR(scaling.scale[0], std::sqrt(2.0 / 3), 1e-2);
  EXPECT_NEAR(scaling.offset[1], 5.75, 1e-12);
}

TEST(Parts, AreTheSharesAskedForAndDependOnTheSeedAlone) {
  const auto parts = completion::split(100'000, 0.1, 0.2, 7);
  const auto share = [&](Part part) { return static_cast<double>(std::count(parts.begin(), parts.end(), part)) / 1e5; };
  constexpr double kFiveSigma = 0.006;
  EXPECT_NEAR(share(Part::held_out), 0.1, kFiveSigma);
  EXPECT_NEAR(share(Part::validation), 0.18, kFiveSigma);
  EXPECT_TRUE(parts == completion::split(100'000, 0.1, 0.2, 7));
  EXPECT_FALSE(parts == completion::split(100'000, 0.1, 0.2, 8));
}

}  // namespace
}  // namespace rankflow

namespace rankflow {
namespace {

// Only ratios of weights, and no unit of the values, may matter.
TEST(Complete, DoesNotDependOnTheUnitOfValuesOrWeights) {
  const auto table_in = [](double offset, double scale, float weight_unit) {
    Table table = ratings();
    Rng rng(2);
    for (double& value : table.value) value = offset + scale * (value + 0.01 * rng.normal());
    for (Index k = 0; k < table.num_observed(); ++k)
      table.weight.push_back(weight_unit * static_cast<float>(0.5 + rng.uniform()));
    return table;
  };
  CompleteOptions options = quick();
  options.engine = Engine::posterior;
  const double plain = complete(table_in(0, 1, 1), options).held_out->rmse;
  constexpr double kSameError = 0.02;  // float and other draws: not the same bits, the same error
  for (const auto& [offset, scale, weight] : std::vector<std::tuple<double, double, float>>{
           {0, 1e-9, 1}, {0, 1e25, 1}, {1e7, 1, 1}, {0, 1, 1e8f}, {0, 1, 1e-8f}})
    EXPECT_NEAR(complete(table_in(offset, scale, weight), options).held_out->rmse / scale, plain, kSameError)
        << offset << " " << scale << " " << weight;
  EXPECT_THROW(complete(table_in(0, 1e160, 1), options), InputError);
}

}  // namespace
}  // namespace rankflow
