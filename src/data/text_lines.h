// How is a line of text cut into fields?
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "data/cell.h"
#include "rankflow/types.h"

namespace rankflow {

struct Delimiter {
  std::string text = ",";  // " " = any run of blanks and tabs
  bool blanks() const { return text == " "; }
  /// In words, for messages.
  std::string name() const;
};

/// Cuts lines into fields; the memory of one line serves the next.
class LineSplitter {
 public:
  explicit LineSplitter(Delimiter delimiter) : delimiter_(std::move(delimiter)), mark_(delimiter_.text[0]) {}

  /// False when a quoted field does not end on this line; the fields are then of no use.
  bool split(std::string_view line) {
    fields_.clear();
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (std::memchr(line.data(), '"', line.size()) != nullptr) return split_quoted(line);
    if (delimiter_.blanks()) {
      split_blanks(line);
    } else if (delimiter_.text.size() == 1) {
      split_character(line);
    } else {
      split_text(line);
    }
    return true;
  }
  Index size() const { return static_cast<Index>(fields_.size()); }
  /// Without blanks around it, unless it was quoted.
  std::string_view operator[](Index field) const { return fields_[static_cast<std::size_t>(field)]; }

 private:
  void split_character(std::string_view line) {
    const char* begin = line.data();
    const char* end = begin + line.size();
    for (const char* at = begin; at != end; ++at)
      if (*at == mark_) {
        fields_.push_back(trimmed({begin, static_cast<std::size_t>(at - begin)}));
        begin = at + 1;
      }
    fields_.push_back(trimmed({begin, static_cast<std::size_t>(end - begin)}));
  }
  void split_blanks(std::string_view line);
  void split_text(std::string_view line);
  bool split_quoted(std::string_view line);

  Delimiter delimiter_;
  char mark_;
  std::vector<std::string_view> fields_;
  std::deque<std::string> unquoted_;  // deque: fields_ keep pointing into its strings
};

/// Takes the next line off `text`, without its end.
inline std::string_view take_line(std::string_view& text) {
  const void* end = std::memchr(text.data(), '\n', text.size());
  const std::size_t size = end == nullptr ? text.size() : static_cast<const char*>(end) - text.data();
  const std::string_view line = text.substr(0, size);
  text.remove_prefix(std::min(size + 1, text.size()));
  return line;
}

enum class LineKind { data, blank, comment };
inline LineKind kind_of_line(std::string_view line) {
  if (!line.empty() && (line[0] > '%' || line[0] == '"')) return LineKind::data;  // nearly always
  line = trimmed(line);
  if (line.empty()) return LineKind::blank;
  if (line.starts_with("#N/A")) return LineKind::data;  // what spreadsheets write into a cell without value
  return line[0] == '#' || line[0] == '%' ? LineKind::comment : LineKind::data;
}

/// Counts the comments of a file and suspects those that look like data.
class Comments {
 public:
  void add(std::string_view line, Index number, LineSplitter& splitter, Index num_fields, bool after_data) {
    ++count_;
    if (after_data && num_fields > 1 && splitter.split(line) && splitter.size() == num_fields && suspicious_++ == 0)
      first_ = number;
  }
  /// Sentences for the table's notes and warnings.
  void report(std::vector<std::string>& notes, std::vector<std::string>& warnings) const;

 private:
  Index count_ = 0, suspicious_ = 0, first_ = 0;
};

}  // namespace rankflow
