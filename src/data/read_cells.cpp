// Names of cells, line by line.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/read_cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <set>

#include "data/input.h"
#include "data/text_lines.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

Delimiter delimiter_of(std::string_view line) {
  for (const char* text : {"::", "\t", ",", ";", "|"})
    if (line.find(text) != std::string_view::npos) return {text};
  return {" "};
}

bool is_number(std::string_view text) {
  double value;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

struct CellReader::State {
  State(const std::string& path, std::vector<const Axis*> the_axes, std::vector<std::string> words)
      : input(path), splitter(Delimiter{}), axes(std::move(the_axes)), general(std::move(words)), field(axes.size()) {
    std::iota(field.begin(), field.end(), Index{0});
  }

  // Of this axis and no other.
  bool names(std::string_view word, std::size_t n) const { return word == title(n) || word == general[n]; }
  std::string title(std::size_t n) const { return axes[n]->title.empty() ? general[n] : axes[n]->title; }

  // The next line with data; false at the end.
  bool line(std::string_view& out) {
    for (;;) {
      while (text.empty()) {
        text = input.lines();
        if (text.empty()) return false;
      }
      ++number;
      out = take_line(text);
      if (number == 1 && out.starts_with("\xEF\xBB\xBF")) out.remove_prefix(3);
      if (kind_of_line(out) == LineKind::data) return true;
    }
  }

  // Where each axis' title stands in the fields, if all of them are there once.
  bool find_titles() {
    std::vector<Index> found;
    for (std::size_t n = 0; n < axes.size(); ++n) {
      for (Index k = 0; k < splitter.size(); ++k)
        if (names(splitter[k], n)) found.push_back(k);
      if (found.size() != n + 1) return false;
    }
    if (std::set<Index>(found.begin(), found.end()).size() != axes.size()) return false;
    field = std::move(found);
    return true;
  }

  bool titles_differ() const {
    std::set<std::string> different;
    for (std::size_t n = 0; n < axes.size(); ++n) different.insert(title(n));
    return different.size() == axes.size();
  }

  bool is_header() {
    if (find_titles()) return true;
    bool in_place = true, like_one = true;
    for (std::size_t n = 0; n < axes.size(); ++n) {
      const std::string_view word = splitter[static_cast<Index>(n)];
      in_place = in_place && names(word, n);
      if (!names(word, n) && (axes[n]->kind() == Axis::Kind::strings || is_number(word))) like_one = false;
    }
    if (!in_place || titles_differ()) refuse_part_of_header();
    return like_one;
  }

  // A first line without a known id that names some of the axes, but not each of them once, has an order that would
  // have to be guessed. An axis without a title may be called anything where the others are in their places.
  void refuse_part_of_header() const {
    std::string missing, twice;
    bool any = false, in_place = true;
    for (std::size_t n = 0; n < axes.size(); ++n) {
      if (axes[n]->find(splitter[static_cast<Index>(n)])) return;
      Index times = 0;
      for (Index k = 0; k < splitter.size(); ++k) times += names(splitter[k], n);
      any = any || times > 0;
      in_place = in_place && (times > 0 ? names(splitter[static_cast<Index>(n)], n) : axes[n]->title.empty());
      if (times == 0) missing += (missing.empty() ? "" : " and ") + title(n);
      if (times > 1) twice += (twice.empty() ? "" : " and ") + title(n);
    }
    if (!any || (twice.empty() && (missing.empty() || in_place))) return;
    std::string all;
    for (std::size_t n = 0; n < axes.size(); ++n) all += (n == 0 ? "" : ", ") + title(n);
    throw InputError(fmt::format("{}:{}", input.name(), number),
                     fmt::format("the header {}{}{}{}{}", missing.empty() ? "" : "does not name ", missing,
                                 missing.empty() || twice.empty() ? "" : " and ", twice.empty() ? "" : "names ",
                                 twice.empty() ? "" : twice + " twice"),
                     fmt::format("name each of {} once, in any order, or leave the header out", all));
  }

  void require_fields(std::string_view line_text) const {
    if (splitter.size() > *std::max_element(field.begin(), field.end())) return;
    std::string words, example;
    for (std::size_t n = 0; n < axes.size(); ++n) {
      words += fmt::format("{}{}", n == 0 ? "" : ", ", title(n));
      example += fmt::format("{}{}", n == 0 ? "" : ",", axes[n]->size() > 0 ? axes[n]->name(0) : "7");
    }
    throw InputError(fmt::format("{}:{}", input.name(), number),
                     fmt::format("found '{}', expected {} names: {}", line_text.substr(0, 60), axes.size(), words),
                     "each line names one cell, e.g. " + example);
  }

  Input input;
  LineSplitter splitter;
  std::vector<const Axis*> axes;
  std::vector<std::string> general;
  std::vector<Index> field;  // of the splitter, per axis
  std::string_view text;
  Index number = 0, count = 0;
  bool begun = false;
};

CellReader::CellReader(const std::string& path, std::vector<const Axis*> axes, std::vector<std::string> general) {
  RANKFLOW_ASSERT(!axes.empty() && axes.size() == general.size(), "a general word per axis is needed");
  state_ = std::make_unique<State>(path, std::move(axes), std::move(general));
}

CellReader::~CellReader() = default;

Index CellReader::count() const {
  return state_->count;
}

bool CellReader::next(std::vector<std::string_view>& names) {
  State& s = *state_;
  std::string_view line;
  if (!s.line(line)) return false;
  if (!s.begun) s.splitter = LineSplitter(delimiter_of(line));
  if (!s.splitter.split(line)) s.splitter.split("");
  const bool first = !s.begun;
  s.begun = true;
  s.require_fields(line);
  if (first && s.is_header()) return next(names);
  names.clear();
  for (const Index k : s.field) names.push_back(s.splitter[k]);
  ++s.count;
  return true;
}

}  // namespace rankflow
