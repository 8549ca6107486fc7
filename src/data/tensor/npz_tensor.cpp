// Arrays in .npz files: a dense one by its name, or a list of cells as the arrays `index` and `value`.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "data/id_index.h"
#include "data/npz.h"
#include "data/npz_lists.h"
#include "data/readers.h"
#include "data/tensor/tensor_builder.h"
#include "data/tensor/tensor_readers.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

std::string names_array(Index mode) {
  return fmt::format("mode_{}_names", mode + 1);
}

class NpzTensor : NpzLists {
 public:
  NpzTensor(const NpzReader& reader, const TensorReadOptions& options, Flaws& flaws)
      : NpzLists(reader, flaws), reader_(reader), options_(options), flaws_(flaws) {}

  bool is_cell_list() const { return options_.table.array.empty() && reader_.has("index") && reader_.has("value"); }

  std::string chosen() const {
    std::vector<ArrayChoice> choices;
    for (const std::string& name : reader_.names()) {
      const bool naming = name == "titles" || name == "row_names" || name == "column_names" ||
                          (name.starts_with("mode_") && name.ends_with("_names"));
      if (naming && name != options_.table.array) continue;
      const NpyHeader header = parse_npy_header(reader_.bytes(name).view(), reader_.where(name));
      choices.push_back({name, header.shape, header.type_text()});
    }
    if (options_.table.array.empty())
      if (const std::string name = completed(choices); !name.empty()) return name;
    return choose_array(choices, options_.table.array, "array", flaws_).name;
  }

  Tensor read_dense() {
    const std::string name = chosen();
    Flaws inner(reader_.where(name));
    Tensor tensor = read_npy_tensor(reader_.bytes(name).view(), options_, flaws_.collect() ? flaws_ : inner);
    tensor.format = "npz, " + tensor.format;
    tensor.notes.insert(tensor.notes.begin(), fmt::format("the array '{}'", name));
    name_modes(tensor);
    return tensor;
  }

  Tensor read_cells() {
    Tensor tensor;
    TensorEntries entries;
    const Array index = array("index");
    if (index.shape.size() != 2) wrong("index", "expected one row per observation and one column per mode");
    const Index count = index.shape[0], order = index.shape[1];
    if (order < 1) wrong("index", "expected at least one column, a mode each");
    if (count < 1) wrong("index", "there are no observations");
    entries.value = numbers("value", count);
    const std::vector<double> shape = reader_.has("shape") ? numbers("shape", order) : std::vector<double>{};
    const std::vector<double> flat = as_numbers("index", index);
    for (Index n = 0; n < order; ++n) add_mode(tensor, entries, flat, n, order, shape);
    if (reader_.has("weight")) entries.weight = weights(count);
    tensor.layout = Tensor::Layout::list;
    tensor.format = "npz list of cells";
    tensor.holes = "cells that the list does not name";
    name_modes(tensor);
    drop_holes(entries, tensor);
    tensor.integer_values = all_whole(entries.value);
    tensor.notes.push_back("cells from the arrays index and value; positions count from 0");
    sort_into(tensor, std::move(entries), options_.table.duplicates, {}, flaws_);
    return tensor;
  }

 private:
  // What `rankflow complete --intervals` writes is read as its values (once called `values`);
  // empty for anything else.
  static std::string completed(const std::vector<ArrayChoice>& choices) {
    std::set<std::string> names;
    for (const ArrayChoice& choice : choices) names.insert(choice.name);
    for (const char* value : {"value", "values"})
      if (names == std::set<std::string>{value, "low", "high"}) return value;
    return "";
  }

  // The size of a mode: from its names, from "shape", else from the largest position.
  void add_mode(Tensor& tensor, TensorEntries& entries, const std::vector<double>& flat, Index n, Index order,
                const std::vector<double>& shape) const {
    const Index count = static_cast<Index>(flat.size()) / order;
    const double most = 16.0 * static_cast<double>(count) + 1e6;
    double size = -1;
    if (reader_.has(names_array(n))) {
      size = static_cast<double>(array(names_array(n)).size());
    } else if (!shape.empty()) {
      size = shape[n];
      if (!(size >= 1) || size != std::floor(size) || size > most || size > static_cast<double>(IdIndex::kMost))
        wrong("shape", fmt::format("{} is declared for mode {}, far more than {} cells can fill", size, n + 1, count));
    }
    const double limit = size >= 0 ? size : std::min(most, static_cast<double>(IdIndex::kMost));
    std::vector<std::int32_t>& positions = entries.index.emplace_back();
    positions.reserve(static_cast<std::size_t>(count));
    for (Index k = 0; k < count; ++k) {
      const double x = flat[k * order + n];
      if (!(x >= 0) || x != std::floor(x) || x >= limit)
        wrong("index", fmt::format("observation {} has {} for mode {}; expected a position from 0 to {}", k, x, n + 1,
                                   limit - 1));
      positions.push_back(static_cast<std::int32_t>(x));
    }
    const Index extent =
        size >= 0 ? static_cast<Index>(size) : Index{*std::max_element(positions.begin(), positions.end())} + 1;
    tensor.modes.push_back(Axis::positions(extent));
  }

