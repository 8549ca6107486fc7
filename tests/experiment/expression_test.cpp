// Expressions over recorded series, against values counted by hand.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "rankflow/error.h"

namespace rankflow {
namespace {

using experiment::evaluate;
using experiment::evaluate_records;
using experiment::RunView;
using testing::ElementsAre;
using testing::HasSubstr;

// x falls 8, 4, 1, 2; loss falls from 1.
const Trajectory kSeries{{"iteration", "time", "loss", "x", "entry:0,0"},
                         {{0, 0, 1, 8, -1}, {10, 1, 0.1, 4, -2}, {20, 2, 0.01, 1, -3}, {30, 3, 1e-3, 2, -4}}};
const RunView kRun{&kSeries, {{"depth", 3}, {"scale", 1e-3}}};

TEST(Expression, MakesOneNumberOfASeries) {
  EXPECT_EQ(evaluate("first(x)", kRun), 8);
  EXPECT_EQ(evaluate("last(x)", kRun), 2);
  EXPECT_EQ(evaluate("lowest(x)", kRun), 1);
  EXPECT_EQ(evaluate("highest(x, iteration > 5)", kRun), 4);
  EXPECT_EQ(evaluate("where_lowest(x)", kRun), 20);
  EXPECT_EQ(evaluate("at(x, loss <= 1e-2)", kRun), 1);
  EXPECT_EQ(evaluate("last_at(x, loss > 5e-3)", kRun), 1);
  EXPECT_EQ(evaluate("records(loss < 0.5)", kRun), 3);
  EXPECT_EQ(evaluate("largest_rise(x)", kRun), 1);
  EXPECT_EQ(evaluate("largest_fall(x)", kRun), 7);
  EXPECT_EQ(evaluate("largest_fall(x, iteration >= where_lowest(x))", kRun), 0);
  EXPECT_EQ(evaluate("falls_to(x, 6)", kRun), 5);
}

TEST(Expression, CombinesThemWithNumbersOfTheRun) {
  EXPECT_DOUBLE_EQ(evaluate("depth * last(x) / first(x) + 1e-3", kRun), 0.751);
  EXPECT_DOUBLE_EQ(evaluate("highest(abs(entry_0_0) * sqrt(2 * loss), loss < 0.5)", kRun), 2 * std::sqrt(0.2));
}

TEST(Expression, GivesOneNumberARecord) {
  EXPECT_THAT(evaluate_records("x / lowest(x)", kRun), ElementsAre(8, 4, 1, 2));
}

TEST(Expression, WhatIsNeverReachedIsNotANumber) {
  EXPECT_TRUE(std::isnan(evaluate("at(x, loss < 1e-9)", kRun)));
}

std::string complaint(const std::string& expression) {
  try {
    evaluate(expression, kRun);
  } catch (const OptionError& error) {
    return error.what();
  }
  return "";
}

TEST(Expression, ComplaintsNameTheExpressionAndTheClosestName) {
  EXPECT_THAT(complaint("last(los)"), AllOf(HasSubstr("last(los)"), HasSubstr("did you mean 'loss'?")));
  EXPECT_THAT(complaint("loss"), AllOf(HasSubstr("is a series"), HasSubstr("last(loss)")));
  EXPECT_THAT(complaint("at(x)"), HasSubstr("takes (x, condition), found 1 arguments"));
  EXPECT_THAT(complaint("last(x"), HasSubstr("not closed"));
  EXPECT_THAT(complaint("last(x) +"), HasSubstr("cannot be read"));
}

TEST(Expression, WhatWouldEndTheParserIsRefused) {
  const std::string deep = std::string(500, '(') + "1" + std::string(500, ')');
  EXPECT_THROW(evaluate(deep, kRun), OptionError);
  std::string nested = "x";
  for (int k = 0; k < 80; ++k) nested = "first(" + nested + ")";
  EXPECT_THROW(evaluate(nested, kRun), OptionError);
  EXPECT_THROW(evaluate(std::string(5000, '1'), kRun), OptionError);
  EXPECT_THROW(evaluate("last(x), first(x)", kRun), OptionError);
  EXPECT_THROW(evaluate("last(x", kRun), OptionError);
  EXPECT_THROW(evaluate("last(x))", kRun), OptionError);
  EXPECT_THROW(evaluate("", kRun), OptionError);
}

TEST(Expression, ExponentsAreNoNames) {
  EXPECT_THAT(experiment::names_in("1e-3*x + 2.5E+4 - depth_2"), ElementsAre("depth_2", "x"));
}

}  // namespace
}  // namespace rankflow
