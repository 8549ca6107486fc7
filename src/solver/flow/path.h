// A path: one way of moving from nothing to a fit, step by step, that can be saved between any two steps.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "rankflow/flow.h"
#include "solver/flow/direction.h"

namespace rankflow::flow {

/// What all paths of one fit share.
struct Problem {
  Loss& train;
  Loss* validation;  // null: none
  const FlowOptions& options;
  Point start;   // rank 0 with the biases of the centering
  double noise;  // standard deviation of what the biases leave
  double row_shrinkage = 0, column_shrinkage = 0;
  std::shared_ptr<Pairs> first_pairs = std::make_shared<Pairs>();  // top pairs of -G(0), once a path has asked for them

  double validation_rmse(const Point& point) const {
    return validation ? rmse(*validation, value_at(*validation, point)) : kNaN;
  }
  Index max_rank() const;
};

/// A fit that a path proposes.
struct Candidate {
  Point point;
  double train_rmse = kNaN, validation_rmse = kNaN;
  FlowPath path;
  double time = 0;  // of the flow, where it has one
  bool solved = false;
  bool matched = false;  // the observations are matched, solved or not
  Stop stop = Stop::not_run;
  std::string message;
};

class Path {
 public:
  virtual ~Path() = default;
  /// False if the path had ended before.
  virtual bool step() = 0;
  /// Of a path with a time: the next steps end there at the latest.
  virtual void not_beyond(double) {}
  /// Where it is now, for observers: point, loss, and the flow's time and last step size if they mean something.
  struct Where {
    const Point* point = nullptr;
    double loss = kNaN, validation_rmse = kNaN, time = kNaN, step_size = kNaN;
  };
  virtual Where where() const = 0;
  virtual Candidate best() const = 0;
  virtual void save(Archive& archive) const = 0;
  virtual void load(const Archive& archive) = 0;
};

/// A number from a file as a reason for stopping; InputError if it is none.
Stop stop_from(std::int64_t number, const std::string& where);
void save(Archive& archive, const std::string& name, const Point& point);
Point load_point(const Archive& archive, const std::string& name, const Point& like);
void save(Archive& archive, const std::string& name, const Tangent& xi);
Tangent load_tangent(const Archive& archive, const std::string& name, const Point& at);
void save(Archive& archive, const std::string& name, const FlowPath& path);
FlowPath load_path(const Archive& archive, const std::string& name);
void save(Archive& archive, const std::string& name, const Candidate& candidate);
Candidate load_candidate(const Archive& archive, const std::string& name, const Point& like);

class Finish;
/// What a successful Finish proposes, with the verdict on whether the observations determine it.
Candidate matched_candidate(const Problem& problem, const Finish& finish);

/// repeat: directions to let in (a refit); 0 = as many as validation or cross-validation wants.
std::unique_ptr<Path> make_greedy(const Problem& problem, Index repeat = 0);
std::unique_ptr<Path> make_vanishing_decay(const Problem& problem);
std::unique_ptr<Path> make_noisy(const Problem& problem, const FlowPath& path, bool repeat);
std::unique_ptr<Path> make_faithful(const Problem& problem, const Point* start);

/// Whether a fit of rank r is the only one of its rank: lines with fewer than r observations, and whether the degrees
/// of freedom stay clearly below the observations.
struct Determination {
  Index undetermined_rows = 0, undetermined_columns = 0;
  double freedom_ratio = 0;  // r (m + n - r) / |Omega| over what is left without lines of at most r observations
  bool determined() const;
};
Determination determination(const Loss& loss, Index rank);

}  // namespace rankflow::flow
