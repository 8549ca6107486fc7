// Writers of arrays: what is written reads back the same, observed values to the last bit, and a full disk leaves
// nothing. SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <csignal>

#include "rankflow/rng.h"
#include "rankflow/write_tensor.h"
#include "support/tensors.h"

namespace rankflow {
namespace {

using test::Folder;
using test::message;
using test::names;
using test::observations;
using test::read_bytes_as_tensor;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::array kDense = {"a.npy", "a.npy.gz", "a.npz", "a.mat", "a.h5"};

// Every second cell or so, with long expansions.
Tensor with_holes(const std::vector<Index>& shape) {
  Tensor tensor;
  tensor.layout = Tensor::Layout::dense;
  Index cells = 1;
  for (const Index size : shape) {
    tensor.modes.push_back(Axis::positions(size));
    cells *= size;
  }
  tensor.index.resize(shape.size());
  for (Index k = 0; k < cells; ++k) {
    Rng rng(3, k);
    if (k > 0 && rng.uniform() < 0.5) continue;
    Index rest = k;
    for (std::size_t n = shape.size(); n-- > 0;) {
      tensor.index[n].push_back(static_cast<std::int32_t>(rest % shape[n]));
      rest /= shape[n];
    }
    tensor.value.push_back(rng.normal() * std::pow(10.0, static_cast<double>(k % 30) - 15));
  }
  return tensor;
}

TEST(ArrayWriters, GiveBackObservedCellsAndHoles) {
  const Folder folder;
  for (const std::vector<Index>& shape :
       {std::vector<Index>{7}, {3, 4}, {3, 1, 5}, {2, 3, 4, 5}, {2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 3}}) {
    const Tensor before = with_holes(shape);
    for (const char* name : kDense) {
      write_tensor(folder / name, before);
      const Tensor after = read_tensor(folder / name);
      after.validate();
      EXPECT_EQ(after.value, before.value) << name;
      // MATLAB knows no order 1.
      if (shape.size() == 1 && std::string(name) == "a.mat") {
        EXPECT_THAT(after.shape(), ElementsAre(7, 1));
        continue;
      }
      EXPECT_EQ(after.shape(), shape) << name;
      EXPECT_EQ(after.index, before.index) << name;
      EXPECT_EQ(after.holes, "NaN") << name;
    }
  }
}

TEST(ArrayWriters, FillEveryHoleWithItsOwnCell) {
  const Folder folder;
  const Tensor like = with_holes({3, 4, 5});
  const TensorCell fill = [](std::span<const std::int32_t> at) { return 100.0 * at[0] + 10.0 * at[1] + at[2] + 0.25; };
  for (const char* name : kDense) {
    write_dense(folder / name, like, fill);
    const Tensor after = read_tensor(folder / name);
    ASSERT_EQ(after.num_observed(), 60) << name;
    for (Index k = 0, seen = 0; k < 60; ++k) {
      const std::array<std::int32_t, 3> at = {after.index[0][k], after.index[1][k], after.index[2][k]};
      const bool observed = seen < like.num_observed() && like.index[0][seen] == at[0] &&
                            like.index[1][seen] == at[1] && like.index[2][seen] == at[2];
      EXPECT_EQ(after.value[k], observed ? like.value[seen] : fill(at)) << name;
      seen += observed;
    }
    write_dense(folder / name, like, fill, {.keep_observed = false});
    EXPECT_EQ(read_tensor(folder / name).value[0], 0.25) << name;
  }
}

TEST(ArrayWriters, WriteLargeArraysInOrder) {
  const Folder folder;
  for (const std::vector<Index>& shape : {std::vector<Index>{3, 700, 1, 1000}, {2'500'001}, {2, 1'100'000}}) {
    Tensor like = with_holes({1});
    like.modes.clear();
    for (const Index size : shape) like.modes.push_back(Axis::positions(size));
    like.index.assign(shape.size(), {0});
    double next = 0;
    write_dense(folder / "a.h5", like, [&](std::span<const std::int32_t>) { return ++next; });
    const Tensor after = read_tensor(folder / "a.h5");
    EXPECT_EQ(after.shape(), shape);
    bool in_order = true;
    for (Index k = 1; k < after.num_observed(); ++k) in_order = in_order && after.value[k] == static_cast<double>(k);
    EXPECT_TRUE(in_order);
  }
}

TEST(ArrayWriters, SayWhatAFormatCannotHold) {
  Tensor like = with_holes({1});
  like.modes.assign(33, Axis::positions(1));
  like.index.assign(33, {0});
  const Folder folder;
  EXPECT_THROW(write_dense(folder / "a.h5", like), OptionError);
  like.modes.assign(3, Axis::positions(1000));
  like.index.assign(3, {0});
  EXPECT_THROW(write_dense(folder / "a.mat", like), OptionError);
  like.modes.assign(9, Axis::positions(1'000'000));
  like.index.assign(9, {0});
  EXPECT_THROW(write_dense(folder / "a.npy", like), OptionError);
  EXPECT_THROW(write_dense(folder / "a.xyz", like), OptionError);
  EXPECT_THROW(write_dense(folder / "a.h5.gz", like), OptionError);
  EXPECT_THROW(write_cells(folder / "a.npy", like), OptionError);
  EXPECT_THAT(folder.files(), ElementsAre());
}

TEST(CellWriters, GiveBackIdsTitlesWeightsAndEveryBit) {
  const Folder folder;
  std::string text = "who,\"what, exactly\",when,score,w\n";
  const char* ids[] = {"plain", "\"with, comma\"", "\"say \"\"hi\"\"\"", "größe", "\"#hash\"", "\" edge \"", "007"};
  for (int k = 0; k < 200; ++k)
    text += fmt::format("{},{},{},{},{}\n", ids[k % 7], k + 5, ids[k % 6], 1 / (k + 3.0), k + 1);
  TensorReadOptions options;
  options.table.columns = "who,\"what, exactly\",when,score";
  options.table.columns = "1,2,3,4";
  options.table.weight = "w";
  const Tensor before = read_bytes_as_tensor(text, options);
  options.table.weight = "weight";
  for (const char* name : {"a.csv", "a.tsv", "a.csv.gz", "a.npz"}) {
    write_tensor(folder / name, before);
    const bool npz = std::string(name) == "a.npz";
    const Tensor after = read_tensor(folder / name, npz ? TensorReadOptions{} : options);
    EXPECT_EQ(after.value.size(), before.value.size()) << name;
    for (Index n = 0; n < 3; ++n) EXPECT_EQ(after.modes[n].title, before.modes[n].title) << name;
    EXPECT_EQ(after.value_title, "score");
    // Text is numbered by first appearance: the lines are sorted now, so compare names and not positions.
    std::map<std::string, std::pair<double, float>> cells;
    for (Index k = 0; k < before.num_observed(); ++k) {
      std::string cell;
      for (Index n = 0; n < 3; ++n) cell += before.modes[n].name(before.index[n][k]) + "\n";
      cells[cell] = {before.value[k], before.weight[k]};
    }
    for (Index k = 0; k < after.num_observed(); ++k) {
      std::string cell;
      for (Index n = 0; n < 3; ++n) cell += after.modes[n].name(after.index[n][k]) + "\n";
      ASSERT_EQ(cells.count(cell), 1u) << name << ": " << cell;
      EXPECT_EQ(cells[cell], std::pair(after.value[k], after.weight[k])) << name;
    }
  }
  EXPECT_THROW(write_tensor(folder / "a.tns", before), OptionError);  // it has no weights
}

TEST(CellWriters, WritePositionsFromOneIntoTns) {
  const Folder folder;
  const Tensor before = with_holes({3, 4, 2, 2});
  write_tensor(folder / "a.tns", before);
  const Tensor after = read_tensor(folder / "a.tns");
  EXPECT_EQ(after.index, before.index);
  EXPECT_EQ(after.value, before.value);
}

TEST(CellWriters, WriteAllCellsWithIdsAndDigits) {
  const Folder folder;
  const Tensor like = read_bytes_as_tensor("a,b,c,v\nx,7,p,0.123456789\ny,9,p,2\n");
  write_dense(folder / "a.csv", like, [](std::span<const std::int32_t> at) { return at[0] == 0 ? kNaN : 1.0 / 3; },
              {.digits = 3});
  EXPECT_EQ(test::read_bytes(folder / "a.csv"), "a,b,c,v\nx,7,p,0.123456789\ny,7,p,0.333\ny,9,p,2\n");
}

TEST(CellWriters, WriteTheCellsThatAreAskedFor) {
  const Folder folder;
  const Tensor names = read_bytes_as_tensor("a,b,c,v\nx,7,p,1\ny,9,p,2\n");
  const TensorEntries wanted = {{{1, 0}, {0, 1}, {0, 0}}, {2.5, kNaN}, {}};
  write_cells(folder / "a.csv", names, wanted);
  EXPECT_EQ(test::read_bytes(folder / "a.csv"), "a,b,c,v\ny,7,p,2.5\nx,9,p,\n");
  write_cells(folder / "a.tns", names, wanted);
  EXPECT_EQ(test::read_bytes(folder / "a.tns"), "2 1 1 2.5\n1 2 1 nan\n");
}

// While it lives, files cannot grow beyond a size, as on a full disk.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t bytes) : signal_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small = {bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, signal_);
  }

