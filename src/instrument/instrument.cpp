// Instruments by name: finds the kind, reads its parameter, and records what watchers see.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/instrument.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <numeric>
#include <set>

#include "instrument/catalogue.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

constexpr std::size_t kClosest = 3;

const std::vector<InstrumentKind>& catalogue() {
  static const std::vector<InstrumentKind> all = [] {
    std::vector<InstrumentKind> kinds;
    for (auto family : {spectrum_instruments(), error_instruments(), dynamics_instruments()})
      std::move(family.begin(), family.end(), std::back_inserter(kinds));
    return kinds;
  }();
  return all;
}

// Levenshtein's distance.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

[[noreturn]] void throw_parameter(const InstrumentRequest& request, const std::string& expected) {
  throw OptionError(request.parameter.empty()
                        ? "the instrument " + request.name + " needs a parameter: " + expected
                        : "the instrument " + request.name + " got '" + request.parameter + "', expected " + expected);
}

template <class Number>
bool parse(const std::string& text, Number& value) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && stop == text.data() + text.size();
}

}  // namespace

void throw_unknown_instrument(const std::string& name, const std::vector<std::string>& known) {
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const std::string& other : known) near.emplace_back(distance(name, other), other);
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string hint = "the closest names are ";
  for (std::size_t k = 0; k < kClosest; ++k) hint += (k > 0 ? ", " : "") + near[k].second;
  throw OptionError("there is no instrument '" + name + "'", hint);
}

void require_different(const std::vector<std::string>& columns) {
  if (std::set<std::string>(columns.begin(), columns.end()).size() != columns.size())
    throw OptionError("two instruments give a column of the same name", "ask for each instrument once");
}

double InstrumentRequest::positive(double otherwise) const {
  if (parameter.empty() && !std::isnan(otherwise)) return otherwise;
  double value = 0;
  if (!parse(parameter, value) || !(value > 0) || std::isinf(value)) throw_parameter(*this, "a number above 0");
  return value;
}

Index InstrumentRequest::count(Index low, Index high, Index otherwise) const {
  if (parameter.empty() && otherwise >= 0) return otherwise;
  Index value = 0;
  if (!parse(parameter, value) || value < low || value > high)
    throw_parameter(*this, "an integer from " + std::to_string(low) + " to " + std::to_string(high));
  return value;
}

std::pair<Index, Index> InstrumentRequest::position() const {
  const std::size_t comma = parameter.find(',');
  Index i = -1, j = -1;
  if (comma == std::string::npos || !parse(parameter.substr(0, comma), i) || !parse(parameter.substr(comma + 1), j) ||
      i < 0 || i >= num_rows || j < 0 || j >= num_columns)
    throw_parameter(
        *this, "row,column counted from 0, below " + std::to_string(num_rows) + " and " + std::to_string(num_columns));
  return {i, j};
}

void InstrumentRequest::lacks(const std::string& what) const {
  throw OptionError("the instrument " + name + " needs " + what + ", and there is none");
}

std::vector<std::pair<std::string, std::string>> instrument_names() {
  std::vector<std::pair<std::string, std::string>> names;
  for (const InstrumentKind& kind : catalogue()) names.emplace_back(kind.name + kind.parameter, kind.help);
  return names;
}

Instrument make_instrument(const std::string& spec, Index num_rows, Index num_columns, const Reference& reference) {
  const std::size_t colon = spec.find(':');
  const InstrumentRequest request{spec.substr(0, colon), colon == std::string::npos ? "" : spec.substr(colon + 1),
                                  num_rows, num_columns, reference};
  for (const InstrumentKind& kind : catalogue()) {
    if (kind.name != request.name) continue;
    if (colon != std::string::npos && (kind.parameter.empty() || request.parameter.empty()))
      throw_parameter(request, kind.parameter.empty() ? "no parameter" : kind.parameter);
    InstrumentKind::Made made = kind.make(request);
    return {spec, kind.help, std::move(made.columns), std::move(made.measure)};
  }
  std::vector<std::string> names;
  for (const InstrumentKind& kind : catalogue()) names.push_back(kind.name);
  throw_unknown_instrument(request.name, names);
}

Watcher record_into(Trajectory& to, std::vector<Instrument> instruments) {
  std::vector<std::string> columns = {"iteration", "time", "loss"};
  for (const Instrument& instrument : instruments)
    columns.insert(columns.end(), instrument.columns.begin(), instrument.columns.end());
  require_different(columns);
  if (!to.rows.empty() && to.columns != columns)
    throw OptionError("the trajectory has other columns than these instruments give", "begin with an empty one");
  to.columns = std::move(columns);
  return [&to, instruments = std::move(instruments)](Snapshot& snapshot) {
    std::vector<double> row = {static_cast<double>(snapshot.iteration), snapshot.time, snapshot.loss};
    for (const Instrument& instrument : instruments) instrument.measure(snapshot, row);
    RANKFLOW_ASSERT(row.size() == to.columns.size(), "an instrument gave another number of values than it has columns");
    to.rows.push_back(std::move(row));
    return Next::proceed;
  };
}

}  // namespace rankflow
