// The faithful motion: the gradient flow of a deep factorization itself, integrated with error control.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "linalg/tall.h"
#include "rankflow/error.h"
#include "rankflow/rank_window.h"
#include "solver/flow/balanced.h"
#include "solver/flow/dormand_prince.h"
#include "solver/flow/path.h"

namespace rankflow::flow {
namespace {

constexpr int kMaxRejections = 60;

constexpr Index kFirstDirections = 6;  // of the spectral start, unless max_rank says otherwise
constexpr int kStartIterations = 30;   // of the subspace iteration for the spectral start
constexpr Index kWatched = 2;          // directions outside whose scalar laws are followed
constexpr int kWatchIterations = 3;
constexpr double kEnter = 2;       // a direction enters once its law has brought it to this times alpha
constexpr double kEnterMost = 4;   // and with at most this times alpha
constexpr double kDrop = 1e-4;     // of alpha: a direction that shrinks below is dropped
constexpr double kPatience = 1.5;  // ends once time is this many times that of the best validation error

class Faithful final : public Path {
 public:
  Faithful(const Problem& problem, const Point* start)
      : problem_(problem), law_{problem.options.depth, problem.options.weight_decay}, adaptive_(start == nullptr) {
    set_point(start ? *start : spectral_start());
    start_size_ = point().s.size() > 0 ? point().s.mean() : problem.options.alpha;
    if (problem.options.stop_at_rank > 0) rank_stop_.emplace(problem.options.stop_at_rank);
    loss_ = value_at(problem_.train, point());
    note();
  }

  bool step() override {
    if (done_) return false;
    if (w_.a.cols() == 0) return end(Stop::converged, "the data have no gradient at zero: nothing to learn");
    if (adaptive_) watch();
    while (!advance())
      if (done_) return true;
    if (adaptive_) change_rank();
    note();
    const double residual = std::sqrt(2 * loss_ / problem_.train.squares());
    if (!std::isfinite(loss_)) end(Stop::diverged, "the flow diverged; choose a smaller path_tolerance");
    if (residual < problem_.options.tolerance) end(Stop::converged, "the residual fell below the tolerance");
    if (problem_.options.max_time > 0 && time_ >= problem_.options.max_time)
      end(Stop::converged, "the flow reached max_time");
    if (rank_stop_ && rank_stop_->left(point().s, accepted_, time_)) end(Stop::converged, rank_message());
    if (!rank_stop_ && problem_.validation && time_ > kPatience * best_.time && accepted_ > best_step_ + 50)
      end(Stop::validation, "the validation error had its minimum");
    return true;
  }

  void not_beyond(double time) override { until_ = time; }
  Where where() const override { return {&point(), loss_, validation_, time_, last_step_}; }
  Candidate best() const override {
    Candidate candidate = best_;
    if (!chosen_by_validation()) candidate.point = point();
    return candidate;
  }

  void save(Archive& archive) const override {
    archive.set("faithful.a", w_.a);
    archive.set("faithful.b", w_.b);
    archive.set("faithful.numbers", std::vector<double>{time_, step_size_, last_step_, loss_, validation_});
    archive.set("faithful.clocks", std::vector<double>(clocks_.begin(), clocks_.end()));
    archive.set("faithful.counters", std::vector<std::int64_t>{accepted_, best_step_, adaptive_, done_});
    archive.set("faithful.rate_a", rate_.a);
    archive.set("faithful.rate_b", rate_.b);
    flow::save(archive, "faithful.point", point());
    flow::save(archive, "faithful.best", best());
    archive.set("faithful.best_time", best_.time);
    const SeenWindow seen = rank_stop_ ? rank_stop_->seen() : SeenWindow{};
    archive.set("faithful.window", std::vector<double>{seen.begin_time, seen.end_time});
    archive.set("faithful.window_steps", std::vector<std::int64_t>{seen.first, seen.last, seen.armed, seen.left});
  }

