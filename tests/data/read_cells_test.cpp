// Lists of cells that somebody wants predicted.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/read_cells.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rankflow/error.h"
#include "support/files.h"

namespace rankflow {
namespace {

using Cells = std::vector<std::vector<std::string>>;

Cells cells_of(const std::string& text) {
  const test::Folder folder;
  test::write_bytes(folder / "cells.csv", text);
  Axis user = Axis::integers({4, 7}), place = Axis::strings({"x", "y, z"}), hour = Axis::positions(24);
  user.title = "user";
  place.title = "place";
  CellReader reader(folder / "cells.csv", {&user, &place, &hour}, {"mode_1", "mode_2", "mode_3"});
  Cells cells;
  std::vector<std::string_view> names;
  while (reader.next(names)) cells.emplace_back(names.begin(), names.end());
  EXPECT_EQ(reader.count(), static_cast<Index>(cells.size()));
  return cells;
}

TEST(CellReader, ReadsColumnsInTheOrderOfTheModesOrOfTheHeader) {
  const Cells expected = {{"4", "x", "0"}, {"7", "y, z", "23"}};
  EXPECT_EQ(cells_of("4,x,0\n7,\"y, z\",23\n"), expected);
  EXPECT_EQ(cells_of("4,x,0,1.5\n7,\"y, z\",23,2\n"), expected);
  EXPECT_EQ(cells_of("user,place,mode_3,value\n4,x,0,1.5\n7,\"y, z\",23,2\n"), expected);
  EXPECT_EQ(cells_of("mode_3;value;place;user\n0;1.5;x;4\n23;2;y, z;7\n"), expected);
  EXPECT_EQ(cells_of("# asked\n\nuser\tplace\thour\n4\tx\t0\n7\ty, z\t23\n"), expected);
  EXPECT_EQ(cells_of(""), Cells{});
}

TEST(CellReader, ALineWithTooFewFieldsIsAnErrorWithItsNumber) {
  for (const char* text : {"4,x\n", "4,x,1\n7\n", "mode_3,user,place\n3,4\n"}) {
    try {
      cells_of(text);
      FAIL() << text;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("expected 3 names: user, place, mode_3")) << text;
    }
  }
}

TEST(CellReader, AHeaderThatNamesOnlySomeModesOrOneTwiceIsAnError) {
  for (const char* text : {"user,hours,value\n4,x,0\n", "place,user,other\n4,x,0\n", "user,user,place\n4,x,0\n",
                           "user,place,mode_3,user\n4,x,0,4\n", "mode_2,mode_1,other\n4,x,0\n"}) {
    try {
      cells_of(text);
      FAIL() << text;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("cells.csv:1: the header ")) << text;
    }
  }
  EXPECT_EQ(cells_of("4,hours,0\n").size(), 1u);   // an unknown id, no header
  EXPECT_EQ(cells_of("9,place,23\n").size(), 1u);  // an id that is called as a mode is, beside a known one
}

}  // namespace
}  // namespace rankflow
