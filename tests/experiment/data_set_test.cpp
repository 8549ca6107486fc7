// Matrices and measurements by their rules.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/data_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "linalg/decompositions.h"
#include "rankflow/error.h"
#include "support/files.h"

namespace rankflow {
namespace {

using experiment::DataKind;
using experiment::DataOptions;
using experiment::DataSet;
using experiment::make_data_set;
using experiment::MeasurementKind;
using experiment::ProblemOptions;

constexpr double kRoundOff = 1e-10;

TEST(DataSet, LowRankHasItsRankAndNorm) {
  DataOptions data;
  data.rows = 30, data.columns = 20, data.rank = 4, data.norm = 7;
  ProblemOptions problem;
  problem.count = 100;
  const DataSet made = make_data_set(data, problem);
  const Vector s = singular_values(made.reference.truth);
  EXPECT_NEAR(s.norm(), 7, kRoundOff);
  EXPECT_GT(s[3], 1e-3);
  EXPECT_LT(s[4], kRoundOff);
  EXPECT_EQ(made.problem.count(), 100);
  for (Index k = 0; k < 100; ++k)
    EXPECT_EQ(made.problem.entries.value[k],
              made.reference.truth(made.problem.entries.row[k], made.problem.entries.column[k]));
}

TEST(DataSet, SeedsDecideWhatIsMadeAndNothingElseDoes) {
  DataOptions data;
  ProblemOptions problem;
  problem.count = 50;
  const DataSet a = make_data_set(data, problem), b = make_data_set(data, problem);
  EXPECT_EQ(a.problem.entries.value, b.problem.entries.value);
  problem.seed = 1;
  EXPECT_NE(make_data_set(data, problem).problem.entries.row, a.problem.entries.row);
}

TEST(DataSet, NoiseBelongsToTheDataWhateverMeasuresThem) {
  for (const MeasurementKind kind : {MeasurementKind::gaussian, MeasurementKind::rank_one}) {
    DataOptions data;
    data.rows = data.columns = 8;
    ProblemOptions problem;
    problem.measurement = kind;
    problem.count = 20;
    const Vector clean = make_data_set(data, problem).problem.values;
    data.noise = 0.1;
    const Vector noise = make_data_set(data, problem).problem.values - clean;
    EXPECT_GT(noise.norm(), 0.1);
    const std::uint64_t measured_by = problem.seed;
    problem.seed = measured_by + 1;
    DataOptions without = data;
    without.noise = 0;
    const Vector again = make_data_set(data, problem).problem.values - make_data_set(without, problem).problem.values;
    EXPECT_LT((again - noise).norm(), kRoundOff) << "problem.seed chooses the measurements, data.seed the noise";
  }
}

TEST(DataSet, SpectrumIsAsGivenSignsIncluded) {
  DataOptions data;
  data.kind = DataKind::spectrum;
  data.rows = data.columns = 6;
  data.symmetric = true;
  data.values = "4 2 -3";
  ProblemOptions problem;
  problem.measurement = MeasurementKind::full;
  const DataSet made = make_data_set(data, problem);
  const SymmetricEigen eigen = symmetric_eigen(made.reference.truth);
  EXPECT_NEAR(eigen.values[0], -3, kRoundOff);
  EXPECT_NEAR(eigen.values[5], 4, kRoundOff);
  EXPECT_NEAR(eigen.values[4], 2, kRoundOff);
  EXPECT_EQ(made.problem.target, made.reference.truth);
}

TEST(DataSet, CornerLeavesOneEntryOut) {
  DataOptions data;
  data.kind = DataKind::corner;
  data.rows = data.columns = 3;
  data.z = 5, data.z_prime = 6, data.epsilon = 7;
  data.hole_row = 1, data.hole_column = 2;
  const DataSet made = make_data_set(data, {});
  EXPECT_EQ(made.problem.count(), 8);
  Matrix seen = Matrix::Constant(3, 3, -1);
  const auto& entries = made.problem.entries;
  for (Index k = 0; k < entries.count(); ++k) seen(entries.row[k], entries.column[k]) = entries.value[k];
  EXPECT_EQ(seen(1, 2), -1);  // the hole
  EXPECT_EQ(seen(1, 0), 5);   // right of it
  EXPECT_EQ(seen(2, 2), 6);   // below it
  EXPECT_EQ(seen(2, 0), 7);   // across
  EXPECT_EQ(seen(0, 1), 1);   // the diagonal goes on
  EXPECT_EQ(made.reference.truth.size(), 0);
}

TEST(DataSet, MeasurementsAreProductsWithTheTruth) {
  DataOptions data;
  data.rows = 5, data.columns = 4, data.rank = 2;
  ProblemOptions problem;
  problem.count = 7;
  for (const MeasurementKind kind : {MeasurementKind::gaussian, MeasurementKind::rank_one}) {
    problem.measurement = kind;
    const DataSet made = make_data_set(data, problem);
    const Vector products = measure(made.problem, made.reference.truth);
    EXPECT_LT((products - made.problem.values).norm(), kRoundOff * products.norm());
  }
}

TEST(DataSet, FilesGiveTruthAndPositions) {
  const test::Folder folder;
  test::write_bytes(folder / "truth.csv", "1,2,3\n4,5,6\n7,8,9\n");
  test::write_bytes(folder / "positions.csv", "0,1\n2,0\n1,1\n2,2\n");
  DataOptions data;
  data.kind = DataKind::file;
  data.path = folder / "truth.csv";
  data.positions = folder / "positions.csv";
  const DataSet made = make_data_set(data, {});
  EXPECT_EQ(made.problem.entries.value, (std::vector<double>{2, 5, 7, 9}));
  EXPECT_EQ(made.reference.truth(1, 2), 6);
}

TEST(DataSet, ListsAreSplitIntoWhatLearnsAndWhatTests) {
  const test::Folder folder;
  std::string list = "user,item,rating\n";
  for (int i = 0; i < 6; ++i)
    for (int j = 0; j < 5 - i / 2; ++j)
      list += std::to_string(i) + "," + std::to_string(j) + "," + std::to_string(i + j) + "\n";
  test::write_bytes(folder / "list.csv", list);
  DataOptions data;
  data.kind = DataKind::file;
  data.path = folder / "list.csv";
  data.observations = 10;
  data.most_rows = 4;
  const DataSet made = make_data_set(data, {});
  EXPECT_EQ(made.problem.num_rows, 4);
  EXPECT_EQ(made.reference.train.count(), 10);
  EXPECT_EQ(made.reference.train.count() + made.reference.test.count(), 5 + 5 + 4 + 4);
  EXPECT_EQ(made.reference.truth.size(), 0);
}

TEST(DataSet, WhatCannotBeMadeIsRefused) {
  DataOptions data;
  data.kind = DataKind::corner;
  data.rows = data.columns = 2;
  ProblemOptions problem;
  problem.measurement = MeasurementKind::full;
  EXPECT_THROW(make_data_set(data, problem), OptionError);
  problem.measurement = MeasurementKind::gaussian;
  EXPECT_THROW(make_data_set(DataOptions{}, problem), OptionError) << "how many?";
}

}  // namespace
}  // namespace rankflow
