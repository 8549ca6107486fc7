// Axes and the laws of a table.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rankflow/error.h"
#include "rankflow/summary.h"
#include "support/tables.h"

namespace rankflow {
namespace {

TEST(Axis, FindsEveryNameAndNoOther) {
  const Axis positions = Axis::positions(5, 1);
  EXPECT_EQ(positions.name(0), "1");
  EXPECT_EQ(positions.find("5"), 4);
  for (const char* absent : {"0", "6", "", "x", "01", "-1"}) EXPECT_EQ(positions.find(absent), std::nullopt) << absent;

  const Axis integers = Axis::integers({50, -3, 7, -3});
  EXPECT_EQ(integers.find("-3"), 1);  // the first of two
  EXPECT_EQ(integers.find("8"), std::nullopt);
  EXPECT_EQ(Axis().find("x"), std::nullopt);
}

TEST(Axis, FindsThousandsOfNames) {
  std::vector<std::string> names;
  for (int i = 0; i < 20'000; ++i) names.push_back(fmt::format("name {}", i * 7919));
  const Axis axis = Axis::strings(names);
  for (int i = 0; i < 20'000; ++i) ASSERT_EQ(axis.find(names[i]), i);
  EXPECT_EQ(axis.find("name 1"), std::nullopt);
}

TEST(Axis, KeepsNamesThatOnlyLookLikeIntegersAsText) {
  EXPECT_EQ(Axis::named({"1", "-2", "0"}).kind(), Axis::Kind::integers);
  for (const char* text : {"007", "+1", "-0", "1.0", "", "9223372036854775808", " 1"})
    EXPECT_EQ(Axis::named({"1", text}).kind(), Axis::Kind::strings) << text;
}

TEST(Table, RefusesWhatBreaksItsLaws) {
  const Table good = test::read_bytes_as_table("a,b\n1.5,2\n,3\n");
  const auto broken = [&](auto change) {
    Table table = good;
    change(table);
    EXPECT_THROW(table.validate(), InternalError);
  };
  broken([](Table& t) { t.value[0] = kNaN; });
  broken([](Table& t) { t.column[1] = 0; });
  broken([](Table& t) { t.column[2] = 2; });
  broken([](Table& t) { t.row_begin.back() = 2; });
  broken([](Table& t) { t.weight = {1, 1, 0}; });
  broken([](Table& t) { t.rows = Axis::positions(3); });
}

TEST(Summary, CountsByHand) {
  const TableSummary summary = summarize(test::read_bytes_as_table("a,b,c\n1,2,\n,,\n3,,\n5,5,\n"));
  EXPECT_EQ(summary.rows.without, 1);
  EXPECT_EQ(summary.rows.least, 0);
  EXPECT_EQ(summary.rows.most, 2);
  EXPECT_EQ(summary.rows.median, 1.5);
  EXPECT_EQ(summary.columns.without, 1);
  EXPECT_EQ(summary.min, 1);
  EXPECT_EQ(summary.max, 5);
  EXPECT_NEAR(summary.mean, 16. / 5, 1e-14);
  EXPECT_EQ(summary.num_distinct, 4);
  EXPECT_EQ(summary.step, 1);
}

TEST(Summary, SeesColumnsWithDifferentUnits) {
  std::string text = "a,b\n";
  for (int i = 0; i < 20; ++i) text += fmt::format("{},{}.5\n", i * 1000, i % 3);
  EXPECT_TRUE(summarize(test::read_bytes_as_table(text)).mixed_units);
}

}  // namespace
}  // namespace rankflow
