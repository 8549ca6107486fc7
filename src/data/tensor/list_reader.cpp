// Reading one cell of an array a line: names or numbers for its modes, then its value.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "data/id_index.h"
#include "data/observation_lines.h"
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
        text_(layout.text, options.table.missing,
              "--columns says which columns are modes and which is the value (the last one named)", flaws),
        ids_(layout.mode.size()),
        position_(layout.mode.size()) {
    entries_.index.resize(layout.mode.size());
  }

  Tensor read(ReadOptions::Duplicates duplicates) {
    for (std::string_view block = input_.lines(); !block.empty(); block = input_.lines())
      while (!block.empty()) line(take_line(block));
    Tensor tensor;
    if (entries_.value.empty()) {
      if (const Flaw* first = flaws_.first())
        flaws_.fail(first->line, first->problem + ", and no other line has a value either", first->hint);
      flaws_.fail(0, "no line has a value", "check --columns and --missing");
    }
    for (std::size_t n = 0; n < ids_.size(); ++n) {
      Axis axis = in_order(ids_[n].take(), entries_.index[n]);
      if (!layout_.text.header.empty()) axis.title = layout_.text.header[layout_.mode[n]];
      tensor.modes.push_back(std::move(axis));
    }
    if (!layout_.text.header.empty()) tensor.value_title = layout_.text.header[layout_.value];
    tensor.integer_values = text_.integers();
    tensor.notes = layout_.text.notes;
    tensor.warnings = layout_.text.warnings;
    text_.report(tensor.notes, tensor.warnings);
    sort_into(tensor, std::move(entries_), duplicates, lines_, flaws_);
    return tensor;
  }

 private:
  void line(std::string_view text) {
    if (!text_.take(text)) return;
    double value = 0;
    float weight = 1;
    if (!text_.read_value(layout_.value, value)) return;
    if (layout_.weight >= 0 && !text_.read_weight(layout_.weight, weight)) return;
    for (std::size_t n = 0; n < ids_.size(); ++n)
      if (text_[layout_.mode[n]].empty())
        return flaws_.add(text_.number(), fmt::format("the id of mode {} is empty", n + 1), "", ObservationLines::kOut);
    for (std::size_t n = 0; n < ids_.size(); ++n) {
      position_[n] = ids_[n].position(text_[layout_.mode[n]]);
      if (position_[n] < 0) flaws_.fail(text_.number(), fmt::format("more than {} different ids", IdIndex::kMost));
    }
    lines_.add(static_cast<Index>(entries_.value.size()), text_.number());
    for (std::size_t n = 0; n < ids_.size(); ++n) entries_.index[n].push_back(position_[n]);
    entries_.value.push_back(value);
    if (layout_.weight >= 0) entries_.weight.push_back(weight);
  }

  Input& input_;
  const ListLayout& layout_;
  Flaws& flaws_;
  ObservationLines text_;
  std::vector<IdIndex> ids_;
  std::vector<std::int32_t> position_;  // of the line at hand
  TensorEntries entries_;
  LineMap lines_;
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
