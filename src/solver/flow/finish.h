// Ending a path exactly: least squares from where the path is, and whether its answer is the only one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "solver/flow/least_squares.h"
#include "solver/flow/path.h"

namespace rankflow::flow {

/// Tries to match all observations with the rank of a point. A match is confirmed: solved again from a perturbed copy
/// it must come back to itself, or the observations leave directions free; then one direction less is tried (a
/// direction too many always leaves some free: p q^T with q zero where the row of p is observed).
class Finish {
 public:
  enum class State : std::int64_t { idle, solve, confirm, prune, failed, matched };

  void start(Loss& loss, const Point& point);
  void step(Loss& loss, const FlowOptions& options);
  State state() const { return state_; }
  bool busy() const { return state_ == State::solve || state_ == State::confirm || state_ == State::prune; }
  /// The match, once there is one.
  const Point& answer() const { return answer_; }
  double answer_loss() const { return answer_loss_; }
  bool unique() const { return unique_; }
  const LeastSquares& under_way() const { return squares_; }

  void save(Archive& archive, const std::string& name) const;
  void load(const Archive& archive, const std::string& name, const Point& like);

 private:
  enum class Verdict { running, matched, hopeless };
  Verdict advance(Loss& loss, const FlowOptions& options);
  void start_confirmation(Loss& loss, std::uint64_t seed);
  void conclude_confirmation(Loss& loss, bool came_back);

  State state_ = State::idle;
  LeastSquares squares_;
  double loss_then_ = 0;  // at the last check of progress
  Point answer_;
  double answer_loss_ = 0;
  double displacement_ = 0;  // of the perturbed copy
  bool unique_ = false;
};

/// Relative residual at which the observations count as matched.
double matched_residual(const Loss& loss);

/// Frobenius norm of the difference of two products (biases aside).
double distance(const Point& a, const Point& b);

}  // namespace rankflow::flow
