// Grey images: PGM (binary) and PNG, 8 or 16 bits as the input had.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <png.h>

#include <cmath>
#include <csetjmp>
#include <memory>

#include "data/output_file.h"
#include "data/writers.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

int white_of(const Table& table) {
  return table.image_max > 0 ? table.image_max : 255;
}

// Row i as samples of one or two bytes, the high one first. Holes become black.
void samples(const RowSource& source, Index i, int white, std::string& bytes) {
  bytes.clear();
  source.row(i, [&](Index, double value, bool) {
    const int sample = std::isnan(value) ? 0 : static_cast<int>(std::lround(std::clamp(value, 0.0, double(white))));
    if (white > 255) bytes += static_cast<char>(sample >> 8);
    bytes += static_cast<char>(sample & 0xff);
  });
}

struct PngDeleter {
  void operator()(png_struct* png) const { png_destroy_write_struct(&png, nullptr); }
};

struct PngTarget {
  OutputFile file;
  std::exception_ptr failure;  // must not fly through libpng
};

void write_bytes(png_struct* png, png_byte* bytes, std::size_t size) {
  auto& target = *static_cast<PngTarget*>(png_get_io_ptr(png));
  try {
    target.file.write({reinterpret_cast<const char*>(bytes), size});
  } catch (...) {
    target.failure = std::current_exception();
  }
  if (target.failure) png_error(png, "cannot write");
}

// libpng leaves by longjmp: nothing with a destructor may live in here.
bool put_png_head(png_struct* png, png_info* info, png_uint_32 width, png_uint_32 height, int depth) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_set_IHDR(png, info, width, height, depth, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  return true;
}
bool put_png_row(png_struct* png, const char* bytes) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_write_row(png, reinterpret_cast<const png_byte*>(bytes));
  return true;
}
bool put_png_end(png_struct* png, png_info* info) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_write_end(png, info);
  return true;
}

}  // namespace

void write_pgm(const std::string& path, const RowSource& source) {
  const Table& table = source.table();
  const int white = white_of(table);
  OutputFile file(path);
  file.write(fmt::format("P5\n{} {}\n{}\n", table.num_columns(), table.num_rows(), white));
  std::string bytes;
  for (Index i = 0; i < table.num_rows(); ++i) {
    samples(source, i, white, bytes);
    file.write(bytes);
  }
  file.finish();
}

void write_png(const std::string& path, const RowSource& source) {
  const Table& table = source.table();
  constexpr Index kMostPixels = 1'000'000;  // libpng's own limit for a side
  if (std::max(table.num_rows(), table.num_columns()) > kMostPixels)
    throw InputError(path,
                     fmt::format("a PNG image has at most {} pixels a side, the table is {} x {}", kMostPixels,
                                 table.num_rows(), table.num_columns()),
                     "write .npy or .pgm");
  const int white = white_of(table) > 255 ? 65535 : 255;
  PngTarget target{OutputFile(path), nullptr};
  std::unique_ptr<png_struct, PngDeleter> png(png_create_write_struct(
      PNG_LIBPNG_VER_STRING, nullptr, [](png_struct* self, const char*) { png_longjmp(self, 1); },
      [](png_struct*, const char*) {}));
  RANKFLOW_ASSERT(png != nullptr, "libpng");
  png_info* info = png_create_info_struct(png.get());
  png_set_write_fn(png.get(), &target, write_bytes, [](png_struct*) {});
  bool good = put_png_head(png.get(), info, static_cast<png_uint_32>(table.num_columns()),
                           static_cast<png_uint_32>(table.num_rows()), white > 255 ? 16 : 8);
  std::string bytes;
  for (Index i = 0; good && i < table.num_rows(); ++i) {
    samples(source, i, white, bytes);
    good = put_png_row(png.get(), bytes.data());
  }
  good = good && put_png_end(png.get(), info);
  png_destroy_info_struct(png.get(), &info);
  if (target.failure) std::rethrow_exception(target.failure);
  if (!good) throw InputError(path, "cannot write: libpng refuses the image");
  target.file.finish();
}

}  // namespace rankflow
