// Soft-impute along a path of penalties: rounds of alternating ridge and of a restricted proximal step, each penalty
// until its duality gap is small.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/soft_impute.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "linalg/decompositions.h"
#include "linalg/tall.h"
#include "rankflow/error.h"
#include "rankflow/nuclear_norm.h"
#include "solver/convex/alternating_ridge.h"
#include "solver/convex/penalized_state.h"
#include "solver/convex/top_singular.h"

namespace rankflow {
namespace {

using Clock = std::chrono::steady_clock;
using convex::Product;

constexpr Index kSweeps = 2;       // of alternating ridge in a round
constexpr Index kNewAtOnce = 10;   // directions that may enter in a round
constexpr double kGapShare = 0.1;  // of the allowed gap that the estimate of ||R||_2 may cost

Matrix beside(const Matrix& a, const Matrix& b) {
  Matrix both(b.rows(), a.cols() + b.cols());
  both << a, b;
  return both;
}

// Norm of R in the bases (U, rest) x (V, rest), from the norms of its four blocks; `rest` that of the last one.
double norm_from_blocks(const Matrix& rv, const Matrix& rtu, const Product& w, double rest) {
  if (w.rank() == 0) return rest;
  const Matrix core = transpose_times(w.u, rv);
  Matrix below = rv, beyond = rtu;
  subtract_product(below, w.u, core);
  subtract_product(beyond, w.v, core.transpose());
  Matrix blocks(2, 2);
  blocks << singular_values(core)[0], singular_values(beyond)[0], singular_values(below)[0], rest;
  return singular_values(blocks)[0];
}

}  // namespace

double PenalizedSolution::relative_gap() const {
  return Certificate{objective, bound}.relative_gap();
}

struct SoftImpute::Impl {
  const Observations<double>& train;
  const EntryList<double>& validation;
  SoftImputeOptions options;
  Biases biases;
  convex::SparseResidual residual;
  convex::PathState at;  // everything that moves
  Clock::time_point begin = Clock::now();

  Impl(const Observations<double>& data, const EntryList<double>& unseen, const SoftImputeOptions& given)
      : train(data),
        validation(unseen),
        options((check(given), given)),
        biases(fit_biases(data, given.centering)),
        residual(data, biases) {
    at.product = {Matrix(train.num_rows, 0), Matrix(train.num_columns, 0), Vector(0)};
    at.best = at.product;
    at.entering = Matrix(train.num_columns, 0);
    residual.set(at.product);
  }

  double seconds() const { return at.seconds_before + std::chrono::duration<double>(Clock::now() - begin).count(); }

  double predict(const Product& w, Index i, Index j) const {
    return biases(i, j) + (w.u.row(i).array() * w.s.transpose().array() * w.v.row(j).array()).sum();
  }

  double validation_rmse(const Product& w) const {
    double squares = 0;
    for (Index k = 0; k < validation.count(); ++k)
      squares += std::pow(predict(w, validation.row[k], validation.column[k]) - validation.value[k], 2);
    return validation.count() > 0 ? std::sqrt(squares / static_cast<double>(validation.count())) : kNaN;
  }

  // Weighted, as every engine states it; weights have mean 1.
  double train_rmse() const {
    return std::sqrt(residual.squares() / std::max(1.0, static_cast<double>(train.count())));
  }

  // lambda_k = lambda_0 ratio^(k / (length - 1)), or as far as the penalty that was asked for.
  double penalty(Index k) const {
    const double factor = std::pow(options.path_ratio, 1.0 / static_cast<double>(options.path_length - 1));
    const double value = at.largest * std::pow(factor, static_cast<double>(k));
    return options.penalty > 0 ? std::max(options.penalty, value) : value;
  }

  bool last_penalty() const {
    if (options.penalty > 0) return at.solution.penalty <= options.penalty;
    return at.index + 1 >= options.path_length;
  }

