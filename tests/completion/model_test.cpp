// Kept models: round trips, intervals, folding in, and distrust of files.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <Eigen/LU>
#include <cmath>

#include "rankflow/archive.h"
#include "rankflow/completion_model.h"
#include "rankflow/error.h"
#include "rankflow/rng.h"
#include "support/files.h"

namespace rankflow {
namespace {

CompletionModel sample_model() {
  Rng rng(1);
  const auto vector = [&](Index n, double low) {
    Vector x(n);
    for (Index i = 0; i < n; ++i) x[i] = low + rng.uniform();
    return x;
  };
  const auto matrix = [&](Index m, Index n) {
    Matrix a(m, n);
    for (Index i = 0; i < a.size(); ++i) a.data()[i] = rng.normal() / std::sqrt(static_cast<double>(m));
    return a;
  };
  CompletionModel model;
  model.product.mean = 3;
  model.product.row_bias = vector(30, -0.5);
  model.product.column_bias = vector(4, -0.5);
  model.product.u = matrix(30, 2);
  model.product.v = matrix(4, 2);
  model.product.s = Vector{{5.0, 2.0}};
  model.scaling.offset = vector(4, 10);
  model.scaling.scale = vector(4, 1);
  model.spread.row_noise = vector(30, 0.1);
  model.spread.column_noise = vector(4, 0.1);
  model.spread.row_spread = vector(30, 0.1);
  model.spread.column_spread = vector(4, 0.1);
  model.calibration = {0.1, 0.5, 1.0, 1.5, 2.0};
  model.weight_unit = 4;
  std::vector<std::string> names;
  for (int i = 0; i < 30; ++i) names.push_back("row, \"" + std::to_string(i) + "\"");
  model.rows = Axis::strings(names);
  model.rows.title = "who";
  model.columns = Axis::integers({7, -3, 1'000'000'000'000, 12});
  model.value_title = "how much";
  model.record = "{}";
  return model;
}

TEST(CompletionModel, IsTheSameAfterWritingAndReading) {
  const test::Folder folder;
  const CompletionModel before = sample_model();
  before.write(folder / "model.npz");
  const CompletionModel after = CompletionModel::read(folder / "model.npz");
  for (Index i = 0; i < 30; ++i) {
    EXPECT_EQ(before.rows.name(i), after.rows.name(i));
    for (Index j = 0; j < 4; ++j) {
      EXPECT_EQ(before.predict(i, j), after.predict(i, j));
      EXPECT_EQ(before.interval(i, j, 0.6).high, after.interval(i, j, 0.6).high);
    }
  }
  EXPECT_EQ(after.rows.title, "who");
  EXPECT_EQ(after.columns.find("1000000000000"), 2);
  EXPECT_EQ(after.value_title, "how much");
  EXPECT_EQ(after.weight_unit, 4);
}

TEST(CompletionModel, PredictsTheFormulaInTheUnitsOfTheColumn) {
  const CompletionModel model = sample_model();
  const LowRankModel& p = model.product;
  const double product = 3 + p.row_bias[7] + p.column_bias[2] + 5 * p.u(7, 0) * p.v(2, 0) + 2 * p.u(7, 1) * p.v(2, 1);
  EXPECT_NEAR(model.predict(7, 2), product * model.scaling.scale[2] + model.scaling.offset[2], 1e-12);
}

TEST(CompletionModel, TakesTheConformalQuantile) {
  const CompletionModel model = sample_model();
  // n = 5: the ceil(6 * level)-th smallest.
  EXPECT_EQ(model.calibration_quantile(0.5), 1.0);
  EXPECT_EQ(model.calibration_quantile(0.6), 1.5);
  EXPECT_EQ(model.calibration_quantile(0.99), 2.0);
  const Interval interval = model.interval(3, 1, 0.5);
  EXPECT_NEAR((interval.high - interval.low) / 2, 1.0 * model.standard_deviation(3, 1), 1e-12);
  for (const double level : {kNaN, 0.0, 1.0, -1.0}) EXPECT_TRUE(std::isnan(model.interval(3, 1, level).low)) << level;
}

TEST(FoldIn, IsTheRidgeSolutionUnderTheTrainingRowsDistribution) {
  CompletionModel model = sample_model();
  model.scaling = {};
  const FoldIn fold_in(model);
  const LowRankModel& p = model.product;
  // The same by textbook: x = (S^-1 + C' N^-1 C)^-1 (S^-1 m + C' N^-1 y), m and S mean and covariance of training rows.
  Eigen::MatrixXd x(30, 3);
  for (Index i = 0; i < 30; ++i) x.row(i) << p.row_bias[i], p.u(i, 0) * p.s[0], p.u(i, 1) * p.s[1];
  const Eigen::VectorXd mean = x.colwise().mean();
  const Eigen::MatrixXd centered = x.rowwise() - mean.transpose();
  const Eigen::MatrixXd prior = (centered.transpose() * centered / 29).inverse();
  const std::vector<FoldIn::Given> given = {{0, 2.0}, {3, 4.5}};
  Eigen::MatrixXd precision = prior;
  Eigen::VectorXd pull = prior * mean;
  for (const auto& [j, value, weight] : given) {
    const Eigen::VectorXd c{{1.0, p.v(j, 0), p.v(j, 1)}};
    const double w = weight / (model.spread.row_noise.mean() * model.spread.column_noise[j]);
    precision += w * c * c.transpose();
    pull += w * (value - p.mean - p.column_bias[j]) * c;
  }
  const Eigen::VectorXd expected = precision.inverse() * pull;
  const FoldedRow row = fold_in.row(given);
  EXPECT_NEAR(row.bias, expected[0], 1e-6);
  EXPECT_NEAR(row.coordinates[0], expected[1], 1e-6);
  EXPECT_NEAR(row.coordinates[1], expected[2], 1e-6);
  EXPECT_EQ(row.given, 2);
  // Without observations it is the average row, and its interval is wider than after seeing some.
  const FoldedRow average = fold_in.row({});
  EXPECT_NEAR(average.bias, mean[0], 1e-9);
  EXPECT_NEAR(fold_in.predict(average, 1), predict_unknown(model, std::nullopt, 1), 1e-9);
  const Interval before = fold_in.interval(average, 1, 0.5), after = fold_in.interval(row, 1, 0.5);
  EXPECT_GT(before.high - before.low, after.high - after.low);
}

// An observation of weight 2 says as much as two of weight 1.
TEST(FoldIn, TakesWeightsAsPrecisions) {
  const CompletionModel model = sample_model();
  const FoldIn fold_in(model);
  const std::vector<FoldIn::Given> twice = {{0, 12.0}, {0, 12.0}, {3, 11.0}}, heavy = {{0, 12.0, 2}, {3, 11.0}};
  const FoldedRow a = fold_in.row(twice), b = fold_in.row(heavy);
  EXPECT_NEAR(a.bias, b.bias, 1e-9);
  EXPECT_LT((a.coordinates - b.coordinates).norm(), 1e-9);
  EXPECT_LT((a.covariance - b.covariance).norm(), 1e-9);
  EXPECT_GT(std::abs(fold_in.row(std::vector<FoldIn::Given>{{0, 12.0}, {3, 11.0}}).bias - b.bias), 1e-6);
}

TEST(CompletionModel, RefusesFilesThatAreNotSoundModels) {
  const test::Folder folder;
  const std::string path = folder / "model.npz";
  EXPECT_THROW(CompletionModel::read(path), InputError);
  test::write_bytes(path, "not a zip file");
  EXPECT_THROW(CompletionModel::read(path), InputError);
  Archive other;
  other.set("x", 1.0);
  other.write(path);
  EXPECT_THROW(CompletionModel::read(path), InputError);

  sample_model().write(path);
  const Archive sound = Archive::read(path);
  const auto refuses = [&](const char* what, const auto& damage) {
    Archive damaged = sound;
    damage(damaged);
    damaged.write(path);
    EXPECT_THROW(CompletionModel::read(path), InputError) << what;
  };
  refuses("version", [](Archive& a) { a.set("version", std::int64_t{99}); });
  refuses("shape", [](Archive& a) { a.set("u", Matrix(Matrix::Zero(29, 2))); });
  refuses("not finite", [](Archive& a) { a.set("s", Vector{{kNaN, 1.0}}); });
  refuses("missing array", [](Archive& a) { a.erase("row_bias"); });
  refuses("ids", [](Archive& a) { a.set("column_ids", std::vector<std::int64_t>{1, 2}); });
  refuses("name ends", [](Archive& a) { a.set("row_name_ends", std::vector<std::int64_t>(30, 1'000'000)); });
  refuses("huge size", [](Archive& a) { a.set("row_size", std::int64_t{1} << 60); });
  refuses("negative size", [](Archive& a) { a.set("row_size", std::int64_t{-5}); });
  refuses("calibration", [](Archive& a) { a.set("calibration", std::vector<double>{2, 1}); });

  const std::string bytes = [&] {
    sample_model().write(path);
    return test::read_bytes(path);
  }();
  for (const double share : {0.1, 0.5, 0.9, 0.99}) {
    test::write_bytes(path, bytes.substr(0, static_cast<std::size_t>(share * static_cast<double>(bytes.size()))));
    EXPECT_THROW(CompletionModel::read(path), InputError) << "truncated at " << share;
  }
}

}  // namespace
}  // namespace rankflow
