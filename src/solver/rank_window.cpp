// Windows of the effective rank: predicted from a spectrum, counted by recursion, seen in a run.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/rank_window.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "linalg/decompositions.h"
#include "rankflow/error.h"
#include "rankflow/scalar_law.h"
#include "solver/flow/measured_loss.h"

namespace rankflow {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kSamples = 64;     // between two entries, in the search for the middle of a window
constexpr int kBisections = 60;  // of its ends
constexpr double kGrown = .999;  // share of its limit at which a value counts as grown

void check(const TargetEstimate& target, const RankWindowStart& start) {
  if (target.values.size() == 0 || !(target.values[0] > 0))
    throw OptionError("nothing grows: the target has no positive value");
  if (!(start.depth > 1) || !(start.alpha > 0) || !(start.tolerance > 0 && start.tolerance < 1) ||
      !(target.curvature > 0))
    throw OptionError("the window of a rank needs depth > 1, alpha > 0, curvature > 0 and tolerance in (0, 1)");
}

// r of the best approximation of rank k, for the k that are followed by a smaller value.
std::vector<RankWindow> levels(const TargetEstimate& target, Index most_ranks) {
  std::vector<RankWindow> windows;
  double sum = 0;
  for (Index k = 0; k < std::min(most_ranks, target.values.size()) && target.values[k] > 0; ++k) {
    sum += target.values[k];
    RankWindow window;
    window.rank = k + 1;
    window.level = sum / target.values[0];
    windows.push_back(window);
  }
  return windows;
}

bool within(double r, const RankWindow& window, double tolerance) {
  return std::abs(r - window.level) <= tolerance * window.level;
}

// Time (of the problem) at which value k has grown to a share of its limit; infinite where it does not grow.
double time_to(const TargetEstimate& target, const RankWindowStart& start, Index k, double share) {
  if (k >= target.values.size() || !(target.values[k] > 0)) return kInfinity;
  const double goal = share * target.values[k];
  if (goal <= start.alpha) return 0;
  return scalar_time(start.depth, target.values[k], start.alpha, goal) / target.curvature;
}

// The border between `inside` and `outside` the window.
double border(const TargetEstimate& target, const RankWindowStart& start, const RankWindow& window, double inside,
              double outside) {
  for (int k = 0; k < kBisections; ++k) {
    const double middle = (inside + outside) / 2;
    (within(predicted_rank(target, start, middle), window, start.tolerance) ? inside : outside) = middle;
  }
  return inside;
}

void predict(const TargetEstimate& target, const RankWindowStart& start, RankWindow& window) {
  const Index k = window.rank - 1;
  const double from = time_to(target, start, k, .5);
  double to = time_to(target, start, k + 1, kGrown);
  const bool last = std::isinf(to);
  if (last) to = 2 * time_to(target, start, k, kGrown);
  double best = kNaN, least = kInfinity;
  for (int sample = 0; sample <= kSamples; ++sample) {
    const double t = from + (to - from) * sample / kSamples;
    const double distance = std::abs(predicted_rank(target, start, t) - window.level);
    if (distance < least) best = t, least = distance;
  }
  if (!(least <= start.tolerance * window.level)) return;
  const double outside = k == 0 ? 0 : time_to(target, start, k, 1e-3);
  window.begin_time = border(target, start, window, best, outside);
  window.end_time = last ? kInfinity : border(target, start, window, best, to);
  if (start.step_size > 0) {
    window.first = static_cast<Index>(std::ceil(window.begin_time / start.step_size));
    window.last = last ? -1 : static_cast<Index>(std::floor(window.end_time / start.step_size));
  }
}

}  // namespace

double TargetSketch::noise() const {
  const double cells = static_cast<double>(num_rows * num_columns), seen = static_cast<double>(count);
  return squares / seen * (single_entries ? 1 - seen / cells : 1);
}

TargetEstimate target_estimate(const Vector& g, const TargetSketch& sketch) {
  const double m = static_cast<double>(std::min(sketch.num_rows, sketch.num_columns));
  const double n = static_cast<double>(std::max(sketch.num_rows, sketch.num_columns)), unit = n * sketch.noise();
  TargetEstimate target{g / sketch.curvature, sketch.curvature};
  if (unit > 0)
    for (double& value : target.values) {
      const double beta = m / n, t = value * value / unit - beta - 1;
      value = t > 2 * std::sqrt(beta) ? std::sqrt(unit * (t + std::sqrt(t * t - 4 * beta)) / 2) : 0;
    }
  return target;
}

template <class T>
TargetEstimate target_estimate(const MatrixProblem<T>& problem) {
  MatrixOf<T> gradient;
  loss_at(problem, MatrixOf<T>(MatrixOf<T>::Zero(problem.num_rows, problem.num_columns)), &gradient);
  const double cells = static_cast<double>(problem.num_rows * problem.num_columns);
  double squares = 0;  // sum_k ||A_k||_F^2, with weights
  switch (problem.measurement) {
    case Measurement::entries:
      squares = static_cast<double>(problem.count());
      if (!problem.entries.weight.empty()) {
        squares = 0;
        for (const T weight : problem.entries.weight) squares += static_cast<double>(weight);
      }
      break;
    case Measurement::full:
      squares = cells;
      break;
    case Measurement::dense:
      squares = static_cast<double>(problem.matrices.squaredNorm());
      break;
    case Measurement::rank_one:
      squares = static_cast<double>(problem.left.rowwise().squaredNorm().dot(problem.right.rowwise().squaredNorm()));
      break;
  }
  const double scale =
      problem.loss.normalization == Normalization::mean ? 2.0 / static_cast<double>(problem.count()) : 1.0;
  const double curvature = scale * squares / cells;
  MatrixLoss squared = problem.loss;
  squared.penalty = Penalty::squared;
  const auto loss = flow::make_loss(problem, squared);
  const bool single = problem.measurement == Measurement::entries || problem.measurement == Measurement::full;
  return target_estimate(
      singular_values(gradient.template cast<double>()),
      {problem.num_rows, problem.num_columns, problem.count(), curvature, loss->squares() / curvature, single});
}