  // The largest penalty that matters: from there up the solution is 0.
  void begin_path() {
    const double scale = std::sqrt(residual.squares());
    const convex::TopSingular top = top_singular(residual, at.product, at.entering, kNewAtOnce,
                                                 kGapShare * options.relative_gap * scale, kNaN, options.seed);
    at.largest = top.s.size() > 0 ? top.s[0] : 0;
    at.entering = top.v;
    at.index = 0;
    if (options.penalty > at.largest) at.largest = options.penalty;
    at.solution = {};
    at.solution.penalty = penalty(0);
  }

  // Bounds at the current product. With R = w (y - b - W) and c = min(1, lambda / ||R||_2), c R is feasible for the
  // dual
  //   max <theta, y - b> - 1/2 sum theta^2 / w   subject to   ||theta||_2 <= lambda,
  // and <R, y - b> = sum w e^2 + <R, W>.
  void certify(const Matrix& rv, double norm_of_residual) {
    convex::PathState& s = at;
    const double squares = residual.squares(),
                 c = std::min(1.0, s.solution.penalty / std::max(norm_of_residual, 1e-300));
    double along = 0;
    for (Index a = 0; a < s.product.rank(); ++a) along += s.product.s[a] * s.product.u.col(a).dot(rv.col(a));
    s.solution.norm = s.product.s.sum();
    s.solution.objective = squares / 2 + s.solution.penalty * s.solution.norm;
    const double bound = c * (squares + along) - c * c * squares / 2;
    s.solution.bound = std::max(0.0, bound);
    s.solution.rank = s.product.rank();
    s.solution.train_rmse = train_rmse();
  }

  // One proximal gradient step within the spaces of W and of the directions that enter: rank up or down.
  void reshape(const Matrix& rv, const convex::TopSingular& top) {
    const double step = 1 / residual.largest_weight();
    Index entering = 0;
    while (entering < top.s.size() && top.s[entering] > at.solution.penalty) ++entering;
    if (options.max_rank > 0) entering = std::min(entering, std::max<Index>(0, options.max_rank - at.product.rank()));
    const Matrix un = top.u.leftCols(entering), vn = top.v.leftCols(entering);
    const Matrix u = beside(at.product.u, un), v = beside(at.product.v, vn);
    Matrix core = step * transpose_times(u, beside(rv, residual.times(vn)));
    core.diagonal().head(at.product.rank()) += at.product.s;
    if (core.size() == 0) return;
    const Svd<double> parts = svd<double>(core);
    Index rank = 0;
    while (rank < parts.s.size() && parts.s[rank] > step * at.solution.penalty) ++rank;
    at.product = {times(u, parts.u.leftCols(rank)), times(v, parts.v.leftCols(rank)),
                  (parts.s.head(rank).array() - step * at.solution.penalty).matrix()};
  }

  void accept() {
    at.solution.validation_rmse = validation_rmse(at.product);
    const bool chooses = validation.count() > 0 && options.penalty == 0;
    const bool better = !chooses || at.path.empty() ||
                        at.solution.validation_rmse < at.path[static_cast<std::size_t>(at.best_index)].validation_rmse;
    at.path.push_back(at.solution);
    if (better) {
      at.best = at.product;
      at.best_index = static_cast<Index>(at.path.size()) - 1;
    }
    const Index worse = static_cast<Index>(at.path.size()) - 1 - at.best_index;
    if (last_penalty())
      return finish(chooses ? Stop::validation : Stop::converged,
                    chooses ? "the path has ended" : "the gap at the given penalty is closed");
    if (chooses && options.path_patience > 0 && worse >= options.path_patience)
      return finish(Stop::validation, "smaller penalties predict the validation part less well");
    ++at.index;
    at.solution = {};
    at.solution.penalty = penalty(at.index);
  }

