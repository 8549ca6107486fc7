// Text tables: what is in the file is in the table, in its order and under its names.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rankflow/error.h"
#include "rankflow/read.h"
#include "support/shared_data.h"
#include "support/tables.h"

namespace rankflow {
namespace {

using test::cells;
using test::message;
using test::names;
using test::read_bytes_as_table;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Triplets, AreReadWithTheirHeaderAndIdsInOrderOfAppearance) {
  const Table table = read_bytes_as_table("userId,movieId,rating,timestamp\n7,31,2.5,1260759144\n7,10,3,1\n2,31,4,2\n");
  EXPECT_EQ(table.layout, Table::Layout::triplets);
  EXPECT_THAT(names(table.rows), ElementsAre("7", "2"));
  EXPECT_THAT(names(table.columns), ElementsAre("31", "10"));
  EXPECT_EQ(table.rows.kind(), Axis::Kind::integers);
  EXPECT_EQ(cells(table), "2.5 3\n4 .\n");
  EXPECT_EQ(table.rows.title, "userId");
  EXPECT_EQ(table.columns.title, "movieId");
  EXPECT_EQ(table.value_title, "rating");
  EXPECT_FALSE(table.integer_values);
}

TEST(Triplets, AreRecognizedInTheMovieLensFile) {
  RANKFLOW_REQUIRE_SHARED(path, "ml-latest-small/ratings.csv");
  const Table table = read_table(path);
  table.validate();
  EXPECT_EQ(table.layout, Table::Layout::triplets);
  EXPECT_EQ(table.num_rows(), 610);
  EXPECT_EQ(table.num_columns(), 9724);
  EXPECT_EQ(table.num_observed(), 100836);
}

TEST(DenseText, KeepsNamesAndHoles) {
  const Table table = read_bytes_as_table("name,a,b,c\nx,1.5,,3\ny,NA,2,?\n");
  EXPECT_EQ(table.layout, Table::Layout::dense);
  EXPECT_THAT(names(table.rows), ElementsAre("x", "y"));
  EXPECT_THAT(names(table.columns), ElementsAre("a", "b", "c"));
  EXPECT_EQ(cells(table), "1.5 . 3\n. 2 .\n");
}

TEST(DenseText, OfThreeMeasurementsIsNotTakenForTriplets) {
  const Table table = read_bytes_as_table("1.5,2.5,3.5\n1.6,2.4,3.3\n1.5,2.6,3.1\n");
  EXPECT_EQ(table.layout, Table::Layout::dense);
  EXPECT_EQ(cells(table), "1.5 2.5 3.5\n1.6 2.4 3.3\n1.5 2.6 3.1\n");
}

}  // namespace
}  // namespace rankflow