  void load(const Archive& archive) override {
    point_ = load_point(archive, "faithful.point", problem_.start);
    w_.a = archive.get_matrix("faithful.a", point_->num_rows(), point_->width());
    w_.b = archive.get_matrix("faithful.b", point_->num_columns(), point_->width());
    const Index known = archive.get_matrix("faithful.rate_a").cols();  // 0: not known
    rate_.a = archive.get_matrix("faithful.rate_a", known > 0 ? w_.a.rows() : 0, known > 0 ? w_.a.cols() : 0);
    rate_.b = archive.get_matrix("faithful.rate_b", known > 0 ? w_.b.rows() : 0, known > 0 ? w_.b.cols() : 0);
    const auto numbers = archive.get_doubles("faithful.numbers", 5);
    time_ = numbers[0], step_size_ = numbers[1], last_step_ = numbers[2], loss_ = numbers[3], validation_ = numbers[4];
    const auto clocks = archive.get_doubles("faithful.clocks", kWatched);
    std::copy(clocks.begin(), clocks.end(), clocks_.begin());
    const auto counters = archive.get_ints("faithful.counters", 4);
    accepted_ = counters[0], best_step_ = counters[1], adaptive_ = counters[2] != 0, done_ = counters[3] != 0;
    best_ = load_candidate(archive, "faithful.best", problem_.start);
    best_.time = archive.get_double("faithful.best_time");
    const auto window = archive.get_doubles("faithful.window", 2);
    const auto steps = archive.get_ints("faithful.window_steps", 4);
    if (rank_stop_) rank_stop_->restore({steps[0], steps[1], window[0], window[1], steps[2] != 0, steps[3] != 0});
  }

 private:
  Point spectral_start() {
    const Index wanted =
        problem_.options.max_rank > 0 ? problem_.max_rank() : std::min(problem_.max_rank(), kFirstDirections);
    adaptive_ = problem_.options.max_rank == 0;
    const Pairs pairs = top_pairs(problem_.train, problem_.start, wanted, kStartIterations, problem_.options.seed);
    Index usable = 0;
    while (usable < pairs.g.size() && pairs.g[usable] > 1e-12 * pairs.g[0]) ++usable;
    Point point = problem_.start;
    point.u = pairs.p.leftCols(usable);
    point.v = pairs.q.leftCols(usable);
    point.s = Vector::Constant(usable, problem_.options.alpha);
    return point;
  }

  /// The singular value decomposition of where it is: made when it is asked for.
  const Point& point() const {
    if (!point_) point_ = to_point(w_, problem_.start);
    return *point_;
  }

  void set_point(const Point& to) {
    point_ = to;
    w_ = balance(to);
    rate_ = {};
  }

  // Keeps the loss and the frame of the last evaluation.
  Balanced rate(const Balanced& w) {
    const Slope slope = problem_.train.slope({w.a, w.b, problem_.start});
    frame_ = frame_of(w);
    slope_loss_ = slope.loss;
    return flow_rate(w, frame_, slope, law_);
  }

  // One attempt of a Runge-Kutta step; false if its error was too large (the step size is then smaller).
  bool advance() {
    if (rate_.a.size() == 0) rate_ = rate(w_);
    if (step_size_ == 0) step_size_ = first_step(rate_);
    double h = step_size_;
    const double limit = problem_.options.max_time > 0 ? std::min(until_, problem_.options.max_time) : until_;
    const bool last = h >= limit - time_;
    if (last) h = limit - time_;
    const auto step = runge_kutta_step(w_, rate_, h, [this](const Balanced& w) { return rate(w); });
    const double error = relative_error(step.error(h), step.next) / problem_.options.path_tolerance;
    const double factor = step_factor(error);
    if (!(error <= 1)) {
      step_size_ = h * factor;
      if (++rejections_ > kMaxRejections) end(Stop::diverged, "no step size gives the accuracy asked for");
      return false;
    }
    rejections_ = 0;
    settle(step.next, step.rates.back());
    loss_ = slope_loss_;
    point_.reset();
    time_ = last ? limit : time_ + h;
    last_step_ = h;
    if (!last || h * factor > step_size_) step_size_ = h * factor;
    ++accepted_;
    for (Index c = 0; c < kWatched; ++c) clocks_[c] += h * watched_[c];
    return true;
  }

  // The end of a step becomes the beginning of the next: in its frame, balanced, with its rate.
  void settle(const Balanced& w, const Balanced& rate_there) {
    w_ = {times(w.a, frame_.rotation), times(w.b, frame_.rotation)};
    const Matrix k = balancing(w_, frame_.s);
    w_.add(1, {times(w_.a, k), times(w_.b, -k)});
    rate_ = {times(rate_there.a, frame_.rotation), times(rate_there.b, frame_.rotation)};
    rate_.add(1, {times(rate_.a, k), times(rate_.b, -k)});
  }

  double first_step(const Balanced& rate_now) const {
    double fastest = 0;
    for (Index c = 0; c < w_.a.cols(); ++c)
      fastest = std::max(
          {fastest, rate_now.a.col(c).norm() / w_.a.col(c).norm(), rate_now.b.col(c).norm() / w_.b.col(c).norm()});
    return fastest > 0 ? .01 / fastest : 1;
  }

