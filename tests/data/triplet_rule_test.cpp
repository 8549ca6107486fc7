// Which files are triplets and which are tables: the rule of docs/file-formats.md, case by case.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "rankflow/rng.h"
#include "support/tables.h"

namespace rankflow {
namespace {

using Layout = Table::Layout;

Layout layout(const std::string& text) {
  return test::read_bytes_as_table(text).layout;
}

TEST(TripletRule, HeaderWordsDecideInAnySpelling) {
  for (const char* header : {"userId,movieId,rating", "user_id,item_id,rating", "User ID,Item,Stars", "row,col,value",
                             "customer,product,count", "i,j,value", "reviewerID,asin,overall", "USER,ITEM,X"})
    EXPECT_EQ(layout(std::string(header) + "\n1,2,3.5\n1,2,3.5\n"), Layout::triplets) << header;
}

TEST(TripletRule, OtherHeaderWordsOverWholeNumbersMeanATable) {
  for (const char* header : {"height,weight,age", "x,y,z", "user,book,film,game", "systolic,diastolic,pulse"}) {
    std::string text = std::string(header) + "\n";
    const bool four = std::string(header).find("game") != std::string::npos;
    for (int i = 0; i < 20; ++i)
      text += fmt::format("{},{},{}{}\n", 150 + i / 2, 50 + (i * 7) % 13, 20 + i, four ? ",3" : "");
    EXPECT_EQ(layout(text), Layout::dense) << header;
  }
}

TEST(TripletRule, RatingsWithoutHeaderAreTriplets) {
  EXPECT_EQ(layout("1,10,5\n1,11,3\n2,10,4\n"), Layout::triplets);
  EXPECT_EQ(layout("196\t242\t3\t881250949\n186\t302\t3\t891717742\n196\t302\t1\t878887116\n"), Layout::triplets);
  EXPECT_EQ(layout("ann,dune,5\nbob,dune,4\n"), Layout::triplets);
  EXPECT_EQ(layout("ann,7,5\nann,8,4\nbob,7,1\n"), Layout::triplets);
  EXPECT_EQ(layout("2020-01-01,roof,3.5\n2020-01-01,cellar,2.5\n2020-01-02,roof,3.1\n"), Layout::triplets);
}

TEST(TripletRule, MeasurementsAreATable) {
  EXPECT_EQ(layout("1.5,2.5,3.5\n1.6,2.4,3.3\n1.5,2.6,3.1\n"), Layout::dense);
  EXPECT_EQ(layout("ann,34,50000\nbob,41,61000\ncat,34,48000\n"), Layout::dense);  // names in front
  EXPECT_EQ(layout("0,12,7\n1,15,3\n2,12,9\n3,15,8\n"), Layout::dense);            // a line counter in front
  EXPECT_EQ(layout("-1,5,2\n-1,4,3\n2,5,1\n"), Layout::dense);                     // negative
  EXPECT_EQ(layout("1,2,3\n"), Layout::dense);                                     // nothing repeats
  EXPECT_EQ(layout("1,,3\n1,5,2\n2,5,1\n"), Layout::dense);                        // a hole where an id would be
  EXPECT_EQ(layout("1,2\n3,4\n1,4\n"), Layout::dense);                             // two columns
  EXPECT_EQ(layout("1,2,3,4,5,6\n1,3,3,4,5,6\n2,3,3,4,5,6\n"), Layout::dense);     // six columns
}

TEST(TripletRule, SurveyAnswersOnAScaleAreATableBecausePairsRepeat) {
  std::string text;
  for (int i = 0; i < 200; ++i) {
    Rng rng(1, i);
    text += fmt::format("{},{},{}\n", 1 + rng.bits() % 5, 1 + rng.bits() % 5, 1 + rng.bits() % 5);
  }
  EXPECT_EQ(layout(text), Layout::dense);
}

TEST(TripletRule, WideWholeNumbersAreATableBecauseHardlyAnyRepeats) {
  std::string text;
  for (int i = 0; i < 200; ++i) {
    Rng rng(2, i);
    text += fmt::format("{},{},{}\n", rng.bits() % 2000, rng.bits() % 2000, rng.bits() % 2000);
  }
  EXPECT_EQ(layout(text), Layout::dense);
}

TEST(TripletRule, OneDuplicateAmongManyRatingsDoesNotHideThem) {
  std::string text = "1,1,5\n";
  for (int i = 0; i < 200; ++i) text += fmt::format("{},{},5\n", i / 10, i % 10 + 1);
  EXPECT_EQ(layout("1,1,5\n" + text), Layout::triplets);
}

TEST(TripletRule, GivesWayToTheOption) {
  EXPECT_EQ(test::read_bytes_as_table("1.5,2.5,3.5\n1.6,2.4,3.3\n", {.format = ReadOptions::Format::triplets}).layout,
            Layout::triplets);
  EXPECT_EQ(test::read_bytes_as_table("user,item,rating\n1,2,3\n", {.format = ReadOptions::Format::dense}).layout,
            Layout::dense);
}

TEST(TripletRule, IsAlwaysSaidInTheNotes) {
  for (const char* text : {"1,10,5\n1,11,3\n2,10,4\n", "1.5,2.5,3.5\n1.6,2.4,3.3\n"})
    EXPECT_TRUE(test::any_contains(test::read_bytes_as_table(text).notes, ", because "));
}

}  // namespace
}  // namespace rankflow
