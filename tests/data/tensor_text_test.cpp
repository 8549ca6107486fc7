// Lists of cells in text: .tns files and columns of a .csv, and every way in which they can be wrong.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "support/shared_data.h"
#include "support/tensors.h"

namespace rankflow {
namespace {

using test::any_contains;
using test::names;
using test::observations;
using test::read_bytes_as_tensor;
using test::tensor_message_of;
using testing::ElementsAre;
using testing::HasSubstr;

TensorReadOptions columns(const std::string& list) {
  TensorReadOptions options;
  options.table.columns = list;
  return options;
}

TEST(Tns, CountsFromOneUnlessAPositionIsZero) {
  const Tensor one = read_bytes_as_tensor("2 1 3 5\n1 1 1 2.5\n", {}, "a.tns");
  EXPECT_EQ(observations(one), "0 0 0: 2.5, 1 0 2: 5");
  EXPECT_THAT(one.shape(), ElementsAre(2, 1, 3));
  EXPECT_THAT(names(one.modes[2]), ElementsAre("1", "2", "3"));
  EXPECT_TRUE(any_contains(one.notes, "begin at 1"));
  EXPECT_FALSE(one.integer_values);
  const Tensor zero = read_bytes_as_tensor("2 0 3 5\n1 1 1 2\n", {}, "a.tns");
  EXPECT_THAT(zero.shape(), ElementsAre(3, 2, 4));
  EXPECT_TRUE(any_contains(zero.notes, "begin at 0, because one of them is 0"));
  EXPECT_TRUE(zero.integer_values);
  EXPECT_EQ(zero.format, "tns");
  EXPECT_EQ(zero.holes, "cells that the list does not name");
}

TEST(Tns, TakesTheBaseThatTheUserSays) {
  TensorReadOptions options;
  options.table.index_base = ReadOptions::IndexBase::zero;
  EXPECT_THAT(read_bytes_as_tensor("2 1 3 5\n", options, "a.tns").shape(), ElementsAre(3, 2, 4));
  options.table.index_base = ReadOptions::IndexBase::one;
  EXPECT_THAT(tensor_message_of("1 1 1 5\n2 0 3 5\n", options, "a.tns"), HasSubstr("a.tns:2: found the position 0"));
}

TEST(Tns, SkipsCommentsAndBlankLines) {
  const Tensor tensor = read_bytes_as_tensor("# three modes\n\n1\t1  1 5\r\n% more\n1 1 2 6\n", {}, "a.tns");
  EXPECT_EQ(observations(tensor), "0 0 0: 5, 0 0 1: 6");
  EXPECT_TRUE(any_contains(tensor.notes, "2 comment line(s)"));
}

TEST(Tns, NamesTheLineOfWhatIsWrong) {
  EXPECT_THAT(tensor_message_of("1 1 1 5\n1 1 6\n", {}, "a.tns"), HasSubstr("a.tns:2: found 3 fields, expected 4"));
  EXPECT_THAT(tensor_message_of("1 1 1 5\n1 x 1 6\n", {}, "a.tns"), HasSubstr("a.tns:2: found 'x'"));
  EXPECT_THAT(tensor_message_of("1 1 1 5\n1 -1 1 6\n", {}, "a.tns"), HasSubstr("a.tns:2: found '-1'"));
  EXPECT_THAT(tensor_message_of("1 1 1 5\n1 1.5 1 6\n", {}, "a.tns"), HasSubstr("a.tns:2: found '1.5'"));
  EXPECT_THAT(tensor_message_of("1 1 1 5\n1 2 1 inf\n", {}, "a.tns"), HasSubstr("a.tns:2: found 'inf'"));
  EXPECT_THAT(tensor_message_of("1 1 1 five\n", {}, "a.tns"), HasSubstr("a.tns:1: found 'five'"));
  EXPECT_THAT(tensor_message_of("1 99999999999 1 5\n", {}, "a.tns"), HasSubstr("a.tns:1: found '99999999999'"));
  EXPECT_THAT(tensor_message_of("1,1,1,5\n", {}, "a.tns"), HasSubstr("with commas this is a .csv file"));
  EXPECT_THAT(tensor_message_of("# nothing\n", {}, "a.tns"), HasSubstr("only comments"));
  EXPECT_THAT(tensor_message_of("1 1 1 NA\n", {}, "a.tns"), HasSubstr("no other line has one either"));
}

TEST(Tns, RefusesPositionsThatNoDataStandBehind) {
  EXPECT_THAT(tensor_message_of("1 2000000000 1 5\n", {}, "a.tns"),
              HasSubstr("mode 2 has the position 2000000000, far larger than 1 cells suggest"));
}

TEST(Tns, KeepsOneOfEqualCellsAndRefusesCellsThatContradict) {
  const Tensor tensor = read_bytes_as_tensor("1 2 1 5\n1 1 1 3\n1 2 1 5\n", {}, "a.tns");
  EXPECT_EQ(observations(tensor), "0 0 0: 3, 0 1 0: 5");
  EXPECT_TRUE(any_contains(tensor.warnings, "1 observation(s) repeat"));
  const std::string text = "1 2 1 5\n1 1 1 3\n1 2 1 7\n";
  EXPECT_THAT(tensor_message_of(text, {}, "a.tns"),
              HasSubstr("a.tns:3: the cell (1, 2, 1) has the value 7 here and 5 on line 1"));
  TensorReadOptions options;
  options.table.duplicates = ReadOptions::Duplicates::mean;
  EXPECT_EQ(observations(read_bytes_as_tensor(text, options, "a.tns")), "0 0 0: 3, 0 1 0: 6");
  options.table.duplicates = ReadOptions::Duplicates::last;
  EXPECT_EQ(observations(read_bytes_as_tensor(text, options, "a.tns")), "0 0 0: 3, 0 1 0: 7");
}

TEST(Tns, MakesAbsentCellsZerosWhenAsked) {
  TensorReadOptions options;
  options.absent = TensorReadOptions::Absent::zero;
  const Tensor tensor = read_bytes_as_tensor("2 2 1 5\n1 1 2 3\n", options, "a.tns");
  EXPECT_EQ(observations(tensor), "0 0 0: 0, 0 0 1: 3, 0 1 0: 0, 0 1 1: 0, 1 0 0: 0, 1 0 1: 0, 1 1 0: 5, 1 1 1: 0");
  EXPECT_EQ(tensor.holes, "nothing: what the list does not name is 0");
  EXPECT_THAT(tensor_message_of("900000 900000 1 5\n", options, "a.tns"), HasSubstr("at most"));
}

TEST(Tns, TakesAValueForAHoleWhenAsked) {
  TensorReadOptions options;
  options.table.missing = "-1";
  const Tensor tensor = read_bytes_as_tensor("1 1 1 5\n1 1 2 -1\n1 1 3 4\n", options, "a.tns");
  EXPECT_EQ(observations(tensor), "0 0 0: 5, 0 0 2: 4");
  EXPECT_TRUE(any_contains(tensor.warnings, "1 line(s) have no value, the first is line 2"));
  EXPECT_TRUE(any_contains(tensor.warnings, "1 of the 3 indices of mode 3 have no observation, the first is 2"));
}

TEST(Tns, AgreesWithTheCountsOfRealFiles) {
  RANKFLOW_REQUIRE_SHARED(path, "sparse/splatt_med.tns");
  const Tensor tensor = read_tensor(path);
  tensor.validate();
  EXPECT_THAT(tensor.shape(), ElementsAre(2425, 10816, 29567));
  EXPECT_EQ(tensor.num_observed(), 100'000);
  std::vector<Index> counts(6);
  for (const double value : tensor.value) ++counts[static_cast<std::size_t>(value)];
  EXPECT_THAT(counts, ElementsAre(0, 7602, 9057, 15459, 34621, 33261));
  EXPECT_TRUE(tensor.warnings.empty());  // every index of every mode occurs, no duplicates
  EXPECT_TRUE(holds_tensor(path));
}

TEST(Tns, AgreesWithTheSizesOfRealRelations) {
  RANKFLOW_REQUIRE_SHARED(path, "sparse/umls_train.tns");
  const Tensor tensor = read_tensor(path);
  EXPECT_THAT(tensor.shape(), ElementsAre(135, 46, 135));
  EXPECT_EQ(tensor.num_observed(), 5216);
  EXPECT_TRUE(tensor.integer_values);
}

TEST(CellList, NamesModesByTheHeaderAndKeepsIdsAsTheyAreWritten) {
  const Tensor tensor = read_bytes_as_tensor("who,what,when,score\nann,007,3,1.5\nbob,7,1,2\nann,7,3,4\n");
  EXPECT_EQ(tensor.format, "list of cells separated by comma");
  EXPECT_THAT(names(tensor.modes[0]), ElementsAre("ann", "bob"));
  EXPECT_THAT(names(tensor.modes[1]), ElementsAre("007", "7"));
  EXPECT_THAT(names(tensor.modes[2]), ElementsAre("1", "3"));  // whole numbers in their order
  EXPECT_EQ(tensor.modes[1].title, "what");
  EXPECT_EQ(tensor.value_title, "score");
  EXPECT_EQ(observations(tensor), "0 0 1: 1.5, 0 1 1: 4, 1 1 0: 2");
}

TEST(CellList, TakesTheColumnsThatTheUserNames) {
  const std::string text = "t;i;w;v;j;k\n2001;5;0.5;1;9;a\n2002;6;2;3;9;a\n";
  TensorReadOptions options = columns("j,k,i,v");
  options.table.weight = "w";
  const Tensor tensor = read_bytes_as_tensor(text, options);
  EXPECT_EQ(observations(tensor), "0 0 0: 1, 0 0 1: 3");
  EXPECT_THAT(tensor.weight, ElementsAre(0.5F, 2.0F));
  EXPECT_TRUE(any_contains(tensor.notes, "the modes are column 5 'j', column 6 'k', column 2 'i'"));
  EXPECT_TRUE(any_contains(tensor.notes, "column 1 't': not used"));
  EXPECT_EQ(observations(read_bytes_as_tensor(text, columns("5,6,2,4"))), observations(tensor));
  EXPECT_THAT(tensor_message_of(text, columns("j,k,z,v")), HasSubstr("there is no column 'z'"));
  EXPECT_THROW(read_bytes_as_tensor(text, columns("j,k,k,v")), OptionError);
}

TEST(CellList, ReadsThreeColumnsAsAMatrix) {
  const Tensor tensor = read_bytes_as_tensor("a,b,c,v\nx,y,1,2\nx,z,2,3\n", columns("a,b,v"));
  EXPECT_EQ(tensor.order(), 2);
  EXPECT_EQ(observations(tensor), "0 0: 2, 0 1: 3");
  const Table table = to_table(tensor);
  table.validate();
  EXPECT_EQ(table.layout, Table::Layout::triplets);
}

TEST(CellList, LeavesRatingsWithATimeToTheMatrixReaders) {
  const Tensor tensor = read_bytes_as_tensor("userId,movieId,rating,timestamp\n1,10,4,777\n2,10,3,778\n1,11,5,779\n");
  EXPECT_EQ(tensor.order(), 2);
  EXPECT_EQ(tensor.num_observed(), 3);
}

TEST(CellList, HasNoHeaderWhereTheFirstLineIsData) {
  const Tensor tensor = read_bytes_as_tensor("0\t0\t1\t5\n1\t0\t0\t6\n1\t2\t1\t7\n");
  EXPECT_THAT(tensor.shape(), ElementsAre(2, 2, 2));
  EXPECT_THAT(names(tensor.modes[1]), ElementsAre("0", "2"));
  EXPECT_EQ(tensor.modes[0].kind(), Axis::Kind::positions);
  EXPECT_TRUE(any_contains(tensor.notes, "there is no header"));
  EXPECT_TRUE(tensor.integer_values);
}

TEST(CellList, NamesTheLineOfWhatIsWrong) {
  const std::string head = "a,b,c,v\nx,y,1,2\n";
  EXPECT_THAT(tensor_message_of(head + "x,y,2,oops\n", columns("a,b,c,v")), HasSubstr("test.csv:3: found 'oops'"));
  EXPECT_THAT(tensor_message_of(head + "x,y,2\n", columns("a,b,c,v")), HasSubstr("test.csv:3: found 3 fields"));
  EXPECT_THAT(tensor_message_of(head + "x,,2,4\n", columns("a,b,c,v")), HasSubstr("test.csv:3: the id of mode 2"));
  EXPECT_THAT(tensor_message_of(head + "x,y,1,3\n", columns("a,b,c,v")),
              HasSubstr("test.csv:3: the cell (x, y, 1) has the value 3 here and 2 on line 2"));
  EXPECT_THAT(tensor_message_of(head + "x,y,2,1e999\n", columns("a,b,c,v")), HasSubstr("expected a finite number"));
}

TEST(CellList, GoesOnAfterAFlawWhenItInspects) {
  const test::Folder folder;
  const std::string path = folder / "list.csv";
  std::ofstream(path) << "a,b,c,v\nx,y,1,2\nx,y,2,oops\nx,z,1,4\nx,y,1,3\n";
  const TensorInspection inspection = inspect_tensor(path, columns("a,b,c,v"));
  EXPECT_EQ(inspection.num_flaws, 2);
  ASSERT_EQ(inspection.flaws.size(), 2u);
  EXPECT_EQ(inspection.flaws[0].line, 3);
  EXPECT_EQ(inspection.flaws[1].line, 5);
  EXPECT_EQ(observations(inspection.tensor), "0 0 0: 2.5, 0 1 0: 4");
}

TEST(CellList, HasAsManyModesAsThereAreColumns) {
  constexpr int kModes = 784;
  std::string text;
  for (int line = 0; line < 50; ++line) {
    for (int n = 0; n < kModes; ++n) text += fmt::format("{},", n == 300 ? line : (line * 31 + n * n * 7) % 3);
    text += fmt::format("{}\n", line);
  }
  const Tensor tensor = read_bytes_as_tensor(text);
  EXPECT_EQ(tensor.order(), kModes);
  EXPECT_EQ(tensor.num_observed(), 50);
  EXPECT_EQ(tensor.size(300), 50);
}

}  // namespace
}  // namespace rankflow
