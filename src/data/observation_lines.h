// Lines of a list, one observation each: counted, cut into fields, and read where they say a value or a weight.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "data/flaws.h"
#include "data/text_layout.h"

namespace rankflow {

// Inline: every line of a long list passes here.
class ObservationLines {
 public:
  static constexpr const char* kOut = "line left out";

  /// `missing`: further words for holes. `columns_hint`: what to do about text in place of a value.
  ObservationLines(const TextLayout& layout, const std::string& missing, const char* columns_hint, Flaws& flaws)
      : layout_(layout), columns_hint_(columns_hint), flaws_(flaws), splitter_(layout.delimiter), holes_are_(missing) {}

  /// The next line; false where it has no fields of an observation.
  bool take(std::string_view text) {
    ++number_;
    const LineKind kind = kind_of_line(text);
    if (kind != LineKind::data) {
      if (kind == LineKind::comment)
        comments_.add(text, number_, splitter_, layout_.num_fields, number_ > layout_.first_line);
      return false;
    }
    if (number_ == layout_.header_line) return false;
    if (!splitter_.split(text)) {
      flaws_.add(number_, "a quoted field does not end on its line", "a quote inside a field is written twice: \"\"",
                 kOut);
      return false;
    }
    if (splitter_.size() == layout_.num_fields) return true;
    flaws_.add(number_,
               fmt::format("found {} fields, expected {} as on line {}", splitter_.size(), layout_.num_fields,
                           layout_.first_line),
               splitter_.size() > layout_.num_fields ? "put quotes around fields that contain the delimiter" : "",
               kOut);
    return false;
  }

  std::string_view operator[](Index field) const { return splitter_[field]; }
  Index number() const { return number_; }  // of the line, from 1
  bool integers() const { return integers_; }

  /// False where the field holds no number: a hole is counted, anything else a flaw.
  bool read_value(Index field, double& value) {
    const std::string_view text = splitter_[field];
    Cell kind = quick_number(text, value) ? Cell::number : parse_cell(text, value);
    if (!holes_are_.empty() && holes_are_.match(text, kind == Cell::number, value)) kind = Cell::hole;
    switch (kind) {
      case Cell::number:
        if (integers_) integers_ = written_as_integer(text);
        return true;
      case Cell::hole:
        if (holes_++ == 0) first_hole_ = number_;
        return false;
      case Cell::infinite:
        flaws_.add(number_, fmt::format("found '{}', expected a finite number", shown(text)),
                   "leave the value empty if it is not known", kOut);
        return false;
      default:
        const std::string known = number_hint(text);
        flaws_.add(number_, fmt::format("found '{}', expected a number", shown(text)),
                   known.empty() ? columns_hint_ : known, kOut);
        return false;
    }
  }

  bool read_weight(Index field, float& weight) {
    const std::string_view text = splitter_[field];
    double value = 0;
    const Cell kind = parse_cell(text, value);
    weight = static_cast<float>(value);
    if (kind == Cell::number && weight > 0 && std::isfinite(weight)) return true;
    flaws_.add(number_, fmt::format("found the weight '{}', expected a number > 0", shown(text)),
               "leave out lines that should not count", kOut);
    return false;
  }

  /// Sentences about comments and about lines without a value.
  void report(std::vector<std::string>& notes, std::vector<std::string>& warnings) const {
    comments_.report(notes, warnings);
    holes_are_.report(warnings);
    if (holes_ > 0)
      warnings.push_back(
          fmt::format("{} line(s) have no value, the first is line {}: left out as not observed", holes_, first_hole_));
  }

 private:
  const TextLayout& layout_;
  const char* columns_hint_;
  Flaws& flaws_;
  LineSplitter splitter_;
  ExtraHoles holes_are_;
  Comments comments_;
  Index number_ = 0, holes_ = 0, first_hole_ = 0;
  bool integers_ = true;
};

}  // namespace rankflow
