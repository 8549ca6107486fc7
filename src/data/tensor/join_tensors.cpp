// Matching the modes of several arrays by names, and merging their cells.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/join_tensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "data/input.h"
#include "data/tensor/tensor_builder.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

constexpr const char* kFieldEnds = ",;|\t \r\n";

struct JoinedMode {
  Axis axis;
  std::vector<std::vector<std::int32_t>> position;  // per file and index of it; empty: position + shift
  std::vector<std::int32_t> shift;                  // per file
};

bool all_positions(std::span<const Tensor* const> files, Index mode) {
  return std::all_of(files.begin(), files.end(),
                     [&](const Tensor* file) { return file->modes[mode].kind() == Axis::Kind::positions; });
}

void require_same_size(std::span<const Tensor* const> files, Index mode) {
  for (const Tensor* file : files)
    if (file->layout == Tensor::Layout::dense && file->size(mode) != files.front()->size(mode))
      throw InputError(file->source, fmt::format("it is {}, expected {} as in {}", shape_text(file->shape()),
                                                 shape_text(files.front()->shape()), files.front()->source));
}

// Numbered modes: a number means the same in all files, wherever the numbers of a file begin.
JoinedMode join_positions(std::span<const Tensor* const> files, Index mode) {
  require_same_size(files, mode);
  Index first = files.front()->modes[mode].base(), end = 0;
  for (const Tensor* file : files) {
    first = std::min(first, file->modes[mode].base());
    end = std::max(end, file->modes[mode].base() + file->size(mode));
  }
  JoinedMode joined{Axis::positions(end - first, first), {}, {}};
  for (const Tensor* file : files) joined.shift.push_back(static_cast<std::int32_t>(file->modes[mode].base() - first));
  return joined;
}

JoinedMode join_names(std::span<const Tensor* const> files, Index mode) {
  JoinedMode joined;
  const Axis& first = files.front()->modes[mode];
  std::vector<std::string> names;
  for (Index i = 0; i < first.size(); ++i) names.push_back(first.name(i));
  joined.position.emplace_back(static_cast<std::size_t>(first.size()));
  std::iota(joined.position[0].begin(), joined.position[0].end(), 0);
  Axis known = Axis::strings(names);
  for (std::size_t f = 1; f < files.size(); ++f) {
    const Axis& axis = files[f]->modes[mode];
    joined.position.emplace_back();
    const std::size_t before = names.size();
    for (Index i = 0; i < axis.size(); ++i) {
      const std::string name = axis.name(i);
      const std::optional<Index> found = known.find(name);
      if (!found) names.push_back(name);
      joined.position.back().push_back(static_cast<std::int32_t>(found ? *found : std::ssize(names) - 1));
    }
    if (names.size() > before) known = Axis::strings(names);
  }
  joined.axis = Axis::named(names);
  joined.shift.assign(files.size(), 0);
  return joined;
}

bool is_number(const std::string& field, double value) {
  char* end = nullptr;
  const double found = std::strtod(field.c_str(), &end);
  return end != field.c_str() && *end == '\0' && found == value;
}

// Does a line name this cell and this value? Names in the order of the modes, other fields between them or not.
bool names_cell(std::string_view line, const std::vector<std::string>& cell, double value) {
  std::vector<std::string> fields;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t end = std::min(line.find_first_of(kFieldEnds, at), line.size());
    if (end > at) fields.emplace_back(line.substr(at, end - at));
    at = end + 1;
  }
  auto from = fields.begin();
  for (const std::string& name : cell) {
    from = std::find(from, fields.end(), name);
    if (from == fields.end()) return false;
    ++from;
  }
  return std::any_of(fields.begin(), fields.end(), [&](const std::string& f) { return is_number(f, value); });
}

// The file, and the line where it is text that names the cell on one.
std::string place_of(const Tensor& file, const std::vector<std::string>& cell, double value) {
  if (file.layout != Tensor::Layout::list || file.source == "standard input" || file.source == "-") return file.source;
  try {
    Input input(file.source);
    Index number = 0;
    for (std::string_view chunk = input.lines(); !chunk.empty(); chunk = input.lines())
      for (std::size_t at = 0; at < chunk.size();) {
        const std::size_t end = std::min(chunk.find('\n', at), chunk.size());
        ++number;
        if (names_cell(chunk.substr(at, end - at), cell, value)) return fmt::format("{}:{}", file.source, number);
        at = end + 1;
      }
  } catch (const InputError&) {  // it cannot be read a second time: the file's name has to do
  }
  return file.source;
}

