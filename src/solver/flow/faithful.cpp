// The faithful motion: the gradient flow of a deep factorization itself, integrated with error control.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>

#include "rankflow/error.h"
#include "solver/flow/balanced.h"
#include "solver/flow/path.h"

namespace rankflow::flow {
namespace {

// Dormand and Prince 1980: order 5 with an error estimate of order 4; the autonomous form needs no nodes.
constexpr int kStages = 7;
constexpr double kTableau[kStages][kStages - 1] = {
    {},
    {1.0 / 5},
    {3.0 / 40, 9.0 / 40},
    {44.0 / 45, -56.0 / 15, 32.0 / 9},
    {19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729},
    {9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656},
    {35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84},
};
constexpr double kErrorWeights[kStages] = {71.0 / 57600,      0,          -71.0 / 16695, 71.0 / 1920,
                                           -17253.0 / 339200, 22.0 / 525, -1.0 / 40};
constexpr double kSafety = .9, kMostGrowth = 4, kLeastGrowth = .2;
constexpr int kMaxRejections = 60;

constexpr Index kFirstDirections = 6;  // of the spectral start, unless max_rank says otherwise
constexpr Index kWatched = 2;          // directions outside whose scalar laws are followed
constexpr int kWatchIterations = 3;
constexpr double kEnter = 2;       // a direction enters once its law has brought it to this times alpha
constexpr double kDrop = 1e-4;     // of alpha: a direction that shrinks below is dropped
constexpr double kPatience = 1.5;  // ends once time is this many times that of the best validation error

class Faithful final : public Path {
 public:
  Faithful(const Problem& problem, const Point* start)
      : problem_(problem), law_{problem.options.depth, problem.options.weight_decay}, adaptive_(start == nullptr) {
    point_ = start ? *start : spectral_start();
    w_ = balance(point_);
    loss_ = value_at(problem_.train, point_);
    note();
  }

  bool step() override {
    if (done_) return false;
    if (point_.width() == 0) return end(Stop::converged, "the data have no gradient at zero: nothing to learn");
    if (adaptive_) watch();
    while (!advance())
      if (done_) return true;
    w_ = canonical(w_);
    point_ = to_point(w_, problem_.start);
    loss_ = value_at(problem_.train, point_);
    if (adaptive_) change_rank();
    note();
    const double residual = std::sqrt(2 * loss_ / problem_.train.squares());
    if (!std::isfinite(loss_)) end(Stop::diverged, "the flow diverged; choose a smaller path_tolerance");
    if (residual < problem_.options.tolerance) end(Stop::converged, "the residual fell below the tolerance");
    if (problem_.options.max_time > 0 && time_ >= problem_.options.max_time)
      end(Stop::converged, "the flow reached max_time");
    if (problem_.validation && time_ > kPatience * best_.time && accepted_ > best_step_ + 50)
      end(Stop::validation, "the validation error had its minimum");
    return true;
  }

  Where where() const override { return {&point_, loss_, validation_, time_, last_step_}; }
  Candidate best() const override { return best_; }

  void save(Archive& archive) const override {
    archive.set("faithful.a", w_.a);
    archive.set("faithful.b", w_.b);
    archive.set("faithful.numbers", std::vector<double>{time_, step_size_, last_step_, loss_, validation_});
    archive.set("faithful.clocks", std::vector<double>(clocks_.begin(), clocks_.end()));
    archive.set("faithful.counters", std::vector<std::int64_t>{accepted_, best_step_, adaptive_, done_});
    flow::save(archive, "faithful.point", point_);
    flow::save(archive, "faithful.best", best_);
    archive.set("faithful.best_time", best_.time);
  }

  void load(const Archive& archive) override {
    point_ = load_point(archive, "faithful.point", problem_.start);
    w_.a = archive.get_matrix("faithful.a", point_.num_rows(), point_.width());
    w_.b = archive.get_matrix("faithful.b", point_.num_columns(), point_.width());
    const auto numbers = archive.get_doubles("faithful.numbers", 5);
    time_ = numbers[0], step_size_ = numbers[1], last_step_ = numbers[2], loss_ = numbers[3], validation_ = numbers[4];
    const auto clocks = archive.get_doubles("faithful.clocks", kWatched);
    std::copy(clocks.begin(), clocks.end(), clocks_.begin());
    const auto counters = archive.get_ints("faithful.counters", 4);
    accepted_ = counters[0], best_step_ = counters[1], adaptive_ = counters[2] != 0, done_ = counters[3] != 0;
    best_ = load_candidate(archive, "faithful.best", problem_.start);
    best_.time = archive.get_double("faithful.best_time");
  }

 private:
  Point spectral_start() {
    const Index wanted =
        problem_.options.max_rank > 0 ? problem_.max_rank() : std::min(problem_.max_rank(), kFirstDirections);
    adaptive_ = problem_.options.max_rank == 0;
    const Pairs pairs = top_pairs(problem_.train, problem_.start, wanted, 30, problem_.options.seed);
    Index usable = 0;
    while (usable < pairs.g.size() && pairs.g[usable] > 1e-12 * pairs.g[0]) ++usable;
    Point point = problem_.start;
    point.u = pairs.p.leftCols(usable);
    point.v = pairs.q.leftCols(usable);
    point.s = Vector::Constant(usable, problem_.options.alpha);
    return point;
  }

  Balanced rate(const Balanced& w) {
    const Slope slope = problem_.train.slope({w.a, w.b, problem_.start});
    return flow_rate(w, frame_of(w), slope, law_);
  }

