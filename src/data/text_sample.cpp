// The first lines of a text, and what cuts them.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <map>

#include "data/text_layout.h"

namespace rankflow {
namespace {

constexpr std::size_t kMostLines = 20'000;

// Share of lines with the most frequent number of fields, if that is at least two.
double consistency(std::string_view head, bool whole, const Delimiter& delimiter) {
  constexpr std::size_t kLines = 200;
  LineSplitter splitter(delimiter);
  std::map<Index, Index> counts;
  Index lines = 0;
  while (!head.empty() && lines < static_cast<Index>(kLines)) {
    if (!whole && head.find('\n') == std::string_view::npos) break;
    const std::string_view line = take_line(head);
    if (kind_of_line(line) != LineKind::data || !splitter.split(line)) continue;
    ++counts[splitter.size()];
    ++lines;
  }
  Index most = 0, fields = 0;
  for (const auto& [size, count] : counts)
    if (count > most) most = count, fields = size;
  return fields >= 2 ? static_cast<double>(most) / static_cast<double>(lines) : 0;
}

}  // namespace

Delimiter find_delimiter(std::string_view head, bool whole, const std::string& option) {
  static constexpr std::array<std::pair<const char*, const char*>, 5> kWords = {
      {{"comma", ","}, {"semicolon", ";"}, {"tab", "\t"}, {"pipe", "|"}, {"blank", " "}}};
  for (const auto& [word, text] : kWords)
    if (option == word) return {text};
  if (option == "\\t") return {"\t"};
  if (!option.empty() && option != "auto") return {option};
  // Earlier ones win ties: where "::" cuts, so does nothing else; ';' before ',' because of decimal commas.
  Delimiter best{","};
  double best_share = 0;
  for (const char* text : {"::", "\t", ";", ",", "|", " "}) {
    const double share = consistency(head, whole, {text});
    if (share > best_share + 0.05) best = {text}, best_share = share;
  }
  return best;
}

Sample take_sample(std::string_view head, bool whole, const Delimiter& delimiter) {
  Sample sample;
  LineSplitter splitter(delimiter);
  Index number = 0;
  while (!head.empty() && sample.lines.size() < kMostLines) {
    if (!whole && head.find('\n') == std::string_view::npos) break;  // a line that is cut off
    const std::string_view line = take_line(head);
    ++number;
    const LineKind kind = kind_of_line(line);
    sample.comments += kind == LineKind::comment;
    if (kind != LineKind::data || !splitter.split(line)) continue;
    std::vector<std::string>& fields = sample.lines.emplace_back();
    for (Index k = 0; k < splitter.size(); ++k) fields.emplace_back(splitter[k]);
    sample.line_numbers.push_back(number);
  }
  return sample;
}

}  // namespace rankflow
