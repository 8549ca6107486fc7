// The exact strategy: attempts to match the observations to round-off, then without what is not needed.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <numeric>

#include "rankflow/rng.h"
#include "solver/grow/job.h"

namespace rankflow::grow {
namespace {

constexpr double kRidges[] = {.06, .15, .03};  // of gamma, by attempt
constexpr Index kDrawAmong = 6;                // later attempts draw among so many directions
constexpr std::uint64_t kDrawStream = 0x64726177;
constexpr double kNoiseGain = 5;  // rounds with a gain ratio below are idle
constexpr Index kIdle = 3;        // ... and so many in a row end an attempt
constexpr Index kPruneSteps = 20;

// Back to nothing, for the next attempt or the noisy strategy.
void start_over(const Job& job, Progress& progress) {
  progress.round = progress.idle = 0;
  progress.finished_loss = .5 * job.train.squared_norm;
  progress.current = Found{};
  progress.current.point = job.family->nothing();
  progress.current.loss = .5 * job.train.squared_norm;
}

// `stalled`: components brought no more than they bring on noise.
void end_attempt(const Job& job, Progress& progress, bool stalled) {
  ++progress.attempt;
  start_over(job, progress);
  const bool over = job.refitting || progress.attempt >= job.options.attempts;
  if (job.options.strategy == GrowStrategy::automatic && !progress.tried_noisy && (stalled || over)) {
    progress.tried_noisy = true;
    progress.phase = Phase::noisy_grow;
  } else {
    progress.phase = over ? Phase::ended : Phase::grow;
  }
}

bool may_enter(const Job& job, const Candidate& candidate, Index attempt) {
  const double freedom = job.family->degrees_of_freedom(candidate.extended.widths);
  return may_determine(job, candidate.extended.widths) &&
         freedom <= job.family->most_freedom(attempt) * static_cast<double>(job.train.count());
}

// The gain of a round per degree of freedom it took, in units of what is left per degree that is left (Fisher's F). The
// best of all directions on noise has 2 to 4.
double gain_ratio(const Job& job, const Point& before, double loss_before, const Found& after) {
  const double freedom = job.family->degrees_of_freedom(after.point.widths);
  const double taken = freedom - job.family->degrees_of_freedom(before.widths);
  const double left = static_cast<double>(job.train.count()) - freedom;
  return (loss_before - after.loss) / taken / (after.loss / std::max(1.0, left));
}

}  // namespace

void keep_better(const Job& job, const Found& found, Progress& progress) {
  const auto rank = [](const Found& f) { return f.determined ? 2 : f.matched ? 1 : 0; };
  if (progress.best) {
    const Found& best = *progress.best;
    if (rank(best) > rank(found)) return;
    if (rank(best) == rank(found) && rank(found) < 2) {
      // Without the caller's validation part, only the noisy strategy knows what predicts.
      const bool better = job.validation                    ? found.validation_loss < best.validation_loss
                          : found.strategy != best.strategy ? found.strategy == GrowStrategy::noisy
                                                            : found.loss < best.loss;
      if (!better) return;
    }
  }
  progress.best = found;
}

void end_noisy(const Job& job, Progress& progress) {
  const bool over =
      job.refitting || progress.attempt >= job.options.attempts || job.options.strategy == GrowStrategy::noisy;
  const bool predicts = progress.best && progress.best->predicts;
  progress.phase = over || predicts ? Phase::ended : Phase::grow;
  start_over(job, progress);
}

bool grow_step(const Job& job, const Budget& budget, Progress& progress) {
  const Cells& cells = job.train;
  Found& current = progress.current;
  std::vector<double> slope;
  current.loss = loss_at(job, cells, current.point, &slope);
  if (progress.round == 0 && relative_residual(cells, current.loss) < job.options.tolerance) {  // zero already matches
    judge(job, budget, current);
    keep_better(job, current, progress);
    progress.phase = Phase::ended;
    return true;
  }
  const DrawKey key{job.options.seed, progress.attempt, progress.round};
  std::vector<Candidate> candidates = job.family->directions(cells, current.point, slope, key, budget);
  if (budget.spent()) return false;
  std::erase_if(candidates, [&](const Candidate& c) { return !may_enter(job, c, progress.attempt); });
  if (candidates.empty()) {
    end_attempt(job, progress, false);
    return true;
  }
  Index chosen = 0;
  if (progress.attempt > 0) {
    Rng rng(key.seed, kDrawStream, static_cast<std::uint64_t>(key.attempt), static_cast<std::uint64_t>(key.round));
    chosen = static_cast<Index>(
        rng.below(std::min<std::uint64_t>(kDrawAmong, static_cast<std::uint64_t>(candidates.size()))));
  }
  const Found before = current;
  current.point = candidates[chosen].extended;
  current.ridge = kRidges[progress.attempt % std::ssize(kRidges)] * candidates[chosen].gamma;
  ++progress.round;
  RefitOptions options;
  options.ridge = current.ridge;
  if (!refit_point(job, cells, options, budget, current.point, progress, current.loss)) return false;

  Found finished{current.point, 0};
  if (!finish_point(job, cells, budget, finished.point, progress, finished.loss)) return false;
  judge(job, budget, finished);
  if (budget.spent()) return false;
  // Where the observations are not matched, a fit without a ridge may hold components that run away from each other.
  if (finished.matched || !job.validation) keep_better(job, finished, progress);
  if (finished.determined || finished.matched) {
    progress.phase = Phase::prune;
    progress.round = progress.idle = 0;
    progress.current = finished;
    return true;
  }
  if (job.validation) {
    judge(job, budget, current);
    keep_better(job, current, progress);
  }
  const bool idle = gain_ratio(job, before.point, progress.finished_loss, finished) < kNoiseGain;
  progress.idle = idle ? progress.idle + 1 : 0;
  progress.finished_loss = finished.loss;
  if (progress.idle >= kIdle) end_attempt(job, progress, true);
  return true;
}

// Parts are tried by size, smallest first; what leaves the observations matched stays away.
bool prune_step(const Job& job, const Budget& budget, Progress& progress) {
  Found& current = progress.current;
  const std::vector<double> sizes = job.family->part_sizes(job.train, current.point);
  const Index parts = std::ssize(sizes);
  if (progress.round < parts && parts > 1) {
    std::vector<Index> by_size(sizes.size());
    std::iota(by_size.begin(), by_size.end(), Index{0});
    std::stable_sort(by_size.begin(), by_size.end(), [&](Index a, Index b) { return sizes[a] < sizes[b]; });
    Found less{job.family->without(current.point, by_size[progress.round]), 0};
    RefitOptions options;
    options.max_steps = kPruneSteps;
    options.min_decrease = .3;
    const double matched = job.options.tolerance * job.options.tolerance * job.train.squared_norm / 2;
    options.matched_loss = matched;
    options.small_loss = 1e-16 * matched;
    if (!refit_point(job, job.train, options, budget, less.point, progress, less.loss)) return false;
    judge(job, budget, less);
    if (budget.spent()) return false;
    if (less.matched) {  // the next larger part is now at the same place of the order
      progress.current = less;
      progress.idle = 1;
      keep_better(job, less, progress);
    } else {
      ++progress.round;
    }
    return true;
  }
  if (progress.idle > 0 && parts > 1) {  // what stayed may be superfluous now: once more from the smallest on
    progress.round = progress.idle = 0;
    return true;
  }
  // Nothing more to remove.
  if (current.determined) {
    progress.best = current;
    progress.phase = Phase::ended;
    return true;
  }
  end_attempt(job, progress, false);
  return true;
}

}  // namespace rankflow::grow