template TargetEstimate target_estimate<double>(const MatrixProblem<double>&);
template TargetEstimate target_estimate<float>(const MatrixProblem<float>&);

double predicted_rank(const TargetEstimate& target, const RankWindowStart& start, double time) {
  double sum = 0, largest = 0, s = kNaN;
  for (Index i = 0; i < target.values.size(); ++i) {
    const double lambda = target.values[i];
    if (i == 0 || lambda != target.values[i - 1])
      s = scalar_value(start.depth, lambda, start.alpha, time * target.curvature);
    sum += s;
    largest = std::max(largest, s);
  }
  return sum / largest;
}

std::vector<RankWindow> predict_rank_windows(const TargetEstimate& target, const RankWindowStart& start,
                                             Index most_ranks) {
  check(target, start);
  auto windows = levels(target, most_ranks);
  for (RankWindow& window : windows) predict(target, start, window);
  return windows;
}

std::vector<RankWindow> count_rank_windows(const TargetEstimate& target, const RankWindowStart& start,
                                           Index most_iterations, Index most_ranks) {
  check(target, start);
  if (!(start.step_size > 0)) throw OptionError("counting iterations needs a step size above 0");
  auto windows = levels(target, most_ranks);
  const LayerRecursion recursion{start.depth, start.step_size * target.curvature};
  Vector x = Vector::Constant(target.values.size(), std::pow(start.alpha, 1 / start.depth));
  for (Index k = 0; k <= most_iterations; ++k) {
    const Vector s = x.array().pow(start.depth);
    const double r = s.sum() / s.maxCoeff();
    for (RankWindow& window : windows) {
      if (!within(r, window, start.tolerance)) continue;
      if (window.last != k - 1) window.first = k;  // what came before was the fall from the start
      window.last = k;
    }
    for (Index i = 0; i < x.size(); ++i) x[i] = recursion.next(x[i], target.values[i]);
  }
  for (RankWindow& window : windows) {
    if (window.first < 0) continue;
    window.begin_time = static_cast<double>(window.first) * start.step_size;
    window.end_time = static_cast<double>(window.last) * start.step_size;
    if (window.last == most_iterations) window.last = -1, window.end_time = kInfinity;
  }
  return windows;
}

std::pair<double, double> rank_bounds(const Vector& lambda, Index k, Index n, double e, double d) {
  const double level = lambda.head(k).sum() / lambda[0];
  return {(1 - e) * level, (level + static_cast<double>(n - k) * d / lambda[0]) / (1 - e)};
}

bool RankStop::left(const Vector& singular_values, Index iteration, double time) {
  if (seen_.left) return true;
  if (singular_values.size() < rank_) return false;
  const double before = singular_values.head(rank_).sum();
  const double after = singular_values.tail(singular_values.size() - rank_).sum();
  if (after <= tolerance_ * before) {
    seen_.armed = true;
    const double last_one = singular_values[rank_ - 1];
    if (last_one + after <= tolerance_ * (before - last_one)) {
      seen_ = {.armed = true};  // rank k - 1 or less: what came before was the fall from the start
      return false;
    }
    if (seen_.first < 0) seen_.first = iteration, seen_.begin_time = time;
    seen_.last = iteration, seen_.end_time = time;
  } else if (seen_.armed) {
    seen_.left = true;
  }
  return seen_.left;
}

Watcher stop_at_rank(Index rank, double tolerance, std::shared_ptr<SeenWindow> seen) {
  if (rank < 1 || !(tolerance > 0)) throw OptionError("stopping at a rank needs a rank of at least 1");
  return [stop = RankStop(rank, tolerance), seen](Snapshot& snapshot) mutable {
    const bool left = stop.left(snapshot.singular_values(), snapshot.iteration, snapshot.time);
    if (seen) *seen = stop.seen();
    return left ? Next::finish : Next::proceed;
  };
}

std::string describe_stop(Index rank, const TargetEstimate& target, const RankWindowStart& start,
                          const SeenWindow& seen) {
  RankWindow predicted;
  if (target.values.size() > 0 && target.values[0] > 0)
    for (const RankWindow& window : predict_rank_windows(target, start, rank))
      if (window.rank == rank) predicted = window;
  return fmt::format("singular value {} has entered; window of rank {} in the flow's time: {}", rank + 1, rank,
                     describe(predicted, seen));
}

std::string describe(const RankWindow& predicted, const SeenWindow& seen) {
  const std::string forecast = predicted.exists()
                                   ? fmt::format("predicted {:.4g} .. {:.4g}", predicted.begin_time, predicted.end_time)
                                   : "none predicted";
  return forecast +
         (seen.first >= 0 ? fmt::format(", seen {:.4g} .. {:.4g}", seen.begin_time, seen.end_time) : ", none seen");
}

}  // namespace rankflow
