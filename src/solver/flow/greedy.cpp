// Greedy entry: from rest to rest, one direction more each time, until the data are matched or only noise is left.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "rankflow/error.h"
#include "solver/flow/finish.h"
#include "solver/flow/path.h"

namespace rankflow::flow {
namespace {

constexpr double kRest = .03;  // relative decrease of the loss per step at which the flow rests
constexpr int kMaxMoves = 25;  // steps between two entries
constexpr int kPairIterations = 8;
constexpr double kNegligible = 1e-6;  // of the largest singular value: dropped
constexpr int kPatience = 4;          // ranks without improvement
constexpr double kWorthTrying = .9;   // loss at rest over the loss one direction ago
constexpr double kBetter = 1e-3;      // relative improvement that counts
// On large data the strategy auto goes on beyond a dozen directions only where they explain nearly everything.
constexpr Index kLarge = 1'000'000, kEnoughOnLarge = 12;
constexpr double kNearlyExact = .3;  // of the error at rank zero
constexpr double kMostFreedom = .9;  // degrees of freedom per observation

class Greedy final : public Path {
 public:
  Greedy(const Problem& problem, Index repeat)
      : problem_(problem), law_{problem.options.depth, 0}, point_(problem.start), repeat_(repeat) {
    rested_loss_ = loss_ = value_at(problem_.train, point_);
    best_ = {point_, rmse(problem_.train, loss_), problem_.validation_rmse(point_), {}, 0, false, false, Stop::not_run,
             ""};
    first_score_ = best_score_ = score(best_.point, loss_, best_.validation_rmse);
  }

  bool step() override {
    switch (phase_) {
      case Phase::enter:
        enter();
        break;
      case Phase::move:
        move();
        break;
      case Phase::solve:
        solve();
        break;
      case Phase::done:
        return false;
    }
    return true;
  }

  Where where() const override {
    if (phase_ == Phase::solve && finish_.busy())
      return {&finish_.under_way().point, finish_.under_way().loss, kNaN, kNaN, kNaN};
    return {&point_, loss_, validation_, kNaN, step_size_};
  }

  Candidate best() const override {
    Candidate candidate = best_;
    if (phase_ != Phase::done && candidate.stop == Stop::not_run)
      candidate.message = "the greedy path was not finished";
    return candidate;
  }

  void save(Archive& archive) const override {
    archive.set("greedy.phase", static_cast<std::int64_t>(phase_));
    archive.set("greedy.counters", std::vector<std::int64_t>{moves_, entered_, stale_});
    archive.set("greedy.numbers", std::vector<double>{loss_, validation_, step_size_, best_score_, rested_loss_});
    flow::save(archive, "greedy.point", point_);
    flow::save(archive, "greedy.previous", previous_);
    flow::save(archive, "greedy.best", best_);
    if (phase_ == Phase::solve) finish_.save(archive, "greedy.finish");
  }

  void load(const Archive& archive) override {
    const std::int64_t phase = archive.get_int("greedy.phase");
    if (phase < 0 || phase > static_cast<std::int64_t>(Phase::done))
      throw InputError("greedy.phase", "found phase " + std::to_string(phase) + ", expected 0 to 3");
    phase_ = static_cast<Phase>(phase);
    const auto counters = archive.get_ints("greedy.counters", 3);
    moves_ = static_cast<int>(counters[0]), entered_ = counters[1], stale_ = static_cast<int>(counters[2]);
    const auto numbers = archive.get_doubles("greedy.numbers", 5);
    loss_ = numbers[0], validation_ = numbers[1], step_size_ = numbers[2], best_score_ = numbers[3];
    rested_loss_ = numbers[4];
    point_ = load_point(archive, "greedy.point", problem_.start);
    previous_ = load_tangent(archive, "greedy.previous", point_);
    best_ = load_candidate(archive, "greedy.best", problem_.start);
    if (phase_ == Phase::solve) finish_.load(archive, "greedy.finish", problem_.start);
  }

 private:
  enum class Phase { enter, move, solve, done };

  double freedom(Index r) const {
    return static_cast<double>(r * (problem_.train.num_rows() + problem_.train.num_columns() - r)) /
           static_cast<double>(problem_.train.count());
  }
  // What the rank is chosen by: validation, or without one generalized cross-validation (Golub, Heath, Wahba 1979).
  double score(const Point& point, double loss, double validation) const {
    if (problem_.validation) return validation;
    return rmse(problem_.train, loss) / std::max(1e-3, 1 - freedom(point.width()));
  }

