// Images in PNG: grey as it is, colour as luminance.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <png.h>

#include <csetjmp>
#include <cstring>
#include <memory>

#include "data/readers.h"

namespace rankflow {
namespace {

struct PngSource {
  std::string_view bytes;
  char message[160] = {};
};

struct PngDeleter {
  void operator()(png_struct* png) const { png_destroy_read_struct(&png, nullptr, nullptr); }
};

void give_bytes(png_struct* png, png_byte* to, std::size_t size) {
  auto& source = *static_cast<PngSource*>(png_get_io_ptr(png));
  if (source.bytes.size() < size) png_error(png, "the file is cut off");
  std::memcpy(to, source.bytes.data(), size);
  source.bytes.remove_prefix(size);
}

void keep_message(png_struct* png, const char* text) {
  auto& source = *static_cast<PngSource*>(png_get_error_ptr(png));
  std::strncpy(source.message, text, sizeof source.message - 1);
  png_longjmp(png, 1);
}

struct PngShape {
  png_uint_32 width = 0, height = 0;
  int depth = 0, color = 0, interlace = 0, channels = 0, passes = 1;
  bool transparency = false;
};

// libpng leaves by longjmp: nothing with a destructor may live in the next three functions.
bool read_head(png_struct* png, png_info* info, PngShape& shape) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_read_info(png, info);
  png_get_IHDR(png, info, &shape.width, &shape.height, &shape.depth, &shape.color, &shape.interlace, nullptr, nullptr);
  shape.transparency = png_get_valid(png, info, PNG_INFO_tRNS) != 0;
  if (shape.color == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (shape.depth < 8) png_set_expand_gray_1_2_4_to_8(png);
  if ((shape.color & PNG_COLOR_MASK_ALPHA) != 0) png_set_strip_alpha(png);
  return true;
}
bool start_rows(png_struct* png, png_info* info, PngShape& shape) {
  if (setjmp(png_jmpbuf(png))) return false;
  shape.passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  shape.channels = png_get_channels(png, info);
  shape.depth = png_get_bit_depth(png, info);
  return true;
}
bool read_row(png_struct* png, png_byte* row) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_read_row(png, row, nullptr);
  return true;
}

// Rec. 601 luma, rounded: 299 + 587 + 114 = 1000.
double grey_of(const png_byte* pixel, const PngShape& shape) {
  const auto sample = [&](int channel) {
    return shape.depth == 16 ? pixel[2 * channel] << 8 | pixel[2 * channel + 1] : int{pixel[channel]};
  };
  if (shape.channels < 3) return sample(0);
  return (299 * sample(0) + 587 * sample(1) + 114 * sample(2) + 500) / 1000;
}

void append_row(Table& table, const png_byte* row, const PngShape& shape) {
  const int step = shape.channels * shape.depth / 8;
  for (png_uint_32 j = 0; j < shape.width; ++j) {
    table.column.push_back(static_cast<std::int32_t>(j));
    table.value.push_back(grey_of(row + std::size_t{j} * step, shape));
  }
  table.row_begin.push_back(static_cast<Index>(table.value.size()));
}

}  // namespace

Table read_png(std::string_view bytes, Flaws& flaws) {
  PngSource source{bytes};
  const std::unique_ptr<png_struct, PngDeleter> png(
      png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, keep_message, [](png_struct*, const char*) {}));
  png_info* info = png == nullptr ? nullptr : png_create_info_struct(png.get());
  if (info == nullptr) throw std::bad_alloc();
  const std::unique_ptr<png_info, std::function<void(png_info*)>> info_goes(
      info, [&](png_info* gone) { png_destroy_info_struct(png.get(), &gone); });
  const auto fail = [&] {
    flaws.fail(0, fmt::format("the PNG image is damaged: {}", source.message), "copy or save the file again");
  };
  png_set_read_fn(png.get(), &source, give_bytes);
  PngShape shape;
  if (!read_head(png.get(), info, shape)) fail();
  // Deflate shrinks to no less than 1/1032: a header that declares more than that has no data behind it.
  const double declared = static_cast<double>(shape.width) * shape.height * shape.depth / 8;
  if (declared > 1040.0 * static_cast<double>(bytes.size()))
    flaws.fail(0, fmt::format("{} x {} pixels are declared, far more than {} bytes can hold", shape.width, shape.height,
                              bytes.size()));
  if (!start_rows(png.get(), info, shape)) fail();

  Table table;
  table.layout = Table::Layout::image;
  table.format = fmt::format("png, {} bit", shape.depth);
  table.integer_values = true;
  table.image_max = shape.depth == 16 ? 65535 : 255;
  const std::size_t row_bytes = png_get_rowbytes(png.get(), info);
  const bool whole = shape.passes > 1;  // interlaced: rows come back several times
  std::string pixels(row_bytes * (whole ? shape.height : 1), '\0');
  for (int pass = 0; pass < shape.passes; ++pass)
    for (png_uint_32 i = 0; i < shape.height; ++i) {
      auto* row = reinterpret_cast<png_byte*>(pixels.data() + (whole ? i * row_bytes : 0));
      if (!read_row(png.get(), row)) fail();
      if (pass == shape.passes - 1) append_row(table, row, shape);
    }
  table.rows = Axis::positions(shape.height);
  table.columns = Axis::positions(shape.width);
  table.notes.push_back(fmt::format("an image, {} wide and {} high, {} bits, black 0 and white {}", shape.width,
                                    shape.height, shape.depth, table.image_max));
  if (shape.channels >= 3) table.notes.push_back("colours became luminance (0.299 red + 0.587 green + 0.114 blue)");
  if ((shape.color & PNG_COLOR_MASK_ALPHA) != 0 || shape.transparency)
    table.notes.push_back("transparency is not used; a mask says what is observed");
  return table;
}

}  // namespace rankflow
