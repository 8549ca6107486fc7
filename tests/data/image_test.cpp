// Images and masks in and out.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <png.h>
#include <zlib.h>

#include "rankflow/write.h"
#include "support/shared_data.h"
#include "support/tables.h"

namespace rankflow {
namespace {

using test::any_contains;
using test::cells;
using test::message_of;
using test::read_bytes_as_table;
using testing::HasSubstr;

TEST(Pgm, IsReadInTextAndBinaryWithOneOrTwoBytes) {
  EXPECT_EQ(cells(read_bytes_as_table("P2\n# made by hand\n3 2 255\n1 2 3\n4 5 255", {}, "a.pgm")), "1 2 3\n4 5 255\n");
  EXPECT_EQ(cells(read_bytes_as_table("P5 2 2 255\nabcd", {}, "a")), "97 98\n99 100\n");
  const Table deep = read_bytes_as_table(std::string("P5\n2 1\n1000\n\x01\x02\x03\x04"), {}, "-");
  EXPECT_EQ(deep.image_max, 1000);
  EXPECT_EQ(cells(read_bytes_as_table("P5\n1 1\n65535\n\x01\x02", {}, "a.pgm")), "258\n");
}

TEST(Pgm, ThatIsWrongIsRefused) {
  const auto message = [](const std::string& bytes) { return message_of(bytes, {}, "a.pgm"); };
  EXPECT_THAT(message("P6 1 1 255\nabc"), HasSubstr("found the image format P6"));
  EXPECT_THAT(message("P5 2 2 255\nabc"), HasSubstr("cut off"));
  EXPECT_THAT(message("P2 2 2 255\n1 2 3\n"), testing::Not(HasSubstr("no InputError")));
  EXPECT_THAT(message("P5 2147483000 2147483000 255\nabc"), HasSubstr("cut off"));
  EXPECT_THAT(message("P5 0 2 255\nabc"), HasSubstr("declared to be 0 x 2"));
  EXPECT_THAT(message("P5 1 1 70000\nabc"), HasSubstr("expected 1 to 65535"));
  EXPECT_THAT(message("P2 1 1 7\n9\n"), HasSubstr("pixel [0, 0] is 9"));
  EXPECT_THAT(message("P2 1 1 x\n"), HasSubstr("expected the largest grey value"));
}

// An oracle of our own: libpng's simplified interface writes, our reader reads.
std::string png_by_libpng(int width, int height, std::uint32_t format, const std::vector<std::uint8_t>& samples) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
  image.format = format;
  png_alloc_size_t size = 0;
  png_image_write_to_memory(&image, nullptr, &size, 0, samples.data(), 0, nullptr);
  std::string bytes(size, '\0');
  png_image_write_to_memory(&image, bytes.data(), &size, 0, samples.data(), 0, nullptr);
  return bytes;
}

TEST(Png, IsReadInGreyColourAndWithTransparency) {
  EXPECT_EQ(cells(read_bytes_as_table(png_by_libpng(3, 2, PNG_FORMAT_GRAY, {1, 2, 3, 4, 5, 255}))), "1 2 3\n4 5 255\n");
  const Table colour = read_bytes_as_table(png_by_libpng(3, 1, PNG_FORMAT_RGB, {255, 0, 0, 0, 255, 0, 9, 9, 9}));
  EXPECT_EQ(cells(colour), "76 150 9\n");  // .299, .587 of 255
  EXPECT_TRUE(any_contains(colour.notes, "luminance"));
  const Table alpha = read_bytes_as_table(png_by_libpng(1, 1, PNG_FORMAT_GA, {77, 10}));
  EXPECT_EQ(cells(alpha), "77\n");
  EXPECT_TRUE(any_contains(alpha.notes, "transparency"));
}

TEST(Png, CutAnywhereIsRefused) {
  const std::string whole = png_by_libpng(3, 2, PNG_FORMAT_GRAY, {1, 2, 3, 4, 5, 255});
  for (std::size_t size = 8; size < whole.size() - 16; ++size)  // the last 16 bytes hold no pixel
    EXPECT_THAT(message_of(whole.substr(0, size)), testing::Not(HasSubstr("no InputError"))) << size;
}

TEST(Png, ThatDeclaresMorePixelsThanItsBytesCanHoldIsRefusedBeforeAnyAllocation) {
  std::string bytes = png_by_libpng(3, 2, PNG_FORMAT_GRAY, {1, 2, 3, 4, 5, 255});
  bytes[16 + 1] = '\x0f';  // the width becomes about a million, the height too
  bytes[20 + 1] = '\x0f';
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(bytes.data() + 12), 17);
  for (int k = 0; k < 4; ++k) bytes[29 + k] = static_cast<char>(crc >> (24 - 8 * k));
  EXPECT_THAT(message_of(bytes), HasSubstr("far more than"));
}

TEST(Images, ComeBackAsTheyWentInEveryFormatAndDepth) {
  const test::Folder folder;
  for (const int white : {255, 65535}) {
    const Table before = read_bytes_as_table(fmt::format("P2 3 2 {0}\n0 1 2\n100 200 {0}\n", white), {}, "a.pgm");
    for (const char* name : {"a.pgm", "a.png", "a.pgm.gz"}) {
      write_table(folder / name, before);
      const Table after = read_table(folder / name);
      EXPECT_EQ(cells(after), cells(before)) << name;
      EXPECT_EQ(after.image_max, white) << name;
    }
  }
}

TEST(Images, AreRoundedAndClampedWhenWritten) {
  const test::Folder folder;
  const Table grey = read_bytes_as_table("P2 3 1 255\n7 7 7\n", {}, "a.pgm");
  const auto fill = [](Index, Index j) { return j == 0 ? -5.0 : j == 1 ? 99.5 : 1e9; };
  for (const char* name : {"a.pgm", "a.png"}) {
    write_dense(folder / name, grey, fill, {.keep_observed = false});
    EXPECT_EQ(cells(read_table(folder / name)), "0 100 255\n") << name;
  }
}

TEST(Masks, SayWhatIsObservedWhateverTheirFormat) {
  const test::Folder folder;
  test::write_bytes(folder / "image.pgm", "P2 3 2 255\n1 2 3\n4 5 6\n");
  test::write_bytes(folder / "mask.pgm", "P2 3 2 1\n1 0 1\n0 0 1\n");
  test::write_bytes(folder / "mask.csv", "1.0,0,7\n0,NA,1\n");
  for (const char* mask : {"mask.pgm", "mask.csv"})
    EXPECT_EQ(cells(read_table(folder / "image.pgm", {.mask = folder / mask})), "1 . 3\n. . 6\n") << mask;
}

TEST(Masks, OfAnotherSizeOrForTripletsAreRefused) {
  const test::Folder folder;
  test::write_bytes(folder / "mask.pgm", "P2 3 1 1\n1 0 1\n");
  EXPECT_THAT(message_of("P2 3 2 255\n1 2 3\n4 5 6\n", {.mask = folder / "mask.pgm"}, "a.pgm"),
              HasSubstr("the mask is 1 x 3, expected 2 x 3"));
  EXPECT_THROW(read_bytes_as_table("user,item,rating\na,b,1\n", {.mask = folder / "mask.pgm"}), OptionError);
}

TEST(Images, AgreeWithTheSameImageAsAnArray) {
  RANKFLOW_REQUIRE_SHARED(image, "images/ascent.pgm");
  RANKFLOW_REQUIRE_SHARED(array, "images/ascent.npy");
  EXPECT_EQ(read_table(image).value, read_table(array).value);
}

}  // namespace
}  // namespace rankflow