  // An index is found by its name.
  void require_different(const Axis& axis, const std::string& array) const {
    for (Index i = 0; i < axis.size(); ++i)
      if (const std::optional<Index> first = axis.find(axis.name(i)); first && *first != i)
        wrong(array, fmt::format("the name '{}' is there twice, at {} and at {}; expected a different one for every "
                                 "index",
                                 shown(axis.name(i)), *first, i));
  }

  void name_modes(Tensor& tensor) const {
    for (Index n = 0; n < tensor.order(); ++n)
      if (reader_.has(names_array(n))) {
        tensor.modes[n] = axis(names_array(n), tensor.size(n));
        require_different(tensor.modes[n], names_array(n));
      }
    if (tensor.order() == 2 && reader_.has("row_names")) tensor.modes[0] = axis("row_names", tensor.size(0));
    if (tensor.order() == 2 && reader_.has("column_names")) tensor.modes[1] = axis("column_names", tensor.size(1));
    if (!reader_.has("titles")) return;
    const Array titles = array("titles");
    const auto* text = std::get_if<std::vector<std::string>>(&titles.data);
    if (text == nullptr || static_cast<Index>(text->size()) != tensor.order() + 1)
      wrong("titles", fmt::format("expected {} words: one per mode, and one for the values", tensor.order() + 1));
    for (Index n = 0; n < tensor.order(); ++n) tensor.modes[n].title = (*text)[n];
    tensor.value_title = text->back();
  }

  void drop_holes(TensorEntries& entries, Tensor& tensor) const {
    const ExtraHoles extra(options_.table.missing);
    if (const std::string word = extra.word(); !word.empty())
      throw OptionError("--missing " + word + ": the cells of this file are numbers, and that is none");
    std::size_t to = 0;
    for (std::size_t k = 0; k < entries.value.size(); ++k) {
      const double value = entries.value[k];
      if (std::isinf(value))
        flaws_.add(0, fmt::format("array 'value': element {} is infinite", k), "make it NaN if it is not known",
                   "left out");
      if (!std::isfinite(value) || (!extra.empty() && extra.match("", true, value))) continue;
      for (auto& mode : entries.index) mode[to] = mode[k];
      if (!entries.weight.empty()) entries.weight[to] = entries.weight[k];
      entries.value[to++] = value;
    }
    extra.report(tensor.warnings);
    const std::size_t holes = entries.value.size() - to;
    if (holes > 0) tensor.warnings.push_back(fmt::format("{} cells have no value: left out", holes));
    for (auto& mode : entries.index) mode.resize(to);
    entries.value.resize(to);
    if (!entries.weight.empty()) entries.weight.resize(to);
  }

  const NpzReader& reader_;
  const TensorReadOptions& options_;
  Flaws& flaws_;
};

}  // namespace

Tensor read_npz_tensor(std::string_view bytes, const TensorReadOptions& options, Flaws& flaws) {
  const NpzReader reader(bytes, flaws.path());
  if (reader.names().empty()) return to_tensor(read_npz(bytes, options.table, flaws));  // which says what it is
  NpzTensor npz(reader, options, flaws);
  if (npz.is_cell_list()) return npz.read_cells();
  const bool triplets = options.table.array.empty() && reader.has("row") && reader.has("column") && reader.has("value");
  return triplets ? to_tensor(read_npz(bytes, options.table, flaws)) : npz.read_dense();
}

Index order_of_npz(std::string_view bytes, const TensorReadOptions& options, const Flaws& flaws) {
  const NpzReader reader(bytes, flaws.path());
  const auto shape_of = [&](const std::string& name) {
    return parse_npy_header(reader.bytes(name).view(), reader.where(name)).shape;
  };
  Flaws strict(flaws.path());
  const NpzTensor npz(reader, options, strict);
  if (npz.is_cell_list()) {
    const std::vector<Index> shape = shape_of("index");
    return shape.size() == 2 ? shape[1] : 0;
  }
  if (options.table.array.empty() && reader.has("row") && reader.has("column") && reader.has("value")) return 2;
  return static_cast<Index>(shape_of(npz.chosen()).size());
}

}  // namespace rankflow