[[noreturn]] void refuse(std::span<const Tensor* const> files, const JoinedTensor& joined, Index a, Index b) {
  std::vector<std::string> cell;
  std::string text;
  for (Index n = 0; n < joined.tensor.order(); ++n) {
    cell.push_back(joined.tensor.modes[n].name(joined.tensor.index[n][b]));
    text += (n > 0 ? ", " : "") + cell.back();
  }
  const Tensor &first = *files[joined.from[a]], &second = *files[joined.from[b]];
  const double x = joined.tensor.value[a], y = joined.tensor.value[b];
  throw InputError(place_of(second, cell, y),
                   fmt::format("cell ({}) is {} here and {} in {}", text, y, x, place_of(first, cell, x)),
                   "a cell has one value: take it out of one of the files");
}

template <class T>
void pick(const std::vector<Index>& order, std::vector<T>& items) {
  std::vector<T> picked;
  picked.reserve(order.size());
  for (const Index k : order) picked.push_back(items[k]);
  items = std::move(picked);
}

void append(const Tensor& file, std::size_t number, const std::vector<JoinedMode>& modes, bool weighted,
            JoinedTensor& to) {
  for (Index n = 0; n < file.order(); ++n) {
    const JoinedMode& mode = modes[n];
    for (const std::int32_t i : file.index[n])
      to.tensor.index[n].push_back(mode.position.empty() ? i + mode.shift[number] : mode.position[number][i]);
  }
  to.tensor.value.insert(to.tensor.value.end(), file.value.begin(), file.value.end());
  if (weighted) {
    to.tensor.weight.insert(to.tensor.weight.end(), file.weight.begin(), file.weight.end());
    to.tensor.weight.resize(to.tensor.value.size(), 1.0F);
  }
  to.from.resize(to.tensor.value.size(), static_cast<std::uint8_t>(number));
}

}  // namespace

JoinedTensor join_tensors(std::span<const Tensor* const> files) {
  const Tensor& first = *files.front();
  JoinedTensor joined;
  joined.tensor = first;
  if (files.size() == 1) {
    joined.from.assign(first.value.size(), 0);
    return joined;
  }
  std::vector<JoinedMode> modes;
  for (const Tensor* file : files)
    if (file->order() != first.order())
      throw InputError(file->source, fmt::format("it has {} modes, expected {} as in {}", file->order(), first.order(),
                                                 first.source));
  bool weighted = false;
  for (const Tensor* file : files) weighted = weighted || !file->weight.empty();
  for (Index n = 0; n < first.order(); ++n) {
    modes.push_back(all_positions(files, n) ? join_positions(files, n) : join_names(files, n));
    modes.back().axis.title = first.modes[n].title;
    joined.tensor.modes[n] = modes.back().axis;
    joined.tensor.index[n].clear();
  }
  joined.tensor.value.clear();
  joined.tensor.weight.clear();
  for (std::size_t f = 0; f < files.size(); ++f) append(*files[f], f, modes, weighted, joined);

  Tensor& tensor = joined.tensor;
  std::vector<Index> order(tensor.value.size());
  std::iota(order.begin(), order.end(), Index{0});
  const auto compare = [&](Index a, Index b) {
    for (const auto& index : tensor.index)
      if (index[a] != index[b]) return index[a] < index[b] ? -1 : 1;
    return 0;
  };
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return compare(a, b) < 0; });
  std::vector<Index> kept;
  for (const Index k : order) {
    if (!kept.empty() && compare(kept.back(), k) == 0) {
      if (tensor.value[kept.back()] != tensor.value[k]) refuse(files, joined, kept.back(), k);
      ++joined.repeated;
    } else {
      kept.push_back(k);
    }
  }
  for (auto& index : tensor.index) pick(kept, index);
  pick(kept, tensor.value);
  if (weighted) pick(kept, tensor.weight);
  pick(kept, joined.from);
  return joined;
}

}  // namespace rankflow
