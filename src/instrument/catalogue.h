// The catalogue that instruments are made from: families by concept, each with its name, parameter and formula.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "rankflow/instrument.h"

namespace rankflow {

/// What an instrument is made for.
struct InstrumentRequest {
  std::string name, parameter;  // "schatten", "0.5"; empty = no parameter given
  Index num_rows, num_columns;
  const Reference& reference;

  Index rank_limit() const { return std::min(num_rows, num_columns); }
  /// The parameter as a number above 0 or as a count. Throws OptionError; `otherwise` where none was given.
  double positive(double otherwise = kNaN) const;
  Index count(Index low, Index high, Index otherwise = -1) const;
  /// Row and column of "i,j", counted from 0.
  std::pair<Index, Index> position() const;
  /// Throws OptionError: the reference lacks `what`.
  [[noreturn]] void lacks(const std::string& what) const;
};

using Measure = std::function<void(Snapshot&, std::vector<double>& out)>;

struct InstrumentKind {
  std::string name, parameter;  // parameter as the manual shows it, e.g. "[:k]"
  std::string help;
  /// Names of the columns and the function that fills them.
  struct Made {
    std::vector<std::string> columns;
    Measure measure;
  };
  std::function<Made(const InstrumentRequest&)> make;
};

/// Throws OptionError with the closest of the known names.
[[noreturn]] void throw_unknown_instrument(const std::string& name, const std::vector<std::string>& known);
/// Throws OptionError where a column occurs twice.
void require_different(const std::vector<std::string>& columns);

std::vector<InstrumentKind> spectrum_instruments();
std::vector<InstrumentKind> error_instruments();
std::vector<InstrumentKind> dynamics_instruments();

}  // namespace rankflow