  bool step() {
    if (at.stop != Stop::not_run) return false;
    if (at.iterations == 0) begin_path();
    ++at.iterations;
    ++at.solution.iterations;
    const double before = at.solution.objective;
    const Matrix rv = residual.times(at.product.v), rtu = residual.transpose_times(at.product.u);
    const convex::TopSingular top =
        top_singular(residual, at.product, at.entering, kNewAtOnce,
                     kGapShare * options.relative_gap * at.solution.penalty, at.solution.penalty, options.seed);
    at.entering = top.v;
    certify(rv, norm_from_blocks(rv, rtu, at.product, top.most()));
    const bool capped = options.max_rank > 0 && at.product.rank() >= options.max_rank;
    const bool idle = before - at.solution.objective <= kGapShare * options.relative_gap * at.solution.objective;
    if (!(at.solution.objective > 0) || at.solution.relative_gap() <= options.relative_gap || (capped && idle) ||
        at.solution.iterations >= options.max_iterations) {
      accept();
    } else {
      reshape(rv, top);
      alternate(at.product, train, biases, at.solution.penalty, kSweeps);
      residual.set(at.product);
    }
    if (options.max_seconds > 0 && seconds() > options.max_seconds) finish(Stop::time_limit, "stopped by max_seconds");
    return true;
  }

  void finish(Stop why, const std::string& words) {
    if (at.stop != Stop::not_run) return;
    at.stop = why;
    at.message = words;
  }

  SoftImputeResult result() const {
    SoftImputeResult out;
    const bool done = !at.path.empty();
    const Product& w = done ? at.best : at.product;
    out.model = {biases.mean, biases.row, biases.column, w.u, w.v, w.s};
    out.chosen = done ? at.path[static_cast<std::size_t>(at.best_index)] : at.solution;
    out.path = at.path;
    out.stop = at.stop;
    out.message = at.message;
    out.iterations = at.iterations;
    out.seconds = seconds();
    const bool open = out.chosen.relative_gap() > options.relative_gap && options.max_rank == 0;
    if (open && (at.stop == Stop::converged || at.stop == Stop::validation)) {
      out.stop = Stop::iteration_limit;
      out.message = "stopped by max_iterations before the gap was closed";
    }
    return out;
  }

  Step last_step() const {
    Step step;
    step.engine = "soft-impute";
    step.stage = validation.count() > 0 ? "validate" : "fit";
    step.iteration = at.iterations;
    step.seconds = seconds();
    step.train_rmse = train_rmse();
    if (!at.path.empty()) step.validation_rmse = at.path.back().validation_rmse;
    step.rank = at.product.rank();
    step.effective_rank = effective_rank(at.product.s);
    if (options.penalty == 0) step.progress = static_cast<double>(at.index) / static_cast<double>(options.path_length);
    step.singular_values.assign(at.product.s.begin(), at.product.s.end());
    return step;
  }
};

SoftImpute::SoftImpute(const Observations<double>& train, const EntryList<double>& validation,
                       const SoftImputeOptions& options, const Archive* resume)
    : impl_(std::make_unique<Impl>(train, validation, options)) {
  if (!resume) return;
  impl_->at.load(*resume, train.num_rows, train.num_columns);
  impl_->residual.set(impl_->at.product);
}

SoftImpute::~SoftImpute() = default;
SoftImpute::SoftImpute(SoftImpute&&) noexcept = default;

bool SoftImpute::step() {
  return impl_->step();
}

Step SoftImpute::last_step() const {
  return impl_->last_step();
}

Archive SoftImpute::state() const {
  Archive to;
  impl_->at.save(to, impl_->seconds());
  return to;
}

SoftImputeResult SoftImpute::result() const {
  return impl_->result();
}

void SoftImpute::finish(Stop why) {
  impl_->finish(why, why == Stop::interrupted ? "interrupted" : "ended early");
}

SoftImputeResult fit_soft_impute(const Observations<double>& train, const EntryList<double>& validation,
                                 const SoftImputeOptions& options, std::span<const Observer> observers) {
  SoftImpute fit(train, validation, options);
  while (fit.step())
    for (const Observer& observer : observers)
      if (observer(fit.last_step()) == Next::finish) fit.finish(Stop::interrupted);
  return fit.result();
}

}  // namespace rankflow
