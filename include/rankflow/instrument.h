// Instruments: small named measures of a snapshot that any engine can carry, and the trajectory they leave behind.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "rankflow/observations.h"
#include "rankflow/snapshot.h"
#include "rankflow/trajectory.h"
#include "rankflow/types.h"

namespace rankflow {

/// What instruments may compare with. Members that are empty are not known.
struct Reference {
  Matrix truth;                                        // W*
  std::vector<std::pair<Index, Index>> observed = {};  // for "unobserved_entries"
  EntryList<double> train = {}, test = {};             // for "train_error" and "test_error"
};

struct Instrument {
  std::string name;                                                  // e.g. "effective_rank"
  std::string help;                                                  // one sentence: formula, unit, source
  std::vector<std::string> columns;                                  // names of the numbers it gives
  std::function<void(Snapshot&, std::vector<double>& out)> measure;  // appends columns.size() numbers
};

/// Every instrument's name, with its parameters, and its help: for the manual.
std::vector<std::pair<std::string, std::string>> instrument_names();
/// One instrument by its name, possibly with a parameter: "singular_values:10", "schatten:0.5", "rank_distance:2",
/// "entry:0,0". Throws OptionError naming the closest names.
Instrument make_instrument(const std::string& spec, Index num_rows, Index num_columns, const Reference& reference = {});

/// A watcher that measures with `instruments` and appends to `to`, which must outlive it.
Watcher record_into(Trajectory& to, std::vector<Instrument> instruments);

}  // namespace rankflow
