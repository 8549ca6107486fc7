// What a long run has so far: finished fits and the state of the one in progress, in one file.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "rankflow/archive.h"
#include "rankflow/complete.h"
#include "rankflow/complete_array.h"

namespace rankflow::completion {

/// Fits have names ("validate flow", "fit posterior", ...). A finished fit is kept whole, so that a resumed run loads
/// it instead of computing it again; one in progress is kept as its engine's state.
class Checkpoint {
 public:
  /// fingerprint identifies the data and the options; a file with another one is refused (InputError).
  Checkpoint(const CheckpointOptions& options, std::string fingerprint);

  /// Null if the fit has not finished (not been begun).
  const Archive* finished(const std::string& fit) const;
  const Archive* in_progress(const std::string& fit) const;

  /// Time for a save: every_seconds have passed since the last one, and long enough for writing to take at most three
  /// per cent of the time.
  bool due() const;
  /// Writes the file. `history` is everything recorded up to `state`.
  void save_progress(const std::string& fit, Archive state, const std::vector<Step>& history);
  /// Keeps the result for the next time the file is written; writes it if that is due.
  void save_finished(const std::string& fit, Archive result, const std::vector<Step>& history);
  /// The history up to the last save before the interruption.
  std::vector<Step> history() const;
  bool writes() const { return !options_.path.empty(); }

 private:
  void write(const std::vector<Step>& history);

  CheckpointOptions options_;
  std::string fingerprint_;
  std::map<std::string, Archive> finished_, in_progress_;
  std::chrono::steady_clock::time_point last_write_;
  double write_seconds_ = 0;  // how long the last save took
};

}  // namespace rankflow::completion
