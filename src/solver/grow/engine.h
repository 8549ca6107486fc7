// The growing engine: attempts, growth, pruning, noise and verdicts, for any family of factorizations.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "rankflow/archive.h"
#include "rankflow/grow.h"
#include "rankflow/matrix_problem.h"
#include "solver/grow/job.h"

namespace rankflow::grow {

class Engine {
 public:
  Engine(std::unique_ptr<Family> family, Cells train, std::optional<Cells> validation, Normalization normalization,
         const GrowOptions& options);
  /// Instead of growing: fits this point again, with this ridge.
  void start_refit(const Point& point, const GrowReport& validated);

  bool step();
  GrowStep last_step() const;
  Archive state() const;
  void restore(const Archive& state);
  GrowReport report() const;
  /// The model of the report; its values are those of the observations divided by scale().
  const Point& point() const;
  double scale() const { return job_.train.scale; }
  void finish(Stop why);

 private:
  const Found& taken() const { return progress_.best ? *progress_.best : progress_.current; }
  double seconds() const;

  Job job_;
  Normalization normalization_;
  Progress progress_;
  Stop stop_ = Stop::not_run;
  double seconds_before_ = 0;
  Budget::Clock::time_point started_ = Budget::Clock::now();
};

}  // namespace rankflow::grow
