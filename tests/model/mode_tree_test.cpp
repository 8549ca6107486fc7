// Mode trees: text comes back as it went in, rules make the published trees, and wrong text is explained.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/mode_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rankflow/error.h"
#include "support/tree_models.h"

namespace rankflow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ModeTree, PerfectTreesPoolNeighbours) {
  EXPECT_EQ(ModeTree::perfect(4).text(), "((0,1),(2,3))");
  EXPECT_EQ(ModeTree::perfect(5).text(), "(((0,1),(2,3)),((4)))");
  EXPECT_EQ(ModeTree::perfect(6, 3).text(), "((0,1,2),(3,4,5))");
  EXPECT_EQ(ModeTree::perfect(4, 4).text(), "(0,1,2,3)");
  EXPECT_EQ(ModeTree::perfect(1).text(), "(0)");
}

TEST(ModeTree, HalvesPoolOppositeNodesOnEveryLevel) {
  EXPECT_EQ(ModeTree::halves(4).text(), "((0,2),(1,3))");
  EXPECT_EQ(ModeTree::halves(5).text(), "(((0,3),(2)),((1,4)))");
  EXPECT_EQ(ModeTree::halves(8).text(), "(((0,4),(2,6)),((1,5),(3,7)))");
}

TEST(ModeTree, TextComesBackAsTheSameTree) {
  for (const test::TreeCase& which : test::all_trees()) {
    SCOPED_TRACE(which.name);
    const ModeTree again = ModeTree::parse(which.tree.text(), which.tree.order);
    EXPECT_EQ(again.text(), which.tree.text());
    EXPECT_EQ(again.children, which.tree.children);
    EXPECT_EQ(again.parent, which.tree.parent);
  }
  EXPECT_EQ(ModeTree::parse(" ( (1, 0) ,2 )\n", 3).text(), "((1,0),2)");
}

TEST(ModeTree, NodesAreNumberedByHeightThenFromLeftToRight) {
  const ModeTree tree = ModeTree::parse("(((0,1),2),(3,4))", 5);
  EXPECT_THAT(tree.children[5], ElementsAre(0, 1));
  EXPECT_THAT(tree.children[6], ElementsAre(3, 4));
  EXPECT_THAT(tree.children[7], ElementsAre(5, 2));
  EXPECT_THAT(tree.children[8], ElementsAre(7, 6));
  EXPECT_THAT(tree.parent, ElementsAre(5, 5, 7, 6, 6, 7, 8, 8, -1));
  EXPECT_EQ(tree.root(), 8);
  EXPECT_EQ(tree.num_inner(), 4);
  EXPECT_THAT(ModeTree::parse("((4,(0)),3,(1,(5,2)))", 6).modes(9), ElementsAre(1, 2, 5));
}

std::string complaint(const std::string& text, Index order) {
  try {
    ModeTree::parse(text, order);
  } catch (const OptionError& error) {
    return error.what();
  }
  return "none";
}

TEST(ModeTree, WrongTextIsExplained) {
  EXPECT_THAT(complaint("((0,1),(2,3)", 4), HasSubstr("character 13: found the end, expected \",\" or \")\""));
  EXPECT_THAT(complaint("0,1", 2), HasSubstr("character 1: found \"0\", expected \"(\""));
  EXPECT_THAT(complaint("", 2), HasSubstr("character 1: found the end, expected \"(\""));
  EXPECT_THAT(complaint("((0,1),(2,4))", 4),
              HasSubstr("character 11: found mode 4, expected \"(\" or a mode from 0 to 3"));
  EXPECT_THAT(complaint("(0,99999999999999999999999)", 4), HasSubstr("found mode 99999999999999999999999"));
  EXPECT_THAT(complaint("((0,1),(2,1))", 4), HasSubstr("character 11: found mode 1 again, expected each mode once"));
  EXPECT_THAT(complaint("((0,1),2)", 4), HasSubstr("mode 3 is missing"));
  EXPECT_THAT(complaint("(0,(),1)", 2), HasSubstr("character 5: found \")\", expected \"(\" or a mode"));
  EXPECT_THAT(complaint("(0,1))", 2), HasSubstr("character 6: found \")\", expected the end"));
  EXPECT_THAT(complaint("(0 1)", 2), HasSubstr("character 4: found \"1\", expected \",\" or \")\""));
  EXPECT_THAT(complaint("(0,1) x", 2), HasSubstr("character 7: found \"x\", expected the end"));
  EXPECT_THAT(complaint("(0,-1)", 2), HasSubstr("character 4: found \"-\""));
  EXPECT_THAT(complaint("(0,1)", 0), HasSubstr("found order 0"));
  EXPECT_THAT(complaint("(0,1", 2), HasSubstr("e.g. (0,1)"));
  EXPECT_THROW(ModeTree::perfect(4, 1), OptionError);
}

}  // namespace
}  // namespace rankflow
