// Refits, finishing and judging: what the phases of a growing fit share.
// SPDX-License-Identifier: Apache-2.0
#include "solver/grow/job.h"

#include <algorithm>
#include <cmath>

#include "problem/chance.h"
#include "rankflow/rng.h"
#include "solver/grow/determination.h"

namespace rankflow::grow {
namespace {

constexpr std::uint64_t kSplitStream = 0x73706c69;
constexpr Index kHoldOutOne = 10;  // one in so many
constexpr Index kFinishSteps = 25, kMoreSteps = 60;
constexpr double kWithinReach = .3;  // relative residual from which a match gets more steps
constexpr double kFinishDecrease = 1e-2;
constexpr double kRoundOff = 1e-15;  // relative residual that cannot be improved on
// A validation error counts as clearly better than the means' if it is a tenth smaller, and either the difference of
// the squared errors or the number of cells that are nearer is this many standard errors from chance.
constexpr double kClearly = .9, kStandardErrors = 3;
constexpr double kValidated = 1e3;  // a solution's validation residual is at most this many times the tolerance

double loss_of(double relative, const Cells& cells) {
  return .5 * relative * relative * cells.squared_norm;
}

double weighted_mean(const Cells& cells) {
  double sum = 0, weights = 0;
  for (Index k = 0; k < cells.count(); ++k) {
    sum += cells.weight_of(k) * cells.value[k];
    weights += cells.weight_of(k);
  }
  return weights > 0 ? sum / weights : 0;
}

// The constant that predicts the validation part better: the mean of what was fitted, or 0.
double best_constant(const Cells& fit, const Cells& validation) {
  const double mean = weighted_mean(fit);
  double gain = 0;  // of the mean over 0
  for (Index k = 0; k < validation.count(); ++k)
    gain += validation.weight_of(k) * mean * (2 * validation.value[k] - mean);
  return gain > 0 ? mean : 0;
}

bool clearly_better(const Cells& fit, const Cells& validation, const std::vector<double>& x) {
  const double constant = best_constant(fit, validation);
  double own = 0, means = 0;
  for (Index k = 0; k < validation.count(); ++k) {
    const double weight = validation.weight_of(k), y = validation.value[k];
    own += weight * (x[k] - y) * (x[k] - y), means += weight * (constant - y) * (constant - y);
  }
  if (!(own <= kClearly * kClearly * means)) return false;
  return nearer_than_constants(x, validation.value, validation.weight, constant, median_of(fit.value), kStandardErrors);
}

}  // namespace

double baseline_loss(const Cells& fit, const Cells& validation) {
  const double constant = best_constant(fit, validation);
  double sum = 0;
  for (Index k = 0; k < validation.count(); ++k)
    sum += validation.weight_of(k) * (validation.value[k] - constant) * (validation.value[k] - constant);
  return .5 * sum;
}

void split_for_noise(Job& job) {
  if (job.validation || job.own_validation) return;
  std::vector<Index> fit, held;
  for (Index k = 0; k < job.train.count(); ++k) {
    Rng rng(job.options.seed, kSplitStream, static_cast<std::uint64_t>(k));
    (rng.below(kHoldOutOne) == 0 ? held : fit).push_back(k);
  }
  job.own_fit = subset(job.train, fit);
  job.own_validation = subset(job.train, held);
}

bool may_determine(const Job& job, const std::vector<Index>& widths) {
  const Index most = job.options.max_components;
  if (most > 0 && *std::max_element(widths.begin(), widths.end()) > most) return false;
  return job.family->degrees_of_freedom(widths) <= kMostFreedom * static_cast<double>(job.train.count());
}

double loss_at(const Job& job, const Cells& cells, const Point& point, std::vector<double>* slope) {
  std::vector<double> x;
  job.family->values(cells, point, x);
  double sum = 0;
  for (Index k = 0; k < cells.count(); ++k) {
    const double error = cells.value[k] - x[k];
    sum += cells.weight_of(k) * error * error;
    x[k] = cells.weight_of(k) * error;
  }
  if (slope != nullptr) slope->swap(x);
  return .5 * sum;
}

bool refit_point(const Job& job, const Cells& cells, const RefitOptions& options, const Budget& budget, Point& point,
                 Progress& progress, double& loss) {
  if (point.weights.size() == 0) {
    loss = loss_at(job, cells, point);
    return true;
  }
  const auto problem = job.family->least_squares(cells, point);
  const auto balance = [&](Vector& weights) { job.family->balance(point.widths, weights); };
  const RefitOutcome outcome = refit(*problem, balance, options, budget, point.weights);
  progress.iterations += outcome.steps;
  loss = outcome.loss;
  return !outcome.out_of_time;
}

bool finish_point(const Job& job, const Cells& cells, const Budget& budget, Point& point, Progress& progress,
                  double& loss) {
  RefitOptions options;
  options.max_steps = kFinishSteps;
  // Near a match, weak directions are what is left to go along: damping must not hold them.
  const double start = relative_residual(cells, loss_at(job, cells, point));
  options.first_damping *= std::min(1.0, start);
  options.min_decrease = kFinishDecrease;
  options.small_loss = loss_of(kRoundOff, cells);
  options.matched_loss = loss_of(job.options.tolerance, cells);
  if (!refit_point(job, cells, options, budget, point, progress, loss)) return false;
  const double reached = relative_residual(cells, loss);
  if (reached < kWithinReach && reached > kRoundOff) {
    options.max_steps = kMoreSteps;
    return refit_point(job, cells, options, budget, point, progress, loss);
  }
  return true;
}

bool predicts(const Job& job, const Point& point) {
  std::vector<double> x;
  job.family->values(job.noisy_validation(), point, x);
  return clearly_better(job.noisy_fit(), job.noisy_validation(), x);
}

void judge(const Job& job, const Budget& budget, Found& found) {
  found.matched = relative_residual(job.train, found.loss) < job.options.tolerance;
  found.determined = false;
  if (job.validation) {
    found.validation_loss = loss_at(job, *job.validation, found.point);
    found.predicts = predicts(job, found.point);
  }
  if (!found.matched) return;
  if (!may_determine(job, found.point.widths)) return;
  if (job.validation && found.validation_loss > loss_of(kValidated * job.options.tolerance, *job.validation)) return;
  found.amplification = amplification(*job.family, job.train, found.point, job.options.seed, budget);
  found.determined = found.amplification < kMostAmplification;
}

}  // namespace rankflow::grow
