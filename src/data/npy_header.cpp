// Reading and writing the header of a .npy file: a magic, a version, and a Python dictionary.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "data/npy.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kLongestHeader = 1 << 16;  // a header for 2-D data has about 100 bytes

// Walks over the dictionary; every step that does not find what it needs throws.
class Dictionary {
 public:
  Dictionary(std::string_view text, const std::string& where) : text_(text), where_(where) {}

  void parse(NpyHeader& header, bool (&seen)[3]) {
    expect('{');
    while (!take('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr") {
        descr(header);
        seen[0] = true;
      } else if (key == "fortran_order") {
        header.fortran_order = truth();
        seen[1] = true;
      } else if (key == "shape") {
        shape(header);
        seen[2] = true;
      } else {
        fail(fmt::format("unknown key '{}' in the header", key));
      }
      take(',');
    }
  }

 private:
  [[noreturn]] void fail(const std::string& problem, const std::string& hint = "") {
    throw InputError(where_, problem, hint);
  }
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail(fmt::format("the .npy header is damaged: expected '{}' at its byte {}", c, at_));
  }
  std::string quoted() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail("the .npy header is damaged: expected a quoted word");
    const std::size_t end = text_.find(quote, ++at_);
    if (end == std::string_view::npos) fail("the .npy header is damaged: a quoted word does not end");
    const std::string word(text_.substr(at_, end - at_));
    at_ = end + 1;
    return word;
  }
  bool truth() {
    peek();
    for (const auto& [word, value] : {std::pair{"True", true}, std::pair{"False", false}})
      if (text_.substr(at_).starts_with(word)) {
        at_ += std::string_view(word).size();
        return value;
      }
    fail("the .npy header is damaged: fortran_order is neither True nor False");
  }
  Index integer() {
    peek();
    Index value = 0;
    const auto [stop, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (error != std::errc{} || value < 0) fail("the .npy header is damaged: a size is not a whole number >= 0");
    at_ = stop - text_.data();
    return value;
  }
  void shape(NpyHeader& header) {
    expect('(');
    while (!take(')')) {
      header.shape.push_back(integer());
      if (!take(',') && peek() != ')') fail("the .npy header is damaged: the shape does not end");
    }
  }
  void descr(NpyHeader& header) {
    if (peek() == '[')
      fail("the array has a structured type (named fields); expected a plain array of numbers",
           "save one field of it: numpy.save(path, array['field'])");
    const std::string text = quoted();
    const std::size_t skip = !text.empty() && std::string_view("<>|=").find(text[0]) != std::string_view::npos;
    header.swapped = skip && text[0] == '>';
    header.kind = text.size() > skip ? text[skip] : '?';
    if (header.kind == 'O')
      fail("the array holds Python objects; expected numbers",
           "convert it first: numpy.save(path, array.astype(float))");
    const char* digits = text.data() + skip + 1;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(std::min(digits, end), end, header.item_size);
    const bool sized = error == std::errc{} && stop == end && header.item_size >= 0 && header.item_size <= (1 << 24);
    const Index size = header.item_size;
    const bool number =
        (header.kind == 'f' && (size == 4 || size == 8)) || (header.kind == 'b' && size == 1) ||
        ((header.kind == 'i' || header.kind == 'u') && (size == 1 || size == 2 || size == 4 || size == 8));
    const bool characters = (header.kind == 'U' || header.kind == 'S') && size > 0;
    if (!sized || !(number || characters))
      fail(fmt::format("the array's type is '{}'; expected float32, float64, bool or an integer type", text),
           "convert it first: numpy.save(path, array.astype(float))");
    if (header.kind == 'U') header.item_size *= 4;
  }

  std::string_view text_;
  const std::string& where_;
  std::size_t at_ = 0;
};

}  // namespace

