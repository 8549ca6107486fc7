// Least nuclear norm by Douglas-Rachford splitting with Anderson acceleration, stopped by a certified gap.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/nuclear_norm.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>

#include "rankflow/error.h"
#include "solver/convex/anderson.h"
#include "solver/convex/constraint.h"
#include "solver/convex/shrinkage.h"

namespace rankflow {
namespace {

using Clock = std::chrono::steady_clock;
using convex::Point;

// One iteration at the point s, with step size gamma:
//   x = prox of gamma ||.||_* at s,   z = projection of 2 x - s,   s <- s + (z - x)
// (Lions and Mercier 1979; on this problem it is ADMM). 2 x - s - z = -A^* lambda, so at a fixed point A^* lambda =
// s - x = gamma Y with Y a subgradient of ||.||_* at x: lambda / gamma solves the dual problem
//   max <lambda, y> - tolerance ||lambda||_1   subject to   ||A^* lambda||_2 <= 1,
// and any lambda divided by ||A^* lambda||_2 gives a bound.
constexpr Index kMemory = 10;        // points that Anderson's method extrapolates from
constexpr double kMostGrowth = 2;    // of the residual by an extrapolation; beyond, it is taken back
constexpr double kStep = 0.2;        // gamma at the start, of the spectral norm of the least squares solution
constexpr double kLeastStep = 0.01;  // the same, below which gamma is not reduced; it is then the first one again
constexpr double kStepFactor = 0.3;  // where the residual has not fallen by kStall within kStallAfter iterations
constexpr double kStall = 0.3;
constexpr Index kStallAfter = 20;  // at first; twice as long after each change
constexpr Index kCertifyEvery = 10;
constexpr double kImpossible = 1e3;  // a bound so many times side * (spectral norm of the least squares solution)
constexpr double kFeasible = 1e-9;   // violation, of the largest |y|, that counts as round-off
constexpr std::int64_t kStateVersion = 2;

}  // namespace

double Certificate::relative_gap() const {
  if (std::isnan(value) || std::isnan(bound)) return std::numeric_limits<double>::infinity();
  return value > 0 ? std::max(0.0, (value - bound) / value) : 0;
}

struct NuclearNormSolver::Impl {
  // The low-rank iterate as others see it.
  struct View final : Snapshot {
    explicit View(Impl& impl) : impl_(impl) {}
    Matrix compute_end_matrix() override { return impl_.x.w; }
    Matrix compute_gradient() override {
      Matrix gradient;
      loss_at(impl_.problem, impl_.x.w, &gradient);
      return gradient;
    }
    void move() {
      forget();
      iteration = impl_.iterations;
      seconds = impl_.seconds();
      loss = loss_at(impl_.problem, impl_.x.w);
      step_size = impl_.gamma;
    }
    Impl& impl_;
  };

  const MatrixProblem<double>& problem;
  std::unique_ptr<convex::Constraint> constraint;
  NuclearNormOptions options;
  View view{*this};

  Vector s, fallback;  // stacked points; fallback: the plain step from where the last extrapolation began
  convex::Anderson anderson{kMemory};
  Point x;
  Vector lambda;
  double gamma = 0, unit = 0;  // unit: spectral norm of the least squares solution
  double residual = 0;         // |z - x| before the last extrapolation
  double mark = 0;             // residual when the stall was last looked for
  Index since_mark = 0, patience = kStallAfter, iterations = 0, certified_at = -1;
  bool extrapolated = false;

  Matrix best_w;
  Vector best_dual;
  Certificate best;
  Stop stop = Stop::not_run;
  std::string message = "the fit has not run";
  double seconds_before = 0;
  Clock::time_point begin = Clock::now();

  explicit Impl(const MatrixProblem<double>& p) : problem(p), constraint(convex::make_constraint(p)) {}

  double seconds() const { return seconds_before + std::chrono::duration<double>(Clock::now() - begin).count(); }
  Index cells() const { return constraint->num_rows() * constraint->num_columns(); }

  Vector stack(const Point& point) const {
    Vector stacked(cells() + point.t.size());
    stacked.head(cells()) = Eigen::Map<const Vector>(point.w.data(), cells());
    stacked.tail(point.t.size()) = point.t;
    return stacked;
  }

  Point unstack(const Vector& stacked) const {
    return {Eigen::Map<const Matrix>(stacked.data(), constraint->num_rows(), constraint->num_columns()),
            stacked.tail(constraint->extra())};
  }

  void forget_past() {
    anderson.reset();
    extrapolated = false;
    since_mark = 0;
    mark = std::numeric_limits<double>::infinity();
  }

