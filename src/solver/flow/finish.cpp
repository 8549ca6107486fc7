// Matching the observations exactly, and telling whether the match means anything.
// SPDX-License-Identifier: Apache-2.0
#include "solver/flow/finish.h"

#include <algorithm>
#include <cmath>

#include "linalg/tall.h"
#include "rankflow/error.h"
#include "rankflow/rng.h"

namespace rankflow::flow {
namespace {

constexpr int kCheckEvery = 3;      // least squares steps between two looks at the progress
constexpr double kWorthwhile = .7;  // they must bring the loss below this times what it was
constexpr int kMaxSteps = 90;
constexpr int kMaxRejected = 8;
constexpr double kSolved = 1e-7;        // relative residual that counts as a match
constexpr double kPerturbation = 1e-3;  // of the factors' size, in the confirmation
constexpr double kCameBack = .02;       // of the displacement: what may be left of it

double relative(const Loss& loss, double value) {
  return std::sqrt(2 * value / loss.squares());
}

Point perturbed(const Point& point, std::uint64_t seed) {
  const Vector root = point.s.cwiseSqrt();
  Matrix left = point.u * root.asDiagonal(), right = point.v * root.asDiagonal();
  Rng rng(seed, 0xC0F1);
  const auto shake = [&](Matrix& factor) {
    const double size = kPerturbation * factor.norm() / std::sqrt(static_cast<double>(factor.size()));
    for (Index k = 0; k < factor.size(); ++k) factor.data()[k] += size * rng.normal();
  };
  shake(left);
  shake(right);
  return from_factors(left, right, point);
}

}  // namespace

double matched_residual(const Loss& loss) {
  return std::max(kSolved, loss.resolution());
}

double distance(const Point& a, const Point& b) {
  Matrix left(a.num_rows(), a.width() + b.width()), right(a.num_columns(), a.width() + b.width()), ru, rv;
  left << a.u * a.s.asDiagonal(), b.u * (-b.s).asDiagonal();
  right << a.v, b.v;
  const Matrix gram = transpose_times(left, left).cwiseProduct(transpose_times(right, right));
  return std::sqrt(std::max(0.0, gram.sum()));
}

void Finish::start(Loss& loss, const Point& point) {
  squares_ = start_least_squares(loss, point);
  loss_then_ = squares_.loss;
  unique_ = false;
  state_ = State::solve;
}

// One least squares step, and what it means.
Finish::Verdict Finish::advance(Loss& loss, const FlowOptions& options) {
  least_squares_step(loss, squares_);
  const double residual = relative(loss, squares_.loss), enough = matched_residual(loss);
  if (residual < std::min(options.tolerance, enough)) return Verdict::matched;
  if (residual < enough && squares_.rejected >= 2) return Verdict::matched;  // round-off of the data is reached
  if (squares_.iteration % kCheckEvery != 0) return Verdict::running;
  const bool stuck =
      squares_.loss > kWorthwhile * loss_then_ || squares_.rejected >= kMaxRejected || squares_.iteration >= kMaxSteps;
  loss_then_ = squares_.loss;
  if (!stuck) return Verdict::running;
  return residual < enough ? Verdict::matched : Verdict::hopeless;
}

void Finish::step(Loss& loss, const FlowOptions& options) {
  const Verdict verdict = advance(loss, options);
  if (verdict == Verdict::running) return;
  const bool matched = verdict == Verdict::matched;
  if (state_ == State::confirm) return conclude_confirmation(loss, matched);
  if (!matched) {
    state_ = state_ == State::prune ? State::matched : State::failed;  // a failed pruning leaves the answer as it was
    return;
  }
  answer_ = squares_.point;
  answer_loss_ = squares_.loss;
  start_confirmation(loss, options.seed);
}

void Finish::start_confirmation(Loss& loss, std::uint64_t seed) {
  const Point copy = perturbed(answer_, seed);
  displacement_ = distance(copy, answer_);
  squares_ = start_least_squares(loss, copy);
  squares_.damping = 1e-10;  // the solution is near: Gauss and Newton's steps find the nearest one
  loss_then_ = squares_.loss;
  state_ = State::confirm;
}

void Finish::conclude_confirmation(Loss& loss, bool came_back) {
  unique_ = came_back && distance(squares_.point, answer_) < kCameBack * displacement_;
  if (unique_ || answer_.width() <= 1) {
    state_ = State::matched;
    return;
  }
  Point less = answer_;
  drop_small(less, 0, answer_.width() - 1);
  squares_ = start_least_squares(loss, less);
  loss_then_ = squares_.loss;
  state_ = State::prune;
}

void Finish::save(Archive& archive, const std::string& name) const {
  archive.set(name + ".state", static_cast<std::int64_t>(state_));
  archive.set(name + ".numbers", std::vector<double>{squares_.loss, squares_.damping, squares_.growth, loss_then_,
                                                     answer_loss_, displacement_});
  archive.set(name + ".counters", std::vector<std::int64_t>{squares_.iteration, squares_.rejected, unique_ ? 1 : 0});
  if (busy()) flow::save(archive, name + ".squares", squares_.point);
  if (state_ == State::confirm || state_ == State::prune) flow::save(archive, name + ".answer", answer_);
}

void Finish::load(const Archive& archive, const std::string& name, const Point& like) {
  const std::int64_t state = archive.get_int(name + ".state");
  if (state < 0 || state > static_cast<std::int64_t>(State::matched))
    throw InputError(name + ".state", "found state " + std::to_string(state) + ", expected 0 to 5");
  state_ = static_cast<State>(state);
  const auto numbers = archive.get_doubles(name + ".numbers", 6);
  squares_.loss = numbers[0], squares_.damping = numbers[1], squares_.growth = numbers[2];
  loss_then_ = numbers[3], answer_loss_ = numbers[4], displacement_ = numbers[5];
  const auto counters = archive.get_ints(name + ".counters", 3);
  squares_.iteration = static_cast<int>(counters[0]), squares_.rejected = static_cast<int>(counters[1]);
  unique_ = counters[2] != 0;
  if (busy()) squares_.point = load_point(archive, name + ".squares", like);
  if (state_ == State::confirm || state_ == State::prune) answer_ = load_point(archive, name + ".answer", like);
}

}  // namespace rankflow::flow
