// Instruments: small named measures of a snapshot that any engine can carry, and the trajectory they leave behind.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "rankflow/snapshot.h"
#include "rankflow/types.h"

namespace rankflow {

/// What instruments may compare with. Members that are empty are not known.
struct Reference {
  Matrix truth;                                        // W*
  std::vector<std::pair<Index, Index>> observed = {};  // for "unobserved_entries"
};

struct Instrument {
  std::string name;                                                  // e.g. "effective_rank"
  std::string help;                                                  // one sentence: formula, unit, source
  std::vector<std::string> columns;                                  // names of the numbers it gives
  std::function<void(Snapshot&, std::vector<double>& out)> measure;  // appends columns.size() numbers
};

/// Every instrument's name with its help, for the manual.
std::vector<std::pair<std::string, std::string>> instrument_names();
/// One instrument by its name, possibly with a parameter: "singular_values:10", "schatten:0.5", "rank_distance:2",
/// "entry:0,0". Throws OptionError naming the closest names.
Instrument make_instrument(const std::string& spec, Index num_rows, Index num_columns, const Reference& reference = {});

/// What was recorded: one row per snapshot, columns by name. The first columns are always iteration, time, loss.
struct Trajectory {
  std::vector<std::string> columns;
  std::vector<std::vector<double>> rows;

  bool has(const std::string& column) const;
  /// One column over all rows. Throws OptionError listing the columns there are.
  std::vector<double> series(const std::string& column) const;
  double last(const std::string& column) const;
  /// Atomic. NaN is an empty cell. Full precision.
  void write_csv(const std::string& path) const;
  static Trajectory read_csv(const std::string& path);
};

/// A watcher that measures with `instruments` and appends to `to`, which must outlive it.
Watcher record_into(Trajectory& to, std::vector<Instrument> instruments);

}  // namespace rankflow
