// The runs of a study, in a fixed order, each with everything that decides what it does.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "experiment/run_config.h"
#include "experiment/study.h"
#include "rankflow/error.h"

namespace rankflow::experiment {

/// A study needs a file that is not there. what() says which, and where it can be had.
class DataMissing : public InputError {
 public:
  using InputError::InputError;
};

struct PlannedRun {
  RunConfig config;
  std::vector<std::pair<std::string, std::string>> settings;  // dotted name and value of every option that applies
  std::vector<std::pair<std::string, std::string>> varied;    // those in which runs differ, but for what is recorded
  std::string fingerprint;  // of the settings, the content of files they name, and the version
  std::string label;        // "depth=3, scale=0.001"
  std::string folder;       // name of the run's folder

  /// Value of a setting; empty if it does not apply to the run.
  std::string setting(const std::string& key) const;
};

/// Expands every grid; a run that occurs twice is kept once. data_folder: where data.path is looked for besides the
/// study's own folder. Throws InputError (place of the value, found, expected).
std::vector<PlannedRun> plan_runs(const Study& study, const std::string& data_folder = "");

/// Do two values mean the same: as numbers, or as words?
bool same_value(const std::string& a, const std::string& b);
bool matches(const PlannedRun& run, const Selection& selection);

/// "model.scale" -> "scale"; keys whose last word is ambiguous stay whole.
std::string short_key(const std::string& key);

}  // namespace rankflow::experiment