  void start(const NuclearNormOptions& given, const NuclearNormResult* warm) {
    check(given);
    options = given;
    stop = Stop::not_run;
    message = "under way";
    iterations = 0;
    certified_at = -1;
    patience = kStallAfter;
    seconds_before = 0;
    begin = Clock::now();
    best = {};
    best_w.resize(0, 0);
    best_dual.resize(0);
    forget_past();
    const bool possible = constraint->set_tolerance(options.tolerance);
    Matrix least = Matrix::Zero(constraint->num_rows(), constraint->num_columns());
    x = {least, Vector::Zero(constraint->extra())};
    lambda = Vector::Zero(constraint->values().size());
    if (!possible) return fail();
    constraint->repair(least);
    unit = convex::spectral_norm(least);
    if (!(unit > 0)) return accept_zero();
    const bool fits = warm && warm->w.rows() == least.rows() && warm->w.cols() == least.cols() &&
                      warm->dual.size() == lambda.size() && warm->scale > 0;
    gamma = fits ? warm->scale : kStep * unit;
    if (fits) {
      const Vector multipliers = gamma * warm->dual;
      s = stack(constraint->lift(warm->w, multipliers));
    } else {
      s = stack(x);
    }
  }

  void fail() {
    stop = Stop::diverged;
    message = "no matrix matches all measurements exactly; allow a tolerance";
    best_w = x.w;
    best_dual = lambda;
  }

  // The zero matrix satisfies everything.
  void accept_zero() {
    best_w = x.w;
    best_dual = lambda;
    best = {0, 0};
    gamma = 1;
    s = stack(x);
    stop = Stop::converged;
    message = "the zero matrix matches the measurements";
  }

  void iterate() {
    const Point at = unstack(s);
    x.w = convex::shrink(at.w, gamma).w;
    x.t = at.t;
    constraint->clip(x.t);
    Point z{2 * x.w - at.w, 2 * x.t - at.t};
    lambda = constraint->project(z);
    const Vector f = stack({z.w - x.w, z.t - x.t});
    ++iterations;
    const double size = f.norm();
    if (extrapolated && !(size <= kMostGrowth * residual)) {
      s = fallback;
      forget_past();
      return;
    }
    residual = size;
    if (++since_mark >= patience && change_step(at)) return;
    fallback = s + f;
    s = anderson.next(s, f);
    extrapolated = true;
  }

  // Where the iteration creeps, a smaller gamma may find the fine structure of the active constraints faster; which one
  // does is not known beforehand, so a few are gone through, each for longer than the one before.
  bool change_step(const Point& at) {
    const bool stalled = residual > kStall * mark;
    mark = residual;
    since_mark = 0;
    if (!stalled) return false;
    // (at - x) / gamma estimates the multipliers, which do not depend on gamma.
    const double factor = gamma > kLeastStep * unit ? kStepFactor : kStep * unit / gamma;
    Point next{x.w + factor * (at.w - x.w), x.t + factor * (at.t - x.t)};
    gamma *= factor;
    patience *= 2;
    s = stack(next);
    forget_past();
    return true;
  }

  // Bounds from the last iteration: a feasible matrix near x, and lambda scaled to be feasible.
  void certify() {
    if (certified_at == iterations) return;
    certified_at = iterations;
    Matrix w = x.w;
    constraint->repair(w);
    // Dependent measurements with a tolerance: the repair may fall short, and its norm is then no upper bound.
    const double round_off = kFeasible * std::max(1e-300, constraint->values().lpNorm<Eigen::Infinity>());
    if (constraint->violation(w) <= round_off) {
      const double norm = convex::nuclear_norm(w);
      if (!(norm >= best.value)) {
        best.value = norm;
        best_w = std::move(w);
      }
    }
    // Rounded up, so that the bound stays one.
    const double side = static_cast<double>(std::max(constraint->num_rows(), constraint->num_columns()));
    const double size =
        convex::spectral_norm(constraint->adjoint(lambda)) * (1 + side * std::numeric_limits<double>::epsilon());
    const Vector scaled = lambda / std::max(size, std::numeric_limits<double>::min());
    const double bound = scaled.dot(constraint->values()) - options.tolerance * scaled.lpNorm<1>();
    if (!(bound <= best.bound) && (bound > 0 || std::isnan(best.bound))) {
      best.bound = std::max(0.0, bound);
      best_dual = bound > 0 ? scaled : Vector(Vector::Zero(lambda.size()));
    }
  }

  // No feasible matrix was met, and none can be smaller than a bound that has left all sizes of the data behind.
  bool contradictory() const {
    const double side = static_cast<double>(std::min(constraint->num_rows(), constraint->num_columns()));
    return best_w.size() == 0 && best.bound > kImpossible * side * unit;
  }

  void conclude(Stop why, const std::string& words) {
    if (stop != Stop::not_run) return;
    stop = why;
    message = words;
  }

  bool advance(Index count) {
    for (Index k = 0; k < count && stop == Stop::not_run; ++k) {
      if (iterations >= options.max_iterations) break;  // where a state was restored
      iterate();
      if (!std::isfinite(residual)) {
        conclude(Stop::diverged, "numbers beyond what can be computed with");
      } else if (iterations % kCertifyEvery == 0) {
        certify();
        if (best.relative_gap() <= options.relative_gap) conclude(Stop::converged, "the gap is certified");
        if (contradictory())
          conclude(Stop::diverged, "the measurements contradict each other by more than the tolerance");
      }
      if (options.max_seconds > 0 && seconds() > options.max_seconds)
        conclude(Stop::time_limit, "stopped by max_seconds");
    }
    if (iterations >= options.max_iterations) conclude(Stop::iteration_limit, "stopped by max_iterations");
    return stop == Stop::not_run;
  }

