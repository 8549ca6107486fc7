// Grey images in the portable formats P2 (text) and P5 (binary).
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "data/cell.h"
#include "data/id_index.h"
#include "data/readers.h"

namespace rankflow {
namespace {

class PgmReader {
 public:
  PgmReader(std::string_view bytes, Flaws& flaws) : bytes_(bytes), flaws_(flaws) {}

  Table read() {
    const char kind = bytes_[1];
    if (kind != '2' && kind != '5')
      flaws_.fail(1, fmt::format("found the image format P{}, expected P2 or P5 (grey values)", kind),
                  kind == '3' || kind == '6' ? "convert it to grey, or to .png" : "convert it to .pgm or .png");
    at_ = 2;
    const Index columns = number("width"), rows = number("height"), white = number("largest grey value");
    if (rows < 1 || columns < 1 || rows > IdIndex::kMost || columns > IdIndex::kMost)
      flaws_.fail(0, fmt::format("the image is declared to be {} x {} pixels", columns, rows));
    if (white < 1 || white > 65535)
      flaws_.fail(0, fmt::format("found the largest grey value {}, expected 1 to 65535", white));
    const Index sample = kind == '2' ? 2 : white > 255 ? 2 : 1;  // P2: a digit and a blank at least
    const Index pixels = rows * columns;                         // at most 2^62
    const auto left = static_cast<Index>(bytes_.size() - at_);
    if (left / sample + (kind == '2') < pixels)
      flaws_.fail(0,
                  fmt::format("{} x {} pixels are declared, but only {} bytes follow: the file is cut off", columns,
                              rows, left),
                  "copy or save the file again");
    Table table;
    table.layout = Table::Layout::image;
    table.format = fmt::format("pgm P{}", kind);
    table.integer_values = true;
    table.image_max = static_cast<int>(white);
    table.rows = Axis::positions(rows);
    table.columns = Axis::positions(columns);
    table.notes.push_back(fmt::format("a grey image, {} wide and {} high, black 0 and white {}", columns, rows, white));
    table.value.reserve(pixels);
    if (kind == '5') ++at_;  // exactly one blank before the pixels
    for (Index i = 0; i < rows; ++i) {
      for (Index j = 0; j < columns; ++j) {
        const Index grey = kind == '2' ? number("grey value") : binary(white);
        if (grey > white)
          flaws_.add(0, fmt::format("pixel [{}, {}] is {}, more than the largest grey value {}", i, j, grey, white), "",
                     "kept");
        table.column.push_back(static_cast<std::int32_t>(j));
        table.value.push_back(static_cast<double>(grey));
      }
      table.row_begin.push_back(static_cast<Index>(table.value.size()));
    }
    return table;
  }

 private:
  Index binary(Index white) {
    if (at_ + (white > 255 ? 2 : 1) > bytes_.size()) flaws_.fail(0, "the image is cut off");
    const Index high = static_cast<unsigned char>(bytes_[at_++]);
    return white > 255 ? high << 8 | static_cast<unsigned char>(bytes_[at_++]) : high;
  }
  // Blanks and comments, then digits.
  Index number(const char* what) {
    while (at_ < bytes_.size() && (std::isspace(static_cast<unsigned char>(bytes_[at_])) || bytes_[at_] == '#')) {
      if (bytes_[at_] == '#') at_ = std::min(bytes_.find('\n', at_), bytes_.size() - 1);
      ++at_;
    }
    Index value = 0;
    const auto [stop, error] = std::from_chars(bytes_.data() + at_, bytes_.data() + bytes_.size(), value);
    if (error != std::errc{} || value < 0)
      flaws_.fail(0, fmt::format("found '{}' at byte {}, expected the {}", shown(bytes_.substr(at_, 8)), at_, what));
    at_ = static_cast<std::size_t>(stop - bytes_.data());
    return value;
  }

  std::string_view bytes_;
  Flaws& flaws_;
  std::size_t at_ = 0;
};

}  // namespace

Table read_pgm(std::string_view bytes, Flaws& flaws) {
  return PgmReader(bytes, flaws).read();
}

}  // namespace rankflow
