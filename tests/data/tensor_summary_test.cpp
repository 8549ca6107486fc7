// What is said about an array: counts by mode, values, suspicions, as text and as JSON.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/tensor_summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/shared_data.h"
#include "support/tensors.h"

namespace rankflow {
namespace {

using test::any_contains;
using test::read_bytes_as_tensor;
using testing::HasSubstr;

TEST(TensorSummary, CountsByModeAndDescribesValues) {
  const Tensor tensor = read_bytes_as_tensor("1 1 1 2\n1 2 3 4\n1 2 1 0\n3 1 1 6\n", {}, "a.tns");
  const TensorSummary summary = summarize(tensor);
  ASSERT_EQ(summary.modes.size(), 3u);
  EXPECT_EQ(summary.modes[0].count, 3);
  EXPECT_EQ(summary.modes[0].without, 1);
  EXPECT_EQ(summary.modes[0].least, 0);
  EXPECT_EQ(summary.modes[0].most, 3);
  EXPECT_EQ(summary.modes[0].median, 1);
  EXPECT_EQ(summary.modes[1].median, 2);
  EXPECT_EQ(summary.min, 0);
  EXPECT_EQ(summary.max, 6);
  EXPECT_EQ(summary.mean, 3);
  EXPECT_DOUBLE_EQ(summary.spread, std::sqrt(5.0));
  EXPECT_EQ(summary.num_zeros, 1);
  EXPECT_EQ(summary.num_distinct, 4);
  EXPECT_TRUE(summary.whole_values);
}

TEST(TensorSummary, SuspectsAnIndexThatIsZeroThroughout) {
  RANKFLOW_REQUIRE_SHARED(path, "traffic/guangzhou_small.npy");
  const TensorSummary summary = summarize(read_tensor(path));
  ASSERT_EQ(summary.suspicions.size(), 1u);
  EXPECT_THAT(summary.suspicions[0], HasSubstr("1 of the 50 indices of mode 2 are 0 (the first is 47)"));
  TensorReadOptions options;
  options.table.missing = "0";
  EXPECT_TRUE(summarize(read_tensor(path, options)).suspicions.empty());
}

TEST(TensorSummary, DoesNotSuspectCounts) {
  RANKFLOW_REQUIRE_SHARED(path, "traffic/nyc_taxi.npy");
  const TensorSummary summary = summarize(read_tensor(path));
  EXPECT_TRUE(summary.suspicions.empty());
  EXPECT_EQ(summary.num_distinct, 244);  // numpy.unique
}

TEST(TensorSummary, IsSaidInTextAndInJson) {
  const Tensor tensor = read_bytes_as_tensor("who,what,when,score\nann,x,3,1.5\nbob,y,1,2\nann,y,3,4\n");
  const TensorSummary summary = summarize(tensor);
  const std::string text = summary_text(tensor, summary);
  EXPECT_THAT(text, HasSubstr("test.csv: list of cells separated by comma\n"));
  EXPECT_THAT(text, HasSubstr("shape    2 x 2 x 2, 8 cells, 3 observed (37.5 %)\n"));
  EXPECT_THAT(text, HasSubstr("holes    cells that the list does not name\n"));
  EXPECT_THAT(text, HasSubstr("mode 1   2 names 'who': ann, bob\n"));
  EXPECT_THAT(text, HasSubstr("mode 3   2 integers 'when': 1, 3\n"));
  EXPECT_THAT(text, HasSubstr("observations each: least 1, median 1.5, most 2; without any: 0\n"));
  EXPECT_THAT(text, HasSubstr("values   1.5 to 4, mean 2.5, standard deviation 1.0801, 3 different, not all whole\n"));
  EXPECT_THAT(text, HasSubstr("note: the modes are column 1 'who'"));
  const auto json = nlohmann::json::parse(summary_json(tensor, summary));
  EXPECT_EQ(json["shape"], (std::vector<Index>{2, 2, 2}));
  EXPECT_EQ(json["order"], 3);
  EXPECT_EQ(json["observed"], 3);
  EXPECT_EQ(json["density"], 0.375);
  EXPECT_EQ(json["holes"], "cells that the list does not name");
  EXPECT_EQ(json["modes"][2]["ids"], "integers");
  EXPECT_EQ(json["modes"][0]["title"], "who");
  EXPECT_EQ(json["values"]["max"], 4);
  EXPECT_EQ(json["values"]["integers"], false);
}

}  // namespace
}  // namespace rankflow
