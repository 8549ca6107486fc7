// Stopping early at a chosen rank: when will the effective rank rest near that of the best approximation of rank k, and
// when does the next singular value enter? (Chou, Gieshoff, Maly, Rauhut 2020.)
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rankflow/matrix_problem.h"
#include "rankflow/snapshot.h"
#include "rankflow/types.h"

namespace rankflow {

/// What a problem says about its solution before anything has moved: every singular value is taken to grow by the law
/// of full observation (scalar_law.h). Exact on full observation; elsewhere an estimate.
struct TargetEstimate {
  Vector values;         // eigenvalues or singular values, descending; negative and zero ones shrink
  double curvature = 1;  // the problem's time, times this, is the scalar law's
};

/// What is needed of a problem for an estimate: -gradient(0) / curvature is the target plus noise from what was not
/// measured, of this variance in every entry.
struct TargetSketch {
  Index num_rows, num_columns, count;
  double curvature;     // mean over the matrix units of the loss's second derivative
  double squares;       // ||target||_F^2 as the measurements have it
  bool single_entries;  // not linear measurements of everything
  double noise() const;
};
/// From singular values g of -gradient(0). The inflation of the values by that noise is undone as for a matrix of low
/// rank in white noise (Benaych-Georges and Nadakuditi 2012); those inside the noise count as 0.
TargetEstimate target_estimate(const Vector& g, const TargetSketch& sketch);
template <class T>
TargetEstimate target_estimate(const MatrixProblem<T>& problem);

/// Where all singular values start, and how far one iteration goes.
struct RankWindowStart {
  double depth = 3;
  double alpha = 1e-3;     // of the end matrix: every singular value at the start
  double step_size = 0;    // 0: only times are of interest, not iterations
  double tolerance = .02;  // the effective rank sum s / s_1 counts as at rest within this share of its level
};

/// The window of rank k: while |r(t) - level| <= tolerance * level. Times are the problem's. NaN and -1: there is none.
/// An infinite end: nothing enters after it.
struct RankWindow {
  Index rank = 0;
  double level = kNaN;  // r of the best approximation of rank k: sum of the first k values / first
  double begin_time = kNaN, end_time = kNaN;
  Index first = -1, last = -1;  // iterations of gradient descent
  bool exists() const { return begin_time == begin_time; }
};

/// By the closed forms of the flow; iterations are times over the step size, 2 to 4 too few (the lag of gradient
/// descent, whatever its step size).
std::vector<RankWindow> predict_rank_windows(const TargetEstimate& target, const RankWindowStart& start,
                                             Index most_ranks = 10);
/// By gradient descent's own recursion, value by value: exact iterations on full observation.
std::vector<RankWindow> count_rank_windows(const TargetEstimate& target, const RankWindowStart& start,
                                           Index most_iterations, Index most_ranks = 10);

/// sum s_i(t) / s_1(t) by the scalar law.
double predicted_rank(const TargetEstimate& target, const RankWindowStart& start, double time);

/// Bounds on sum s / s_1 of a matrix whose first k singular values lie within [(1 - e) lambda_i, lambda_i] and whose
/// other n - k are at most d.
std::pair<double, double> rank_bounds(const Vector& lambda, Index k, Index n, double e, double d);

/// What a watcher saw of a window: from the k-th value's entry to that of the next.
struct SeenWindow {
  Index first = -1, last = -1;  // iterations: first and last record within
  double begin_time = kNaN, end_time = kNaN;
  bool armed = false;  // the rank has been k or less
  bool left = false;   // and then the next singular value has entered
};

/// Has the singular value number k + 1 entered? The rank of a spectrum is at most k while the values after the k-th add
/// up to at most `tolerance` times those before: then r(W) is within that share of the r of W's best approximation of
/// rank k. A start with all values equal has full rank; what counts is the rise after the fall.
class RankStop {
 public:
  explicit RankStop(Index rank, double tolerance = .02) : rank_(rank), tolerance_(tolerance) {}
  /// Takes note of a spectrum; true once the window was entered and has been left.
  bool left(const Vector& singular_values, Index iteration, double time);
  const SeenWindow& seen() const { return seen_; }
  void restore(const SeenWindow& seen) { seen_ = seen; }

 private:
  Index rank_;
  double tolerance_;
  SeenWindow seen_;
};

/// A watcher that ends the run when the singular value number k + 1 enters. `seen` may be null.
Watcher stop_at_rank(Index rank, double tolerance = .02, std::shared_ptr<SeenWindow> seen = nullptr);

/// "singular value 3 has entered; window of rank 2 in the flow's time: predicted 377.2 .. 814.9, seen 380 .. 810"
std::string describe_stop(Index rank, const TargetEstimate& target, const RankWindowStart& start,
                          const SeenWindow& seen);
/// The part after the colon.
std::string describe(const RankWindow& predicted, const SeenWindow& seen);

}  // namespace rankflow
