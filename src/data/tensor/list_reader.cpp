// Reading one cell of an array a line: names or numbers for its modes, then its value.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "data/id_index.h"
#include "data/tensor/tensor_builder.h"
#include "data/tensor/tensor_readers.h"

namespace rankflow {
namespace {

// Whole numbers in their order, so that neighbours stay neighbours; positions if none is left out from 0 or 1 on.
Axis in_order(Axis axis, std::vector<std::int32_t>& positions) {
  if (axis.kind() != Axis::Kind::integers) return axis;
  const std::vector<std::int64_t>& ids = axis.integer_ids();
  std::vector<std::int32_t> order(ids.size()), rank(ids.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) { return ids[a] < ids[b]; });
  std::vector<std::int64_t> sorted;
  sorted.reserve(ids.size());
  for (std::size_t k = 0; k < order.size(); ++k) {
    rank[order[k]] = static_cast<std::int32_t>(k);
    sorted.push_back(ids[order[k]]);
  }
  for (std::int32_t& position : positions) position = rank[position];
  const std::int64_t first = sorted.front();
  const bool dense = (first == 0 || first == 1) && sorted.back() - first == static_cast<Index>(sorted.size()) - 1;
  return dense ? Axis::positions(static_cast<Index>(sorted.size()), first) : Axis::integers(std::move(sorted));
}

class ListReader {
 public:
  ListReader(Input& input, const ListLayout& layout, const TensorReadOptions& options, Flaws& flaws)
      : input_(input),
        layout_(layout),
        flaws_(flaws),
        splitter_(layout.text.delimiter),
        extra_holes_(options.table.missing),
        ids_(layout.mode.size()),
        position_(layout.mode.size()) {
    entries_.index.resize(layout.mode.size());
  }

  Tensor read(ReadOptions::Duplicates duplicates) {
    for (std::string_view block = input_.lines(); !block.empty(); block = input_.lines())
      while (!block.empty()) line(take_line(block));
    Tensor tensor;
    if (entries_.value.empty()) flaws_.fail(0, "no line has a value", "check --columns and --missing");
    for (std::size_t n = 0; n < ids_.size(); ++n) {
      Axis axis = in_order(ids_[n].take(), entries_.index[n]);
      if (!layout_.text.header.empty()) axis.title = layout_.text.header[layout_.mode[n]];
      tensor.modes.push_back(std::move(axis));
    }
    if (!layout_.text.header.empty()) tensor.value_title = layout_.text.header[layout_.value];
    tensor.integer_values = integers_;
    tensor.notes = layout_.text.notes;
    tensor.warnings = layout_.text.warnings;
    comments_.report(tensor.notes, tensor.warnings);
    if (holes_ > 0)
      tensor.warnings.push_back(
          fmt::format("{} line(s) have no value, the first is line {}: left out as not observed", holes_, first_hole_));
    sort_into(tensor, std::move(entries_), duplicates, lines_, flaws_);
    return tensor;
  }

 private:
  void line(std::string_view text) {
    ++number_;
    const LineKind kind = kind_of_line(text);
    const Index fields = layout_.text.num_fields;
    if (kind != LineKind::data) {
      if (kind == LineKind::comment) comments_.add(text, number_, splitter_, fields, number_ > layout_.text.first_line);
      return;
    }
    if (number_ == layout_.text.header_line) return;
    if (!splitter_.split(text)) {
      flaws_.add(number_, "a quoted field does not end on its line", "a quote inside a field is written twice: \"\"",
                 kOut);
      return;
    }
    if (splitter_.size() != fields) {
      flaws_.add(
          number_,
          fmt::format("found {} fields, expected {} as on line {}", splitter_.size(), fields, layout_.text.first_line),
          splitter_.size() > fields ? "put quotes around fields that contain the delimiter" : "", kOut);
      return;
    }
    double value = 0;
    float weight = 1;
    if (!read_value(splitter_[layout_.value], value)) return;
    if (layout_.weight >= 0 && !read_weight(splitter_[layout_.weight], weight)) return;
    for (std::size_t n = 0; n < ids_.size(); ++n)
      if (splitter_[layout_.mode[n]].empty())
        return flaws_.add(number_, fmt::format("the id of mode {} is empty", n + 1), "", kOut);
    for (std::size_t n = 0; n < ids_.size(); ++n) {
      position_[n] = ids_[n].position(splitter_[layout_.mode[n]]);
      if (position_[n] < 0) flaws_.fail(number_, fmt::format("more than {} different ids", IdIndex::kMost));
    }
    lines_.add(static_cast<Index>(entries_.value.size()), number_);
    for (std::size_t n = 0; n < ids_.size(); ++n) entries_.index[n].push_back(position_[n]);
    entries_.value.push_back(value);
    if (layout_.weight >= 0) entries_.weight.push_back(weight);
  }

  bool read_value(std::string_view text, double& value) {
    Cell kind = parse_cell(text, value);
    if (!extra_holes_.empty() && extra_holes_.match(text, kind == Cell::number, value)) kind = Cell::hole;
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
                   known.empty() ? "--columns says which columns are modes and which is the value (the last one named)"
                                 : known,
                   kOut);
        return false;
    }
  }

  bool read_weight(std::string_view text, float& weight) {
    double value = 0;
    const Cell kind = parse_cell(text, value);
    weight = static_cast<float>(value);
    if (kind == Cell::number && weight > 0 && std::isfinite(weight)) return true;
    flaws_.add(number_, fmt::format("found the weight '{}', expected a number > 0", shown(text)),
               "leave out lines that should not count", kOut);
    return false;
  }

  static constexpr const char* kOut = "line left out";

  Input& input_;
  const ListLayout& layout_;
  Flaws& flaws_;
  LineSplitter splitter_;
  ExtraHoles extra_holes_;
  std::vector<IdIndex> ids_;
  std::vector<std::int32_t> position_;  // of the line at hand
  TensorEntries entries_;
  LineMap lines_;
  Index number_ = 0, holes_ = 0, first_hole_ = 0;
  Comments comments_;
  bool integers_ = true;
};

}  // namespace

Tensor read_cell_list(Input& input, const ListLayout& layout, const TensorReadOptions& options, Flaws& flaws) {
  Tensor tensor = ListReader(input, layout, options, flaws).read(options.table.duplicates);
  tensor.layout = Tensor::Layout::list;
  tensor.format = fmt::format("list of cells separated by {}", layout.text.delimiter.name());
  tensor.holes = "cells that the list does not name";
  return tensor;
}

}  // namespace rankflow
