// The less frequent ways to cut a line.
// SPDX-License-Identifier: Apache-2.0
#include "data/text_lines.h"

#include <fmt/format.h>

namespace rankflow {

std::string Delimiter::name() const {
  if (text == ",") return "comma";
  if (text == ";") return "semicolon";
  if (text == "\t") return "tab";
  if (text == "|") return "pipe";
  if (text == " ") return "blank";
  return "\"" + text + "\"";
}

void LineSplitter::split_blanks(std::string_view line) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  for (std::size_t at = 0; at < line.size();) {
    while (at < line.size() && blank(line[at])) ++at;
    const std::size_t begin = at;
    while (at < line.size() && !blank(line[at])) ++at;
    if (at > begin) fields_.push_back(line.substr(begin, at - begin));
  }
}

void LineSplitter::split_text(std::string_view line) {
  while (true) {
    const std::size_t end = line.find(delimiter_.text);
    fields_.push_back(trimmed(line.substr(0, end)));
    if (end == std::string_view::npos) return;
    line.remove_prefix(end + delimiter_.text.size());
  }
}

// A field that begins with a quote ends with one; two quotes in it stand for one. A quote elsewhere is a character.
bool LineSplitter::split_quoted(std::string_view line) {
  unquoted_.clear();
  const auto blank = [&](char c) { return c == ' ' || (c == '\t' && delimiter_.text != "\t"); };
  while (true) {
    while (!line.empty() && blank(line[0])) line.remove_prefix(1);
    if (delimiter_.blanks() && line.empty()) return true;
    if (!line.starts_with('"')) {
      const std::size_t end = delimiter_.blanks() ? line.find_first_of(" \t") : line.find(delimiter_.text);
      fields_.push_back(trimmed(line.substr(0, end)));
      if (end == std::string_view::npos) return true;
      line.remove_prefix(end + delimiter_.text.size());
      continue;
    }
    line.remove_prefix(1);
    std::string& text = unquoted_.emplace_back();
    while (true) {
      const std::size_t quote = line.find('"');
      if (quote == std::string_view::npos) return false;
      text += line.substr(0, quote);
      line.remove_prefix(quote + 1);
      if (!line.starts_with('"')) break;
      text += '"';
      line.remove_prefix(1);
    }
    fields_.push_back(text);
    while (!line.empty() && blank(line[0])) line.remove_prefix(1);
    if (line.empty()) return true;
    if (delimiter_.blanks()) continue;
    if (!line.starts_with(delimiter_.text)) return false;
    line.remove_prefix(delimiter_.text.size());
  }
}

void Comments::report(std::vector<std::string>& notes, std::vector<std::string>& warnings) const {
  if (count_ > 0) notes.push_back(fmt::format("{} comment line(s) (# or %) were skipped", count_));
  if (suspicious_ > 0)
    warnings.push_back(
        fmt::format("{} of the comment lines (# or %) have as many fields as the data, the first is line "
                    "{}: put quotes around a name that begins with # or %",
                    suspicious_, first_));
}

}  // namespace rankflow
