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

using test::any_contains;
using test::cells;
using test::names;
using test::read_bytes_as_table;
using testing::ElementsAre;
using Format = ReadOptions::Format;

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
  EXPECT_THAT(table.notes, testing::Contains("column 4 'timestamp': not used"));
}

TEST(Triplets, SayHowFurtherColumnsBecomeModes) {
  const Table table = read_bytes_as_table("user,place,hour,count\na,x,1,5\na,y,2,6\n");
  EXPECT_THAT(table.notes,
              testing::Contains("column 3 'hour': not used; --columns user,place,hour,count reads an array "
                                "with a mode for each"));
  // Who names columns has left the others out.
  const Table chosen =
      read_bytes_as_table("user,place,hour,count\na,x,1,5\na,y,2,6\n", {.columns = "user,place,count"});
  EXPECT_THAT(chosen.notes, testing::Contains("column 3 'hour': not used"));
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

TEST(Triplets, MayBeSeparatedInManyWays) {
  const std::string expected = "5 3\n4 .\n";
  for (const char* text :
       {"1::10::5::978300760\n1::20::3::978302109\n2::10::4::978301968\n",
        "1\t10\t5\t881250949\n1\t20\t3\t881250949\n2\t10\t4\t891717742\n", "1 10 5\n1 20 3\n2 10 4\n",
        "  1   10 5\n 1\t20 3 \n 2 10 4\n", "1,10,5\r\n1,20,3\r\n2,10,4\r\n", "1;10;5\n1;20;3\n2;10;4",
        "1|10|5\n1|20|3\n2|10|4\n", "1, 10, 5\n1, 20, 3\n2, 10, 4\n",
        "\xef\xbb\xbf"
        "1,10,5\n1,20,3\n2,10,4\n",
        "# from a colleague\n% 2 users\n\n1,10,5\n1,20,3\n2,10,4\n\n"}) {
    const Table table = read_bytes_as_table(text);
    EXPECT_EQ(table.layout, Table::Layout::triplets) << text;
    EXPECT_EQ(cells(table), expected) << text;
  }
}

TEST(Triplets, KeepIdsAsLabelsWhateverTheyLookLike) {
  const Table table = read_bytes_as_table(
      "user,item,rating\n7,a,1\n007,\"b, the second\",2\n99999999999999999999,\"say "
      "\"\"hi\"\"\",3\n-5,größe,4\n+7,a,5\n");
  EXPECT_EQ(table.rows.kind(), Axis::Kind::strings);
  EXPECT_THAT(names(table.rows), ElementsAre("7", "007", "99999999999999999999", "-5", "+7"));
  EXPECT_THAT(names(table.columns), ElementsAre("a", "b, the second", "say \"hi\"", "größe"));
  EXPECT_EQ(table.rows.find("007"), 1);
  EXPECT_EQ(table.columns.find("größe"), 3);
  EXPECT_EQ(table.columns.find("c"), std::nullopt);
}

TEST(Triplets, KeepTheSmallestAndLargestIntegerIds) {
  const Table table = read_bytes_as_table("user,item,rating\n-9223372036854775808,9223372036854775807,1\n0,0,2\n");
  EXPECT_EQ(table.rows.kind(), Axis::Kind::integers);
  EXPECT_THAT(names(table.rows), ElementsAre("-9223372036854775808", "0"));
  EXPECT_THAT(names(table.columns), ElementsAre("9223372036854775807", "0"));
}

TEST(Triplets, TakeTheColumnsThatAreNamed) {
  const std::string text = "when,who,stars,what,sure\n1,ann,5,dune,0.5\n2,bob,3,dune,2\n";
  for (const char* columns : {"who,what,stars", "2,4,3", " who , 4, stars"}) {
    const Table table = read_bytes_as_table(text, {.columns = columns, .weight = "sure"});
    EXPECT_THAT(names(table.rows), ElementsAre("ann", "bob"));
    EXPECT_EQ(cells(table), "5\n3\n");
    EXPECT_THAT(table.weight, ElementsAre(0.5f, 2.f));
    EXPECT_EQ(table.value_title, "stars");
  }
}

TEST(Triplets, WithRowAndColumnSwappedInTheHeaderAreTurnedAround) {
  const Table table = read_bytes_as_table("col,row,value\n1,7,5\n2,7,4\n");
  EXPECT_THAT(names(table.rows), ElementsAre("7"));
  EXPECT_EQ(cells(table), "5 4\n");
}

TEST(Triplets, WithoutValuesGetTheValueOneAndAWarning) {
  const Table table = read_bytes_as_table("user,item\na,x\nb,y\n");
  EXPECT_EQ(cells(table), "1 .\n. 1\n");
  EXPECT_TRUE(any_contains(table.warnings, "value 1"));
}

TEST(Triplets, DoNotTakeATimestampForAValueButAWeightWhereNothingElseIsLeft) {
  EXPECT_EQ(cells(read_bytes_as_table("user,item,timestamp\na,x,100\nb,x,200\n")), "1\n1\n");
  EXPECT_EQ(cells(read_bytes_as_table("user,item,weight\na,x,3\nb,x,4\n")), "3\n4\n");
}

TEST(Triplets, TreatMissingValuesAsHolesAndSaySo) {
  const Table table =
      read_bytes_as_table("user,item,rating\na,x,1\na,y,NaN\nb,x,\nb,y,2\nc,x,-1\nc,y,3\n", {.missing = "-1"});
  EXPECT_EQ(cells(table), "1 .\n. 2\n. 3\n");
  EXPECT_TRUE(any_contains(table.warnings, "3 line(s) have no value, the first is line 3"));
}

TEST(Triplets, OccurringTwiceWithTheSameValueAreKeptOnce) {
  const Table table = read_bytes_as_table("user,item,rating\na,x,1\nb,x,2\na,x,1\n");
  EXPECT_EQ(cells(table), "1\n2\n");
  EXPECT_TRUE(any_contains(table.warnings, "1 observation(s) repeat an earlier one"));
}

TEST(Triplets, OccurringTwiceAreAveragedOrTheLastIsKeptOnRequest) {
  const std::string text = "user,item,rating\na,x,1\nb,x,2\na,x,4\n";
  EXPECT_EQ(cells(read_bytes_as_table(text, {.duplicates = ReadOptions::Duplicates::mean})), "2.5\n2\n");
  EXPECT_EQ(cells(read_bytes_as_table(text, {.duplicates = ReadOptions::Duplicates::last})), "4\n2\n");
}

TEST(Triplets, OccurringTwiceWithWeightsAreAveragedByWeightAndTheirPrecisionsAddUp) {
  const Table table = read_bytes_as_table("user,item,rating,w\na,x,1,3\na,x,5,1\n",
                                          {.weight = "w", .duplicates = ReadOptions::Duplicates::mean});
  EXPECT_EQ(cells(table), "2\n");
  EXPECT_THAT(table.weight, ElementsAre(4.f));
}

TEST(DenseText, KeepsNamesAndHoles) {
  const Table table = read_bytes_as_table("name,a,b,c\nx,1.5,,3\ny,NA,2,?\n");
  EXPECT_EQ(table.layout, Table::Layout::dense);
  EXPECT_THAT(names(table.rows), ElementsAre("x", "y"));
  EXPECT_THAT(names(table.columns), ElementsAre("a", "b", "c"));
  EXPECT_EQ(table.rows.title, "name");
  EXPECT_EQ(cells(table), "1.5 . 3\n. 2 .\n");
}

TEST(DenseText, KnowsEveryWordForAHole) {
  const Table table =
      read_bytes_as_table("a,b,c\n1,NA,2\nn/a,3,NaN\nnull,4,None\n?,5,.\n-,6,<NA>\n#N/A,7,missing\n1,,nil\n");
  EXPECT_EQ(cells(table), "1 . 2\n. 3 .\n. 4 .\n. 5 .\n. 6 .\n. 7 .\n1 . .\n");
}

TEST(DenseText, KeepsRowsAndColumnsWithoutObservationsAndWarns) {
  const Table table = read_bytes_as_table("a,b,c\n1.5,,2\n,,\n3,,4\n");
  EXPECT_EQ(cells(table), "1.5 . 2\n. . .\n3 . 4\n");
  EXPECT_TRUE(any_contains(table.warnings, "1 row(s) have no observation, the first is 2"));
  EXPECT_TRUE(any_contains(table.warnings, "1 column(s) have no observation, the first is b"));
}

TEST(DenseText, AsRAndPandasWriteItHasRowNames) {
  const Table r = read_bytes_as_table("a b\nx 1.5 2\ny NA 3\n");
  EXPECT_THAT(names(r.rows), ElementsAre("x", "y"));
  EXPECT_EQ(cells(r), "1.5 2\n. 3\n");
  const Table pandas = read_bytes_as_table(",a,b\n0,1.5,2\n1,,3\n");
  EXPECT_THAT(names(pandas.rows), ElementsAre("0", "1"));
  EXPECT_EQ(cells(pandas), "1.5 2\n. 3\n");
}

TEST(DenseText, WithYearsAsHeaderIsUnderstood) {
  const Table table = read_bytes_as_table("country,2001,2002,2003\nA,1.5,2,3\nB,4,,6\n");
  EXPECT_THAT(names(table.columns), ElementsAre("2001", "2002", "2003"));
  EXPECT_EQ(table.columns.kind(), Axis::Kind::integers);
  EXPECT_EQ(cells(table), "1.5 2 3\n4 . 6\n");
}

TEST(DenseText, ReadsOnlyTheColumnsAskedFor) {
  const Table table =
      read_bytes_as_table("date,city,t,h\nd1,X,1.5,2\nd2,Y,3,4\n", {.format = Format::dense, .columns = "t,h"});
  EXPECT_THAT(names(table.columns), ElementsAre("t", "h"));
  EXPECT_THAT(names(table.rows), ElementsAre("d1", "d2"));
  EXPECT_EQ(cells(table), "1.5 2\n3 4\n");
}

TEST(DenseText, LeavesOutTheEmptyColumnThatATrailingDelimiterMakes) {
  EXPECT_EQ(cells(read_bytes_as_table("a,b,\n1.5,2,\n3,,\n")), "1.5 2\n3 .\n");
  EXPECT_EQ(cells(read_bytes_as_table("a,b\n1.5,2,\n3,,\n")), "1.5 2\n3 .\n");
}

TEST(DenseText, OfOneColumnKeepsBlankLinesAsHoles) {
  EXPECT_EQ(cells(read_bytes_as_table("x\n1.5\n\n2\n", {.format = Format::dense})), "1.5\n.\n2\n");
}

TEST(DenseText, RepeatedNamesStaySeparateWithAWarning) {
  const Table table = read_bytes_as_table("a,a,b\n1.5,2,3\n4,5,6\n");
  EXPECT_EQ(table.num_columns(), 3);
  EXPECT_TRUE(any_contains(table.warnings, "1 column name(s) occur more than once, the first is 'a'"));
}

TEST(Numbers, AreTheNearestDoubleInEveryNotation) {
  const Table table = read_bytes_as_table(
      "a,b,c,d\n0.1,1e-3,+2.5,-.5\n123456789012345678,1E5,5.,1e-400\n0.30000000000000004,-0,00.5,1e+2\n");
  EXPECT_THAT(table.value,
              ElementsAre(0.1, 1e-3, 2.5, -.5, 123456789012345678., 1e5, 5., 0., 0.30000000000000004, 0., .5, 100.));
}

TEST(Stream, CutsLongFilesIntoWholeLines) {  // gzip has no size to map: it comes in pieces
  const test::Folder folder;
  std::string text = "user,item,rating\n";
  for (int i = 0; i < 300'000; ++i) text += fmt::format("u{},{},{}\n", i / 3, i % 3, i);
  test::write_bytes(folder / "a.csv", text);
  ASSERT_EQ(std::system(("gzip -k " + (folder / "a.csv")).c_str()), 0);
  const Table plain = read_table(folder / "a.csv"), packed = read_table(folder / "a.csv.gz");
  EXPECT_EQ(plain.num_observed(), 300'000);
  EXPECT_EQ(plain.value, packed.value);
  EXPECT_EQ(plain.column, packed.column);
  EXPECT_EQ(names(plain.rows), names(packed.rows));
}

}  // namespace
}  // namespace rankflow