  NuclearNormResult result() {
    if (iterations > 0 && stop != Stop::diverged) certify();
    NuclearNormResult out;
    // Nothing feasible was met: the last iterate, whose violation says how far it is from it. Its norm bounds nothing.
    out.w = best_w.size() > 0 ? best_w : x.w;
    out.norm = best.value;
    out.dual_bound = best.bound;
    out.violation = constraint->violation(out.w);
    out.dual = best_dual;
    out.scale = gamma;
    out.stop = stop;
    out.message = message;
    if (best_w.size() == 0 && stop != Stop::diverged)
      out.message +=
          "; no matrix within the tolerance was found, and measurements that contradict each other have none";
    out.iterations = iterations;
    out.seconds = seconds();
    return out;
  }

  Archive state() const {
    Archive to;
    to.set("nuclear.version", kStateVersion);
    to.set("nuclear.s", s);
    to.set("nuclear.fallback", fallback);
    to.set("nuclear.lambda", lambda);
    to.set("nuclear.x", x.w);
    to.set("nuclear.t", x.t);
    to.set("nuclear.best_w", best_w);
    to.set("nuclear.best_dual", best_dual);
    to.set("nuclear.numbers", std::vector<double>{gamma, unit, residual, mark, best.value, best.bound, seconds()});
    to.set("nuclear.counts", std::vector<std::int64_t>{since_mark, patience, iterations, certified_at, extrapolated,
                                                       static_cast<std::int64_t>(stop)});
    to.set("nuclear.message", message);
    anderson.save(to, "nuclear.anderson");
    return to;
  }

  void restore(const Archive& from) {
    if (from.get_int("nuclear.version") != kStateVersion)
      throw InputError("nuclear.version", "this state was written by another version");
    const Index size = cells() + constraint->extra();
    s = from.get_vector("nuclear.s", size);
    fallback = from.get_vector("nuclear.fallback");
    lambda = from.get_vector("nuclear.lambda", constraint->values().size());
    x.w = from.get_matrix("nuclear.x", constraint->num_rows(), constraint->num_columns());
    x.t = from.get_vector("nuclear.t", constraint->extra());
    best_w = from.get_matrix("nuclear.best_w");
    best_dual = from.get_vector("nuclear.best_dual");
    const std::vector<double> numbers = from.get_doubles("nuclear.numbers", 7);
    gamma = numbers[0], unit = numbers[1], residual = numbers[2], mark = numbers[3];
    best = {numbers[4], numbers[5]};
    seconds_before = numbers[6];
    begin = Clock::now();
    const std::vector<std::int64_t> counts = from.get_ints("nuclear.counts", 6);
    since_mark = counts[0], patience = counts[1], iterations = counts[2], certified_at = counts[3];
    extrapolated = counts[4] != 0;
    stop = static_cast<Stop>(counts[5]);
    message = from.get_text("nuclear.message");
    if (stop == Stop::iteration_limit || stop == Stop::time_limit || stop == Stop::interrupted) {
      stop = Stop::not_run;
      message = "under way";
    }
    anderson.load(from, "nuclear.anderson", size);
  }
};

NuclearNormSolver::NuclearNormSolver(const MatrixProblem<double>& problem) : impl_(std::make_unique<Impl>(problem)) {}
NuclearNormSolver::~NuclearNormSolver() = default;
NuclearNormSolver::NuclearNormSolver(NuclearNormSolver&&) noexcept = default;

void NuclearNormSolver::start(const NuclearNormOptions& options, const NuclearNormResult* warm) {
  impl_->start(options, warm);
}

bool NuclearNormSolver::advance(Index iterations) {
  return impl_->advance(iterations);
}

Snapshot& NuclearNormSolver::snapshot() {
  impl_->view.move();
  return impl_->view;
}

Certificate NuclearNormSolver::certificate() const {
  return impl_->best;
}

Archive NuclearNormSolver::state() const {
  return impl_->state();
}

void NuclearNormSolver::restore(const Archive& state) {
  impl_->restore(state);
}

NuclearNormResult NuclearNormSolver::result() {
  return impl_->result();
}

void NuclearNormSolver::finish(Stop why) {
  impl_->conclude(why, why == Stop::interrupted ? "interrupted" : "ended early");
}

NuclearNormResult minimize_nuclear_norm(const MatrixProblem<double>& problem, const NuclearNormOptions& options,
                                        const NuclearNormResult* warm, std::span<const Watcher> watchers) {
  NuclearNormSolver solver(problem);
  solver.start(options, warm);
  const auto show = [&] {
    for (const Watcher& watcher : watchers)
      if (watcher(solver.snapshot()) == Next::finish) solver.finish(Stop::interrupted);
  };
  show();
  const Index stride = !watchers.empty() && options.record_every > 0 ? options.record_every : options.max_iterations;
  while (solver.advance(stride)) show();
  show();
  return solver.result();
}

}  // namespace rankflow
