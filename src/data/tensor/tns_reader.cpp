// The text format of FROSTT: one cell a line, its positions and its value separated by blanks; no header.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "data/id_index.h"
#include "data/tensor/tensor_builder.h"
#include "data/tensor/tensor_readers.h"

namespace rankflow {
namespace {

using Base = ReadOptions::IndexBase;

class TnsReader {
 public:
  TnsReader(Input& input, const TensorReadOptions& options, Flaws& flaws)
      : input_(input), options_(options.table), flaws_(flaws), splitter_({" "}), extra_holes_(options.table.missing) {}

  Tensor read() {
    if (input_.ahead(3).starts_with("\xef\xbb\xbf")) input_.skip(3);
    for (std::string_view block = input_.lines(); !block.empty(); block = input_.lines())
      while (!block.empty()) line(take_line(block));
    if (order_ == 0) flaws_.fail(0, comments_ > 0 ? "the file holds only comments" : "the file holds no data");
    if (entries_.value.empty()) no_value();
    Tensor tensor;
    tensor.layout = Tensor::Layout::list;
    tensor.format = "tns";
    tensor.holes = "cells that the list does not name";
    tensor.integer_values = integers_;
    const int base = find_base(tensor);
    for (auto& mode : entries_.index) add_mode(tensor, mode, base);
    if (comments_ > 0) tensor.notes.push_back(fmt::format("{} comment line(s) (# or %) were skipped", comments_));
    if (holes_ > 0)
      tensor.warnings.push_back(
          fmt::format("{} line(s) have no value, the first is line {}: left out as not observed", holes_, first_hole_));
    extra_holes_.report(tensor.warnings);
    sort_into(tensor, std::move(entries_), options_.duplicates, lines_, flaws_);
    return tensor;
  }

 private:
  // Where no line can be taken, the first one says why.
  [[noreturn]] void no_value() const {
    if (const Flaw* first = flaws_.first()) flaws_.fail(first->line, first->problem + kNoOther, first->hint);
    flaws_.fail(first_hole_, "the value is a hole, and no other line has one either");
  }

  void line(std::string_view text) {
    ++number_;
    const LineKind kind = kind_of_line(text);
    comments_ += kind == LineKind::comment;
    if (kind != LineKind::data) return;
    if (!splitter_.split(text)) return flaws_.add(number_, "a quote does not end on its line", "", kOut);
    if (order_ == 0) begin();
    if (splitter_.size() != order_ + 1)
      return flaws_.add(number_,
                        fmt::format("found {} fields, expected {} as on line {}: {} positions and a value",
                                    splitter_.size(), order_ + 1, first_line_, order_),
                        "", kOut);
    const Index least = options_.index_base == Base::one ? 1 : 0;
    for (Index n = 0; n < order_; ++n) {
      const std::string_view field = splitter_[n];
      std::int64_t position = 0;
      if (!canonical_integer(field, position) || position < 0 || position > IdIndex::kMost)
        return flaws_.add(number_, fmt::format("found '{}', expected a position, a whole number", shown(field)),
                          "names instead of positions: pass --columns, the value last", kOut);
      if (position < least)
        return flaws_.add(number_, "found the position 0, but positions begin at 1", "pass --index-base 0", kOut);
      position_[n] = static_cast<std::int32_t>(position);
    }
    double value = 0;
    if (!read_value(splitter_[order_], value)) return;
    lines_.add(static_cast<Index>(entries_.value.size()), number_);
    for (Index n = 0; n < order_; ++n) entries_.index[n].push_back(position_[n]);
    entries_.value.push_back(value);
  }

  void begin() {
    if (splitter_.size() < 2)
      flaws_.fail(number_,
                  fmt::format("found '{}', expected positions and a value, separated by blanks", shown(splitter_[0])),
                  splitter_[0].find(',') != std::string_view::npos
                      ? "with commas this is a .csv file: name it so, or pass --columns"
                      : "a .tns file has no header: the first line is a cell already");
    order_ = splitter_.size() - 1;
    first_line_ = number_;
    entries_.index.resize(static_cast<std::size_t>(order_));
    position_.resize(static_cast<std::size_t>(order_));
  }

  bool read_value(std::string_view text, double& value) {
    Cell kind = parse_cell(text, value);
    if (!extra_holes_.empty() && extra_holes_.match(text, kind == Cell::number, value)) kind = Cell::hole;
    if (kind == Cell::number) {
      if (integers_) integers_ = written_as_integer(text);
      return true;
    }
    if (kind == Cell::hole) {
      if (holes_++ == 0) first_hole_ = number_;
    } else {
      flaws_.add(number_,
                 fmt::format("found '{}', expected a {}number", shown(text), kind == Cell::infinite ? "finite " : ""),
                 number_hint(text), kOut);
    }
    return false;
  }

  int find_base(Tensor& tensor) const {
    std::int32_t least = IdIndex::kMost;
    for (const auto& mode : entries_.index) least = std::min(least, *std::min_element(mode.begin(), mode.end()));
    if (options_.index_base == Base::automatic) {
      const int base = least == 0 ? 0 : 1;
      tensor.notes.push_back(base == 0 ? "positions begin at 0, because one of them is 0"
                                       : fmt::format("positions begin at 1, as the format says (the smallest is {}); "
                                                     "--index-base 0 if they begin at 0",
                                                     least));
      return base;
    }
    const int base = options_.index_base == Base::zero ? 0 : 1;
    tensor.notes.push_back(fmt::format("positions begin at {}, as --index-base says", base));
    return base;
  }

  // Lists of cells are as large as their largest position; what is not backed by data is refused.
  void add_mode(Tensor& tensor, std::vector<std::int32_t>& mode, int base) const {
    const Index size = Index{*std::max_element(mode.begin(), mode.end())} + 1 - base;
    const auto count = static_cast<Index>(mode.size());
    if (size > 16 * count + 1'000'000)
      flaws_.fail(0,
                  fmt::format("mode {} has the position {}, far larger than {} cells suggest", tensor.order() + 1,
                              size - 1 + base, count),
                  "if these are names and not positions, pass --columns, the value last");
    if (base == 1)
      for (std::int32_t& position : mode) --position;
    tensor.modes.push_back(Axis::positions(size, base));
  }

  static constexpr const char* kOut = "line left out";
  static constexpr const char* kNoOther = ", and no other line has a value either";

  Input& input_;
  const ReadOptions& options_;
  Flaws& flaws_;
  LineSplitter splitter_;
  ExtraHoles extra_holes_;
  TensorEntries entries_;
  LineMap lines_;
  std::vector<std::int32_t> position_;  // of the line at hand
  Index number_ = 0, order_ = 0, first_line_ = 0, comments_ = 0, holes_ = 0, first_hole_ = 0;
  bool integers_ = true;
};

}  // namespace

Tensor read_tns(Input& input, const TensorReadOptions& options, Flaws& flaws) {
  return TnsReader(input, options, flaws).read();
}

}  // namespace rankflow
