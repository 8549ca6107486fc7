// Where a growing fit stands: all of it that has to be kept to go on with the same bits.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "rankflow/archive.h"
#include "rankflow/grow.h"
#include "solver/grow/family.h"

namespace rankflow::grow {

/// A point that was reached, and what is known of it.
struct Found {
  Point point;
  double ridge = 0;
  double loss = kNaN;             // on what it was fitted to
  double validation_loss = kNaN;  // NaN without a validation part
  GrowStrategy strategy = GrowStrategy::exact;
  bool matched = false;     // relative residual below the tolerance
  bool determined = false;  // matched, and the observations leave no other choice
  bool predicts = false;    // clearly better than the means
  double amplification = kNaN;
};

enum class Phase {
  grow,        // a component enters, all are refitted, a match is tried
  prune,       // a matched point is tried without one of its parts
  noisy_grow,  // a component enters, ridges are compared on the validation part
  eliminate,   // the best of these is tried without one of its parts
  refit,       // what was chosen on a part is fitted to everything
  ended,
};

struct Progress {
  Phase phase = Phase::grow;
  Index attempt = 0, round = 0;  // round: components that entered (grow, noisy_grow), parts tried (prune)
  Index idle = 0;                // rounds in a row that brought next to nothing
  double finished_loss = 0;      // without a ridge, after the last round
  Index iterations = 0;
  bool tried_noisy = false;
  Found current;               // what the next step starts from
  std::optional<Found> noisy;  // the best of the noisy strategy on its validation part
  std::optional<Found> best;   // the best so far
};

void save(Archive& archive, const std::string& name, const Found& found);
Found load_found(const Archive& archive, const std::string& name, const Family& family);
void save(Archive& archive, const Progress& progress);
Progress load_progress(const Archive& archive, const Family& family);

}  // namespace rankflow::grow
