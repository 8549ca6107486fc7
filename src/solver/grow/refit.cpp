// Levenberg-Marquardt with Nielsen's damping (Nielsen 1999; Madsen, Nielsen, Tingleff 2004).
// SPDX-License-Identifier: Apache-2.0
#include "solver/grow/refit.h"

#include <algorithm>
#include <cmath>

#include "solver/grow/normal_equations.h"

namespace rankflow::grow {
namespace {

constexpr Index kBalanceEvery = 5;
constexpr Index kMostInnerSteps = 40;
constexpr Index kMostRejections = 12;  // in a row: the weights are at a minimum to round-off

}  // namespace

RefitOutcome refit(LeastSquares& problem, const std::function<void(Vector&)>& balance, const RefitOptions& options,
                   const Budget& budget, Vector& weights) {
  NormalEquations equations(problem);
  Vector gradient, step, trial;
  RefitOutcome outcome;
  outcome.loss = problem.linearize(weights, gradient);
  double squares = weights.squaredNorm();
  const double first_loss = std::max(outcome.loss, 1e-300);
  double damping = -1, growth = 2;
  Index rejections = 0;
  bool moved = true;
  while (outcome.steps < options.max_steps && outcome.loss > options.small_loss) {
    if (budget.spent()) {
      outcome.out_of_time = true;
      return outcome;
    }
    if (moved) {
      equations.refresh();
      gradient += options.ridge * weights;
    }
    if (damping < 0) damping = options.first_damping * equations.diagonal().maxCoeff();
    // The nearer to a match, the more exact the steps: convergence is then faster than linear.
    const double tolerance = std::min(.1, std::pow(outcome.loss / first_loss, .25));
    ++outcome.steps;
    moved = false;
    const double objective = outcome.loss + options.ridge / 2 * squares;
    if (equations.solve(-gradient, options.ridge + damping, tolerance, kMostInnerSteps, step)) {
      trial = weights + step;
      const double loss = problem.loss(trial);
      const double trial_squares = trial.squaredNorm();
      const double decrease = objective - loss - options.ridge / 2 * trial_squares;
      const double predicted = .5 * (damping * step.squaredNorm() - step.dot(gradient));
      if (decrease > 0 && std::isfinite(loss)) {
        const double ratio = decrease / predicted;
        weights.swap(trial);
        squares = trial_squares;
        damping *= std::max(1.0 / 3, 1 - std::pow(2 * ratio - 1, 3));
        growth = 2;
        rejections = 0;
        const bool matched = loss <= options.matched_loss;
        moved = true;
        if (outcome.steps % kBalanceEvery == 0) {
          balance(weights);
          squares = weights.squaredNorm();
        }
        outcome.loss = problem.linearize(weights, gradient);
        if (decrease < (matched ? .5 : options.min_decrease) * objective) break;
        continue;
      }
    }
    if (++rejections > kMostRejections) break;
    damping *= growth;
    growth *= 2;
  }
  return outcome;
}

}  // namespace rankflow::grow