  // Largest error of a column relative to that column, so that small directions are followed as well as large ones.
  static double relative_error(const Balanced& error, const Balanced& next) {
    double worst = 0;
    for (Index c = 0; c < next.a.cols(); ++c) {
      const double a = error.a.col(c).norm() / next.a.col(c).norm(), b = error.b.col(c).norm() / next.b.col(c).norm();
      if (!std::isfinite(a) || !std::isfinite(b)) return kNaN;
      worst = std::max({worst, a, b});
    }
    return worst;
  }

  // The directions outside that grow fastest, for their scalar laws.
  void watch() {
    watched_.fill(0);
    if (point().width() >= problem_.max_rank()) return;
    outside_ = top_pairs(problem_.train, point(), kWatched, kWatchIterations, problem_.options.seed);
    for (Index c = 0; c < outside_.g.size(); ++c) watched_[c] = outside_.g[c];
  }

  void change_rank() {
    const double alpha = problem_.options.alpha;
    const double size = scalar_law(alpha, clocks_[0], law_.depth);
    if (size > kEnter * alpha && point().width() < problem_.max_rank() && outside_.g.size() > 0) {
      watch();
      set_point(add_direction(point(), outside_.p.col(0), outside_.q.col(0), std::min(size, kEnterMost * alpha)));
      loss_ = value_at(problem_.train, point());
      std::rotate(clocks_.begin(), clocks_.begin() + 1, clocks_.end());
      clocks_.back() = 0;
    }
    const Index keep = (point().s.array() > kDrop * alpha).count();
    if (keep < point().width()) {
      Point less = point();
      drop_small(less, kDrop * alpha / less.s[0], problem_.max_rank());
      set_point(less);
      loss_ = value_at(problem_.train, point());
    }
  }

  // Otherwise the last point is the result.
  bool chosen_by_validation() const { return problem_.validation && !rank_stop_; }

  void note() {
    validation_ = problem_.validation ? problem_.validation_rmse(point()) : kNaN;
    if (chosen_by_validation()) {
      if (accepted_ > 0 && !(validation_ < best_.validation_rmse)) return;
      best_.point = point();
    }
    best_.train_rmse = rmse(problem_.train, loss_);
    best_.validation_rmse = validation_;
    best_.path = {FlowStrategy::greedy, 0, static_cast<Index>(accepted_)};
    best_.time = time_;
    best_.message = "the flow is under way";
    best_step_ = accepted_;
  }

  // When the window of the rank was seen, and when the law of full observation would have it.
  std::string rank_message() const {
    const Index rank = problem_.options.stop_at_rank;
    const Pairs pairs = top_pairs(problem_.train, problem_.start, rank + 1, kStartIterations, problem_.options.seed);
    const Loss& loss = problem_.train;
    double curvature = 0;
    Index by_rows = 0;
    for (Index i = 0; i < loss.num_rows(); ++i) curvature += loss.row_weight(i), by_rows += loss.row_count(i);
    curvature /= static_cast<double>(loss.num_rows() * loss.num_columns());
    const TargetSketch sketch{loss.num_rows(), loss.num_columns(),         loss.count(),
                              curvature,       loss.squares() / curvature, by_rows == loss.count()};
    return describe_stop(rank, target_estimate(pairs.g, sketch), {law_.depth, start_size_, 0}, rank_stop_->seen());
  }

  bool end(Stop why, const std::string& message) {
    done_ = true;
    best_.stop = why;
    best_.message = message;
    if (rank_stop_ && !rank_stop_->seen().left)
      best_.message += "; no singular value after number " + std::to_string(problem_.options.stop_at_rank) + " entered";
    return false;
  }

  Problem problem_;
  Law law_;
  bool adaptive_ = true, done_ = false;
  mutable std::optional<Point> point_;
  Balanced w_, rate_;  // rate_ empty: not known
  Frame frame_;
  double slope_loss_ = 0, until_ = std::numeric_limits<double>::infinity();
  double start_size_ = 0, loss_ = 0, validation_ = kNaN, time_ = 0, step_size_ = 0, last_step_ = kNaN;
  std::int64_t accepted_ = 0, best_step_ = 0;
  int rejections_ = 0;
  std::optional<RankStop> rank_stop_;
  Pairs outside_;
  std::array<double, kWatched> clocks_{}, watched_{};
  Candidate best_;
};

}  // namespace

std::unique_ptr<Path> make_faithful(const Problem& problem, const Point* start) {
  return std::make_unique<Faithful>(problem, start);
}

}  // namespace rankflow::flow
