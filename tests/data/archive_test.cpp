// Archives: what goes in comes out, NumPy's own files are understood, and no damaged file is believed.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "rankflow/error.h"
#include "support/files.h"

namespace rankflow {
namespace {

using test::Folder;
using test::read_bytes;
using testing::HasSubstr;

Archive sample() {
  Archive archive;
  archive.set("matrix", Matrix(Matrix::Random(3, 4)));
  archive.set("floats", MatrixOf<float>(MatrixOf<float>::Random(2, 5)));
  archive.set("vector", Vector(Vector::LinSpaced(7, 0, 1)));
  archive.set("number", 0.1);
  archive.set("count", std::int64_t{-5});
  archive.set("text", std::string("größe\nzwei"));
  archive.set("names", std::vector<std::string>{"", "a", "größer", "日本", "x\xff"});
  archive.set("bytes", std::vector<std::uint8_t>{1, 255});
  archive.set("ids", std::vector<std::int32_t>{7, -7});
  archive.set("nothing", std::vector<double>{});
  return archive;
}

TEST(Archive, GivesBackWhatWasWrittenStoredOrCompressed) {
  const Folder folder;
  const Archive before = sample();
  for (const bool compress : {false, true}) {
    before.write(folder / "a.npz", compress);
    const Archive after = Archive::read(folder / "a.npz");
    EXPECT_EQ(after.names(), before.names());
    EXPECT_EQ(after.get_matrix("matrix", 3, 4), before.get_matrix("matrix"));
    EXPECT_EQ(after.get_float_matrix("floats", -1, 5), before.get_float_matrix("floats"));
    EXPECT_EQ(after.get_vector("vector", 7), before.get_vector("vector"));
    EXPECT_EQ(after.get_double("number"), 0.1);
    EXPECT_EQ(after.get_int("count"), -5);
    EXPECT_EQ(after.get_text("text"), "größe\nzwei");
    EXPECT_THAT(after.get_strings("names", 5), testing::ElementsAre("", "a", "größer", "日本", "xÿ"));
    EXPECT_EQ(after.get_bytes("bytes"), before.get_bytes("bytes"));
    EXPECT_EQ(after.get_int32s("ids"), before.get_int32s("ids"));
    EXPECT_TRUE(after.get_doubles("nothing", 0).empty());
  }
}

TEST(Archive, WritesTheSameBytesForTheSameArrays) {
  const Folder folder;
  sample().write(folder / "a.npz");
  Archive::read(folder / "a.npz").write(folder / "b.npz");
  EXPECT_EQ(read_bytes(folder / "a.npz").size(), read_bytes(folder / "b.npz").size());
}

std::string message(const std::function<void()>& act) {
  try {
    act();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no InputError";
}

TEST(Archive, SaysWhichArrayIsMissingOfAnotherTypeOrShape) {
  const Folder folder;
  sample().write(folder / "a.npz");
  const Archive archive = Archive::read(folder / "a.npz");
  EXPECT_THAT(message([&] { archive.get_matrix("u"); }), HasSubstr("array 'u': it is missing; the file has bytes, "));
  EXPECT_THAT(message([&] { archive.get_matrix("floats"); }), HasSubstr("found float32, expected float64"));
  EXPECT_THAT(message([&] { archive.get_matrix("matrix", 3, 5); }), HasSubstr("found 3 x 4, expected 3 x 5"));
  EXPECT_THAT(message([&] { archive.get_matrix("vector"); }), HasSubstr("found 7, expected any x any"));
  EXPECT_THAT(message([&] { archive.get_vector("vector", 8); }), HasSubstr("found 7, expected a list of 8 values"));
  EXPECT_THAT(message([&] { archive.get_double("vector"); }), HasSubstr("expected a single value"));
  EXPECT_THAT(message([&] { archive.get_int("number"); }), HasSubstr("found float64, expected int64"));
}

TEST(Archive, RefusesEveryTruncationOfAFile) {
  const Folder folder;
  sample().write(folder / "a.npz", false);
  const std::string whole = read_bytes(folder / "a.npz");
  for (std::size_t size = 0; size < whole.size(); size += 13) {
    test::write_bytes(folder / "cut.npz", whole.substr(0, size));
    EXPECT_THROW(Archive::read(folder / "cut.npz"), InputError) << size;
  }
}

TEST(Archive, NoticesAFlippedBitInTheDataOfAnArray) {
  const Folder folder;
  Archive archive;
  archive.set("x", std::vector<double>(100, 1.5));
  archive.write(folder / "a.npz", false);
  std::string bytes = read_bytes(folder / "a.npz");
  bytes[500] ^= 1;
  test::write_bytes(folder / "a.npz", bytes);
  EXPECT_THAT(message([&] { Archive::read(folder / "a.npz"); }), HasSubstr("CRC"));
}

TEST(Archive, RefusesWhatIsNoZipFile) {
  const Folder folder;
  test::write_bytes(folder / "a.npz", "user,item\n");
  EXPECT_THROW(Archive::read(folder / "a.npz"), InputError);
  EXPECT_THROW(Archive::read(folder / "missing.npz"), InputError);
  EXPECT_THROW(Archive::read(folder.path()), InputError);
}

TEST(Archive, OnAFullDiskSaysSoAndLeavesTheOldFile) {
  EXPECT_THAT(message([] { sample().write("/dev/full"); }), HasSubstr("/dev/full: cannot write: No space left"));
  const Folder folder;
  sample().write(folder / "a.npz");
  const std::string before = read_bytes(folder / "a.npz");
  Archive large;
  large.set("x", std::vector<double>(100'000, 1.0));
  struct rlimit old {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small = {10'000, old.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string text = message([&] { large.write(folder / "a.npz", false); });
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(text, HasSubstr("a.npz: cannot write: File too large"));
  EXPECT_EQ(read_bytes(folder / "a.npz"), before);
  EXPECT_EQ(folder.files(), std::vector<std::string>{"a.npz"});
}

TEST(Archive, SaysThatTheFolderIsMissing) {
  const Folder folder;
  EXPECT_THAT(message([&] { sample().write(folder / "no/a.npz"); }), HasSubstr("No such file or directory"));
}

}  // namespace
}  // namespace rankflow