  static Balanced canonical(const Balanced& w) {
    const Frame frame = frame_of(w);
    return {w.a * frame.rotation, w.b * frame.rotation};
  }

  // One attempt of a Runge-Kutta step; false if its error was too large (the step size is then smaller).
  bool advance() {
    std::array<Balanced, kStages> k;
    k[0] = rate(w_);
    if (step_size_ == 0) step_size_ = first_step(k[0]);
    double h = step_size_;
    const double left = problem_.options.max_time - time_;
    const bool last = problem_.options.max_time > 0 && h >= left;
    if (last) h = left;
    Balanced next;
    for (int stage = 1; stage < kStages; ++stage) {
      next = w_;
      for (int j = 0; j < stage; ++j) {
        if (kTableau[stage][j] == 0) continue;
        next.a += h * kTableau[stage][j] * k[j].a;
        next.b += h * kTableau[stage][j] * k[j].b;
      }
      k[stage] = rate(next);  // the last stage's point is the step's end
    }
    const double error = relative_error(k, next, h) / problem_.options.path_tolerance;
    const double factor = std::isfinite(error)
                              ? std::clamp(kSafety * std::pow(std::max(error, 1e-10), -.2), kLeastGrowth, kMostGrowth)
                              : kLeastGrowth;
    if (!(error <= 1)) {
      step_size_ = h * factor;
      if (++rejections_ > kMaxRejections) end(Stop::diverged, "no step size gives the accuracy asked for");
      return false;
    }
    rejections_ = 0;
    w_ = next;
    time_ = last ? problem_.options.max_time : time_ + h;
    last_step_ = h;
    if (!last || h * factor > step_size_) step_size_ = h * factor;
    ++accepted_;
    for (Index c = 0; c < kWatched; ++c) clocks_[c] += h * watched_[c];
    return true;
  }

  double first_step(const Balanced& rate_now) const {
    double fastest = 0;
    for (Index c = 0; c < w_.a.cols(); ++c)
      fastest = std::max(
          {fastest, rate_now.a.col(c).norm() / w_.a.col(c).norm(), rate_now.b.col(c).norm() / w_.b.col(c).norm()});
    return fastest > 0 ? .01 / fastest : 1;
  }

  // Largest error of a column relative to that column, so that small directions are followed as well as large ones.
  static double relative_error(const std::array<Balanced, kStages>& k, const Balanced& next, double h) {
    Matrix ea = Matrix::Zero(next.a.rows(), next.a.cols()), eb = Matrix::Zero(next.b.rows(), next.b.cols());
    for (int stage = 0; stage < kStages; ++stage) {
      ea += h * kErrorWeights[stage] * k[stage].a;
      eb += h * kErrorWeights[stage] * k[stage].b;
    }
    double worst = 0;
    for (Index c = 0; c < ea.cols(); ++c) {
      const double a = ea.col(c).norm() / next.a.col(c).norm(), b = eb.col(c).norm() / next.b.col(c).norm();
      if (!std::isfinite(a) || !std::isfinite(b)) return kNaN;
      worst = std::max({worst, a, b});
    }
    return worst;
  }

  // The directions outside that grow fastest, for their scalar laws.
  void watch() {
    watched_.fill(0);
    if (point_.width() >= problem_.max_rank()) return;
    outside_ = top_pairs(problem_.train, point_, kWatched, kWatchIterations, problem_.options.seed);
    for (Index c = 0; c < outside_.g.size(); ++c) watched_[c] = outside_.g[c];
  }

  void change_rank() {
    const double alpha = problem_.options.alpha;
    const double size = scalar_law(alpha, clocks_[0], law_.depth);
    if (size > kEnter * alpha && point_.width() < problem_.max_rank() && outside_.g.size() > 0) {
      watch();
      point_ = add_direction(point_, outside_.p.col(0), outside_.q.col(0), std::min(size, kMostGrowth * alpha));
      std::rotate(clocks_.begin(), clocks_.begin() + 1, clocks_.end());
      clocks_.back() = 0;
      w_ = balance(point_);
    }
    const Index keep = (point_.s.array() > kDrop * alpha).count();
    if (keep < point_.width()) {
      drop_small(point_, kDrop * alpha / point_.s[0], problem_.max_rank());
      w_ = balance(point_);
    }
  }

  void note() {
    validation_ = problem_.validation_rmse(point_);
    if (problem_.validation && accepted_ > 0 && !(validation_ < best_.validation_rmse)) return;
    best_.point = point_;
    best_.train_rmse = rmse(problem_.train, loss_);
    best_.validation_rmse = validation_;
    best_.path = {FlowStrategy::greedy, 0, static_cast<Index>(accepted_)};
    best_.time = time_;
    best_.message = "the flow is under way";
    best_step_ = accepted_;
  }

  bool end(Stop why, const char* message) {
    done_ = true;
    best_.stop = why;
    best_.message = message;
    return false;
  }

  Problem problem_;
  Law law_;
  bool adaptive_ = true, done_ = false;
  Point point_;
  Balanced w_;
  double loss_ = 0, validation_ = kNaN, time_ = 0, step_size_ = 0, last_step_ = kNaN;
  std::int64_t accepted_ = 0, best_step_ = 0;
  int rejections_ = 0;
  Pairs outside_;
  std::array<double, kWatched> clocks_{}, watched_{};
  Candidate best_;
};

}  // namespace

std::unique_ptr<Path> make_faithful(const Problem& problem, const Point* start) {
  return std::make_unique<Faithful>(problem, start);
}

}  // namespace rankflow::flow
