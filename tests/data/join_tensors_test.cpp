// Arrays that come in several files: names decide which index is which, and contradictions are found.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/join_tensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "rankflow/error.h"
#include "rankflow/read_tensor.h"
#include "support/files.h"

namespace rankflow {
namespace {

using test::Folder;
using testing::ElementsAre;
using testing::HasSubstr;

Tensor read(const Folder& folder, const std::string& name, const std::string& text) {
  const std::string path = folder / name;
  std::ofstream(path) << text;
  TensorReadOptions options;
  if (name.ends_with(".csv")) options.table.columns = "a,b,c,y";
  return read_tensor(path, options);
}

JoinedTensor join(const std::vector<const Tensor*>& files) {
  return join_tensors(files);
}

TEST(JoinTensors, MatchesNamesAndAppendsNewOnes) {
  const Folder folder;
  const Tensor train = read(folder, "train.csv", "a,b,c,y\nx,p,u,1\ny,q,u,2\n"),
               test = read(folder, "test.csv", "a,b,c,y\ny,p,v,3\nz,q,u,4\n");
  const JoinedTensor joined = join({&train, &test});
  EXPECT_THAT(joined.tensor.shape(), ElementsAre(3, 2, 2));
  EXPECT_EQ(joined.tensor.modes[0].name(2), "z");
  EXPECT_EQ(joined.tensor.modes[2].name(1), "v");
  EXPECT_THAT(joined.tensor.value, ElementsAre(1, 3, 2, 4));
  EXPECT_THAT(joined.from, ElementsAre(0, 1, 0, 1));
  EXPECT_EQ(joined.tensor.modes[0].title, "a");
  joined.tensor.validate();
}

TEST(JoinTensors, NumbersMeanTheSameWhereverAFileBegins) {
  const Folder folder;
  const Tensor train = read(folder, "train.tns", "1 1 1 1\n2 3 2 1\n"),
               test = read(folder, "test.tns", "0 3 1 5\n");  // counts from 0: the number 3 is still the number 3
  const JoinedTensor joined = join({&train, &test});
  EXPECT_THAT(joined.tensor.shape(), ElementsAre(3, 4, 3));
  EXPECT_EQ(joined.tensor.modes[1].name(joined.tensor.index[1][0]), "3");
  EXPECT_THAT(joined.tensor.value, ElementsAre(5, 1, 1));
}

TEST(JoinTensors, ACellTwiceWithOneValueStaysWithTheFirstFile) {
  const Folder folder;
  const Tensor train = read(folder, "train.tns", "1 1 1 1\n2 3 2 1\n"),
               test = read(folder, "test.tns", "2 3 2 1\n1 2 1 1\n");
  const JoinedTensor joined = join({&train, &test});
  EXPECT_EQ(joined.repeated, 1);
  EXPECT_THAT(joined.from, ElementsAre(0, 1, 0));
}

TEST(JoinTensors, AContradictionNamesBothLines) {
  const Folder folder;
  const Tensor train = read(folder, "train.tns", "1 1 1 1\n2 3 2 7\n"),
               test = read(folder, "test.tns", "1 2 1 1\n1 1 2 1\n2 3 2 8\n");
  try {
    join({&train, &test});
    FAIL() << "expected an InputError";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("test.tns:3: cell (2, 3, 2) is 8 here and 7 in"));
    EXPECT_THAT(error.what(), HasSubstr("train.tns:2"));
  }
}

TEST(JoinTensors, RefusesAnotherOrder) {
  const Folder folder;
  const Tensor train = read(folder, "train.tns", "1 1 1 1\n"), test = read(folder, "test.tns", "1 2 1 1 3\n");
  EXPECT_THROW(join({&train, &test}), InputError);
}

}  // namespace
}  // namespace rankflow