std::string NpyHeader::type_text() const {
  if (kind == 'b') return "bool";
  if (kind == 'U' || kind == 'S') return "text";
  const char* word = kind == 'f' ? "float" : kind == 'i' ? "int" : "uint";
  return fmt::format("{}{}", word, item_size * 8);
}

std::string NpyHeader::shape_text() const {
  std::string text = "(";
  for (const Index extent : shape) text += fmt::format("{}{}", text.size() > 1 ? ", " : "", extent);
  return text + (shape.size() == 1 ? ",)" : ")");
}

bool looks_like_npy(std::string_view bytes) {
  return bytes.starts_with(kMagic);
}

NpyHeader parse_npy_header(std::string_view bytes, const std::string& where) {
  if (!looks_like_npy(bytes)) throw InputError(where, "not a .npy array: the first bytes are not \\x93NUMPY");
  if (bytes.size() < 10) throw InputError(where, "the .npy header is cut off");
  const int version = static_cast<unsigned char>(bytes[6]);
  if (version < 1 || version > 3)
    throw InputError(where, fmt::format("version {} of .npy is unknown; expected 1, 2 or 3", version));
  const std::size_t prefix = version == 1 ? 10 : 12;
  if (bytes.size() < prefix) throw InputError(where, "the .npy header is cut off");
  const std::size_t length = version == 1 ? load_item<std::uint16_t>(bytes.data() + 8, false)
                                          : load_item<std::uint32_t>(bytes.data() + 8, false);
  if (length > kLongestHeader) throw InputError(where, fmt::format("the .npy header claims {} bytes", length));
  if (bytes.size() < prefix + length) throw InputError(where, "the .npy header is cut off");

  NpyHeader header;
  bool seen[3] = {};
  Dictionary(bytes.substr(prefix, length), where).parse(header, seen);
  if (!seen[0] || !seen[1] || !seen[2])
    throw InputError(where, "the .npy header is damaged: descr, fortran_order or shape is missing");
  header.data_begin = prefix + length;
  header.count = 1;
  bool too_many = false;
  for (const Index extent : header.shape)
    if (extent != 0) too_many |= __builtin_mul_overflow(header.count, extent, &header.count);
  Index total_bytes = 0;
  too_many |= __builtin_mul_overflow(header.count, std::max<Index>(header.item_size, 1), &total_bytes);
  if (too_many) throw InputError(where, fmt::format("the shape {} is larger than any memory", header.shape_text()));
  for (const Index extent : header.shape)
    if (extent == 0) header.count = 0;
  return header;
}

void check_npy_size(const NpyHeader& header, std::size_t available, const std::string& where) {
  const auto declared = static_cast<std::size_t>(header.count) * static_cast<std::size_t>(header.item_size);
  if (available < declared)
    throw InputError(where,
                     fmt::format("the header declares {} values of {} ({} bytes), but only {} bytes follow: the file "
                                 "is cut off",
                                 header.shape_text(), header.type_text(), declared, available),
                     "copy or save the file again");
  if (available > declared)
    throw InputError(where,
                     fmt::format("the header declares {} values of {} ({} bytes), but {} bytes follow",
                                 header.shape_text(), header.type_text(), declared, available),
                     "save one array to a file, or several with numpy.savez");
}

std::string npy_header(std::string_view descr, std::span<const Index> shape) {
  std::string extents;
  for (const Index extent : shape) extents += fmt::format("{}, ", extent);
  if (shape.size() > 1) extents.resize(extents.size() - 2);
  if (shape.size() == 1) extents.pop_back();
  std::string text = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr, extents);
  constexpr std::size_t kPrefix = 10, kAlignment = 64;  // NumPy's: data begin at a multiple of 64
  text.append(kAlignment - (kPrefix + text.size() + 1) % kAlignment, ' ');
  text += '\n';
  std::string header(kMagic);
  header += '\x01';
  header += '\x00';
  header += static_cast<char>(text.size() & 0xff);
  header += static_cast<char>(text.size() >> 8);
  return header + text;
}

}  // namespace rankflow
