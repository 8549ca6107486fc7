// Instruments for tensors by name: finds the kind, reads its parameters, and records what is measured.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/tensor_instrument.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <set>

#include "instrument/catalogue.h"
#include "instrument/tensor_catalogue.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

constexpr double kMostCells = 1e8;

const std::vector<TensorInstrumentKind>& catalogue() {
  static const std::vector<TensorInstrumentKind> all = [] {
    std::vector<TensorInstrumentKind> kinds;
    for (auto family : {component_instruments(), matricization_instruments(), tensor_error_instruments(),
                        tensor_dynamics_instruments()})
      std::move(family.begin(), family.end(), std::back_inserter(kinds));
    return kinds;
  }();
  return all;
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(at, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

template <class Number>
bool parse(const std::string& text, Number& value) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && stop == text.data() + text.size();
}

[[noreturn]] void refuse(const TensorInstrumentRequest& request, const std::string& found,
                         const std::string& expected) {
  throw OptionError(found.empty()
                        ? fmt::format("the instrument {} needs a parameter: {}", request.name, expected)
                        : fmt::format("the instrument {} got '{}', expected {}", request.name, found, expected));
}

}  // namespace

std::string TensorInstrumentRequest::parameter(std::size_t position) const {
  return position < parameters.size() ? parameters[position] : "";
}

Index TensorInstrumentRequest::count(std::size_t position, Index otherwise) const {
  constexpr Index kMost = 10'000;
  const std::string given = parameter(position);
  if (given.empty()) return otherwise;
  Index value = 0;
  if (!parse(given, value) || value < 1 || value > kMost)
    refuse(*this, given, fmt::format("an integer from 1 to {}", kMost));
  return value;
}

double TensorInstrumentRequest::positive(std::size_t position, double otherwise) const {
  const std::string given = parameter(position);
  if (given.empty()) return otherwise;
  double value = 0;
  if (!parse(given, value) || !(value > 0) || std::isinf(value)) refuse(*this, given, "a number above 0");
  return value;
}

std::vector<Index> TensorInstrumentRequest::modes(std::size_t position) const {
  const std::string given = parameter(position);
  std::set<Index> modes;
  for (const std::string& word : split(given, ',')) {
    Index mode = -1;
    if (!parse(word, mode) || mode < 0 || mode >= order() || !modes.insert(mode).second)
      refuse(*this, given, fmt::format("different modes from 0 to {}, such as 0,1", order() - 1));
  }
  return {modes.begin(), modes.end()};
}

Index TensorInstrumentRequest::node(std::size_t position) const {
  require_tree();
  const ModeTree& tree = *subject.tree;
  const std::string given = parameter(position);
  if (given.empty() || given == "root") return tree.root();
  const std::vector<Index> wanted = modes(position);
  for (Index node = tree.order; node < tree.num_nodes(); ++node)
    if (tree.modes(node) == wanted) return node;
  refuse(*this, given, fmt::format("the modes of an inner node of {}, or root", tree.text()));
}

std::string TensorInstrumentRequest::node_label(Index node) const {
  return node == subject.tree->root() ? "root" : mode_label(subject.tree->modes(node), order());
}

void TensorInstrumentRequest::require_cp() const {
  if (subject.tree != nullptr)
    throw OptionError(fmt::format("the instrument {} measures CP factorizations, and the model is a tree", name),
                      "local_component_norms is its counterpart");
}

void TensorInstrumentRequest::require_tree() const {
  if (subject.tree == nullptr)
    throw OptionError(fmt::format("the instrument {} measures trees, and the model is a CP factorization", name),
                      "component_norms is its counterpart");
}

void TensorInstrumentRequest::require_cells() const {
  double cells = 1;
  for (const Index size : subject.shape) cells *= static_cast<double>(size);
  if (cells > kMostCells)
    throw OptionError(fmt::format("the instrument {} looks at all cells, and {:.3g} are too many", name, cells));
}

void TensorInstrumentRequest::lacks(const std::string& what) const {
  throw OptionError("the instrument " + name + " needs " + what + ", and there is none");
}

std::string mode_label(const std::vector<Index>& modes, Index order) {
  constexpr Index kDigits = 10;
  std::string label;
  for (const Index mode : modes) {
    if (order > kDigits && !label.empty()) label += '_';
    label += fmt::format("{}", mode);
  }
  return label;
}

std::vector<std::pair<std::string, std::string>> tensor_instrument_names() {
  std::vector<std::pair<std::string, std::string>> names;
  for (const TensorInstrumentKind& kind : catalogue()) names.emplace_back(kind.name + kind.parameters, kind.help);
  return names;
}

TensorInstrument make_tensor_instrument(const std::string& spec, const TensorSubject& subject) {
  std::vector<std::string> parts = split(spec, ':');
  const TensorInstrumentRequest request{parts[0], {parts.begin() + 1, parts.end()}, subject};
  std::vector<std::string> names;
  for (const TensorInstrumentKind& kind : catalogue()) {
    names.push_back(kind.name);
    if (kind.name != request.name) continue;
    const auto most = static_cast<std::size_t>(std::count(kind.parameters.begin(), kind.parameters.end(), ':'));
    const bool empty_one = std::count(request.parameters.begin(), request.parameters.end(), "") > 0;
    if (request.parameters.size() > most || empty_one) refuse(request, spec, "the form " + kind.name + kind.parameters);
    TensorInstrumentKind::Made made = kind.make(request);
    return {spec, kind.help, std::move(made.columns), std::move(made.measure)};
  }
  throw_unknown_instrument(request.name, names);
}

std::function<void(TensorSnapshot&)> record_into(Trajectory& to, std::vector<TensorInstrument> instruments) {
  std::vector<std::string> columns = {"iteration", "time", "loss"};
  for (const TensorInstrument& instrument : instruments)
    columns.insert(columns.end(), instrument.columns.begin(), instrument.columns.end());
  require_different(columns);
  to.columns = std::move(columns);
  return [&to, instruments = std::move(instruments)](TensorSnapshot& snapshot) {
    std::vector<double> row = {static_cast<double>(snapshot.iteration), snapshot.time, snapshot.loss};
    for (const TensorInstrument& instrument : instruments) instrument.measure(snapshot, row);
    RANKFLOW_ASSERT(row.size() == to.columns.size(), "an instrument gave another number of values than it has columns");
    to.rows.push_back(std::move(row));
  };
}

}  // namespace rankflow