  bool noise_is_left(Index r) const {
    return problem_.options.strategy == FlowStrategy::automatic && problem_.train.count() > kLarge &&
           r > kEnoughOnLarge && best_score_ > kNearlyExact * first_score_;
  }

  // The top singular pair of -G outside the spaces enters, as far as it lowers the loss.
  void enter() {
    const Index r = point_.width() + 1;
    if (r > problem_.max_rank() || freedom(r) > kMostFreedom) return end();
    if (repeat_ > 0 ? entered_ >= repeat_ : stale_ >= kPatience || noise_is_left(r)) return end();
    const Pairs pair = top_pairs(problem_.train, point_, 1, kPairIterations, problem_.options.seed + entered_);
    const double observed = observed_square(problem_.train, pair.p.col(0), pair.q.col(0));
    if (!(pair.g[0] > 0) || !(observed > 0)) return end();
    point_ = add_direction(point_, pair.p.col(0), pair.q.col(0), pair.g[0] / observed);
    previous_ = {};
    loss_ = value_at(problem_.train, point_);
    ++entered_;
    moves_ = 0;
    phase_ = Phase::move;
  }

  // One step of the flow in the plane of its direction and the previous one; rests when little is gained.
  void move() {
    const Slope slope = slope_at(problem_.train, point_);
    loss_ = slope.loss;
    const Tangent direction = flow_direction(point_, slope, law_);
    const PlaneStep best = minimum_over_plane(problem_.train, point_, slope, law_, direction, previous_);
    const Tangent xi = combine(best.a, direction, best.b, previous_);
    const Retraction along(point_, xi);
    Point next;
    double value = slope.loss, step = 1;
    for (int tries = 0; tries < 4; ++tries, step /= 4) {
      next = along.at(step);
      value = value_at(problem_.train, next);
      if (value < slope.loss) break;
    }
    ++moves_;
    if (value < slope.loss) {
      previous_ = transport(point_, xi, next);
      drop_small(next, kNegligible, problem_.max_rank());
      if (next.width() != previous_.left.cols()) previous_ = {};
      point_ = next;
      loss_ = value;
      step_size_ = best.a * step;
    }
    if (!(value < slope.loss * (1 - kRest)) || moves_ >= kMaxMoves) rest();
  }

  void rest() {
    consider(point_, loss_);
    // The direction that completes the rank of exact data takes most of what is left with it.
    const bool worth_a_try = loss_ < kWorthTrying * rested_loss_;
    rested_loss_ = loss_;
    phase_ = worth_a_try ? Phase::solve : Phase::enter;
    if (worth_a_try) finish_.start(problem_.train, point_);
  }

  // Tries to match the data exactly from a copy; goes back to the flow when that does not look like it.
  void solve() {
    finish_.step(problem_.train, problem_.options);
    if (finish_.busy()) return;
    phase_ = Phase::enter;
    if (finish_.state() != Finish::State::matched) return;
    best_ = matched_candidate(problem_, finish_);
    best_.path.steps = entered_;
    phase_ = Phase::done;
  }

  void consider(const Point& point, double loss) {
    validation_ = problem_.validation_rmse(point);
    const double now = score(point, loss, validation_);
    const bool better = repeat_ > 0 || now < best_score_ * (1 - kBetter);
    stale_ = better ? 0 : stale_ + 1;
    if (!better) return;
    best_score_ = now;
    best_ = {};
    best_.point = point;
    best_.train_rmse = rmse(problem_.train, loss);
    best_.validation_rmse = validation_;
    best_.path = {FlowStrategy::greedy, 0, entered_};
  }

  void end() {
    phase_ = Phase::done;
    best_.stop = problem_.validation ? Stop::validation : Stop::converged;
    best_.message =
        "no low rank was found that matches the observations exactly; rank " + std::to_string(best_.point.width()) +
        (problem_.validation ? " predicts the validation part best" : " has the best cross-validation score");
  }

  Problem problem_;
  Law law_;
  Phase phase_ = Phase::enter;
  Point point_;
  Index repeat_;  // directions to let in, whatever the scores say; 0 = as many as the scores want
  Tangent previous_;
  double rested_loss_ = 0, loss_ = 0, validation_ = kNaN, step_size_ = kNaN;
  int moves_ = 0, stale_ = 0;
  Index entered_ = 0;
  Finish finish_;
  Candidate best_;
  double best_score_ = 0, first_score_ = 0;
};

}  // namespace

std::unique_ptr<Path> make_greedy(const Problem& problem, Index repeat) {
  return std::make_unique<Greedy>(problem, repeat);
}

}  // namespace rankflow::flow
