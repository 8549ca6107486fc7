// The noisy strategy: components enter while a validation part gains, each with the ridge that it likes best; then the
// ones that it does not miss leave; then everything is fitted to all observations.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <numeric>

#include "solver/grow/job.h"

namespace rankflow::grow {
namespace {

constexpr double kRidge = .02;                      // of gamma; then times
constexpr double kRidgeFactors[] = {10, 1, .1, 0};  // , each from where the one before has led
constexpr double kGain = .005;                      // of the validation error: less is next to nothing
constexpr double kEquallyWell = 1.01;               // validation errors that count as equal
constexpr Index kIdle = 5;                          // rounds in a row with next to nothing end the growth
constexpr double kTolerated = 1.02;                 // validation error that an elimination may end at, of the best
constexpr Index kTriedForElimination = 4;           // smallest parts
constexpr Index kEliminateSteps = 20;
constexpr double kStiffTolerated = 1.002;  // the same for a larger ridge: it biases what is kept
constexpr double kTooStiff = 1.02;         // ... and beyond this still larger ones are not looked at
constexpr double kLeastRidge = 1e-4;       // of the loss
constexpr double kStiffening = 4;          // a ridge's factor to the next
constexpr Index kMostStiffenings = 12;
constexpr Index kLastSteps = 200;
constexpr double kLastDecrease = 1e-5;
constexpr double kNearlyMatched = 1e-2;      // relative residual from which a match is tried
constexpr Index kNoisyKey = Index{1} << 40;  // random numbers apart from those of attempts

bool better_than(double loss, const std::optional<Found>& found, double factor) {
  return !found || loss < factor * factor * found->validation_loss;
}

RefitOptions thorough(double ridge) {
  RefitOptions options;
  options.ridge = ridge;
  options.max_steps = kLastSteps;
  options.min_decrease = kLastDecrease;
  return options;
}

}  // namespace

bool noisy_step(const Job& job, const Budget& budget, Progress& progress) {
  const Cells& cells = job.noisy_fit();
  std::vector<double> slope;
  loss_at(job, cells, progress.current.point, &slope);
  std::vector<Candidate> candidates = job.family->directions(cells, progress.current.point, slope,
                                                             {job.options.seed, kNoisyKey, progress.round}, budget);
  if (budget.spent()) return false;
  std::erase_if(candidates, [&](const Candidate& c) { return !may_determine(job, c.extended.widths); });
  if (!progress.noisy) {
    progress.noisy = Found{progress.current.point, 0, progress.current.loss};
    progress.noisy->validation_loss = loss_at(job, job.noisy_validation(), progress.current.point);
    progress.noisy->strategy = GrowStrategy::noisy;
  }
  bool gained = false;
  if (!candidates.empty()) {
    Found next{candidates.front().extended};
    next.strategy = GrowStrategy::noisy;
    std::optional<Found> best, stiffest;
    std::vector<Found> tried;
    for (const double factor : kRidgeFactors) {
      next.ridge = kRidge * factor * candidates.front().gamma;
      RefitOptions options;
      options.ridge = next.ridge;
      if (!refit_point(job, cells, options, budget, next.point, progress, next.loss)) return false;
      next.validation_loss = loss_at(job, job.noisy_validation(), next.point);
      if (better_than(next.validation_loss, best, 1)) best = next;
      tried.push_back(next);
    }
    // Without a ridge components may grow against each other, large and nearly opposite: of ridges that predict equally
    // well the largest keeps them apart.
    for (const Found& found : tried)
      if (!stiffest && better_than(found.validation_loss, best, kEquallyWell)) stiffest = found;
    progress.current = stiffest.value_or(*best);
    gained = better_than(progress.current.validation_loss, progress.noisy, 1 - kGain);
    if (better_than(progress.current.validation_loss, progress.noisy, 1)) progress.noisy = progress.current;
  }
  ++progress.round;
  progress.idle = gained ? 0 : progress.idle + 1;
  if (candidates.empty() || progress.idle >= kIdle) {
    progress.phase = Phase::eliminate;
    progress.current = *progress.noisy;
  }
  return true;
}

// The largest ridge that the validation part does not mind: components that grew against each other, large and nearly
// opposite, shrink to what they explain. Every ridge is followed to its minimum, as the fit that is kept will be: short
// of it, a ridge that lets components run away does not show that it does. False if time is up.
bool stiffen(const Job& job, const Budget& budget, Progress& progress) {
  const Cells& cells = job.noisy_fit();
  Found stiffer = progress.current;
  stiffer.ridge = std::max(stiffer.ridge, kLeastRidge * stiffer.loss);
  std::vector<Found> tried;
  double least = HUGE_VAL;
  for (Index k = 0; k < kMostStiffenings; ++k) {
    if (!refit_point(job, cells, thorough(stiffer.ridge), budget, stiffer.point, progress, stiffer.loss)) return false;
    stiffer.validation_loss = loss_at(job, job.noisy_validation(), stiffer.point);
    tried.push_back(stiffer);
    least = std::min(least, stiffer.validation_loss);
    if (stiffer.validation_loss > kTooStiff * kTooStiff * least) break;
    stiffer.ridge *= kStiffening;
  }
  for (const Found& found : tried)  // the last one counts
    if (found.validation_loss <= kStiffTolerated * kStiffTolerated * least) progress.current = found;
  return true;
}

bool eliminate_step(const Job& job, const Budget& budget, Progress& progress) {
  const Cells& cells = job.noisy_fit();
  const std::vector<double> sizes = job.family->part_sizes(cells, progress.current.point);
  std::vector<Index> by_size(sizes.size());
  std::iota(by_size.begin(), by_size.end(), Index{0});
  std::stable_sort(by_size.begin(), by_size.end(), [&](Index a, Index b) { return sizes[a] < sizes[b]; });
  by_size.resize(std::min<std::size_t>(by_size.size(), kTriedForElimination));
  std::optional<Found> best;
  for (const Index part : by_size) {
    Found less = progress.current;
    less.point = job.family->without(progress.current.point, part);
    RefitOptions options;
    options.ridge = less.ridge;
    options.max_steps = kEliminateSteps;
    if (!refit_point(job, cells, options, budget, less.point, progress, less.loss)) return false;
    less.validation_loss = loss_at(job, job.noisy_validation(), less.point);
    if (better_than(less.validation_loss, best, 1)) best = less;
  }
  if (best && better_than(best->validation_loss, progress.noisy, kTolerated)) {
    progress.current = *best;
    if (better_than(best->validation_loss, progress.noisy, 1)) progress.noisy = best;
    return true;
  }
  if (!stiffen(job, budget, progress)) return false;
  progress.current.predicts = predicts(job, progress.current.point);
  progress.phase = Phase::refit;
  return true;
}

bool refit_step(const Job& job, const Budget& budget, Progress& progress) {
  Found& current = progress.current;
  if (!refit_point(job, job.train, thorough(current.ridge), budget, current.point, progress, current.loss))
    return false;
  if (relative_residual(job.train, current.loss) < kNearlyMatched) {
    Found finished = current;
    finished.ridge = 0;
    if (!finish_point(job, job.train, budget, finished.point, progress, finished.loss)) return false;
    judge(job, budget, finished);
    if (budget.spent()) return false;
    if (finished.matched) {
      keep_better(job, finished, progress);
      progress.current = finished;
      progress.phase = Phase::prune;
      progress.round = progress.idle = 0;
      return true;
    }
  }
  const double own_validation = current.validation_loss;
  const bool own_predicts = current.predicts;
  judge(job, budget, current);
  if (!job.validation) current.validation_loss = own_validation, current.predicts = own_predicts;
  keep_better(job, current, progress);
  end_noisy(job, progress);
  return true;
}

}  // namespace rankflow::grow