 private:
  rlimit before_{};
  void (*signal_)(int);
};

TEST(ArrayWriters, LeaveTheOldFileWhenTheDiskIsFull) {
  const Folder folder;
  const Tensor like = with_holes({50, 40, 30});
  for (const char* name : {"a.npy", "a.npz", "a.mat", "a.h5", "a.csv", "a.tns"}) {
    test::write_bytes(folder / name, "old");
    {
      const SmallDisk disk(20'000);
      EXPECT_THAT(message([&] {
                    write_dense(folder / name, like, [](auto at) { return std::sqrt(1.0 + at[0] + 7 * at[2]); });
                  }),
                  HasSubstr(std::string(name) + ": cannot write: File too large"));
    }
    EXPECT_EQ(test::read_bytes(folder / name), "old") << name;
    EXPECT_EQ(folder.files(), std::vector<std::string>{name});
    std::filesystem::remove(folder / name);
  }
}

TEST(ArrayWriters, NameTheFolderThatIsMissing) {
  const Folder folder;
  const Tensor like = with_holes({2, 2, 2});
  for (const char* name : {"none/a.npy", "none/a.npz", "none/a.mat", "none/a.h5", "none/a.csv"})
    EXPECT_THAT(message([&] { write_dense(folder / name, like); }),
                HasSubstr(std::string(name) + ": cannot write: No such file or directory"));
}

TEST(ArrayWriters, FollowALinkToADevice) {
  const Folder folder;
  const Tensor like = with_holes({20, 20, 20});
  for (const char* name : {"a.npy", "a.npz", "a.mat", "a.h5", "a.csv"}) {
    std::filesystem::create_symlink("/dev/full", folder / name);
    EXPECT_THAT(message([&] { write_dense(folder / name, like); }),
                HasSubstr(std::string(name) + ": cannot write: No space left on device"));
  }
}

}  // namespace
}  // namespace rankflow
