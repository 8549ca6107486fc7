// What every phase of a growing fit works with, and the phases themselves.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "rankflow/grow.h"
#include "solver/grow/cells.h"
#include "solver/grow/family.h"
#include "solver/grow/progress.h"
#include "solver/grow/refit.h"

namespace rankflow::grow {

struct Job {
  std::unique_ptr<Family> family;
  Cells train;                      // all observations that may be fitted
  std::optional<Cells> validation;  // the caller's
  GrowOptions options;
  bool refitting = false;  // a model that was judged is fitted again: no attempts after that
  /// What the noisy strategy fits and validates on: the two above, or parts of the first.
  std::optional<Cells> own_fit, own_validation;

  const Cells& noisy_fit() const { return own_fit ? *own_fit : train; }
  const Cells& noisy_validation() const { return own_validation ? *own_validation : *validation; }
};

/// Keeps a tenth of the observations for validation unless the caller has given a part.
void split_for_noise(Job& job);
/// The cap on growth: may the data determine this?
bool may_determine(const Job& job, const std::vector<Index>& widths);
/// 1/2 sum w e^2 at a point; `slope` (if not null) gets w_k (y_k - x_k).
double loss_at(const Job& job, const Cells& cells, const Point& point, std::vector<double>* slope = nullptr);
/// Refits a point in place; counts its steps. False if time ran out.
bool refit_point(const Job& job, const Cells& cells, const RefitOptions& options, const Budget& budget, Point& point,
                 Progress& progress, double& loss);
/// Tries to match the cells from this point without a ridge. False if time ran out.
bool finish_point(const Job& job, const Cells& cells, const Budget& budget, Point& point, Progress& progress,
                  double& loss);
/// Whether a point predicts the noisy strategy's validation part clearly better than the best constant does.
bool predicts(const Job& job, const Point& point);
/// found.matched, determined, amplification, validation_loss, predicts.
void judge(const Job& job, const Budget& budget, Found& found);
/// Error of the best constant on the validation part, as a loss: the training mean or 0.
double baseline_loss(const Cells& fit, const Cells& validation);

/// Makes it the best unless that one is better.
void keep_better(const Job& job, const Found& found, Progress& progress);
/// What comes after the noisy strategy: attempts that are left, or the end.
void end_noisy(const Job& job, Progress& progress);

// One step each; false if time ran out, and `progress` is then not to be kept.
bool grow_step(const Job& job, const Budget& budget, Progress& progress);
bool prune_step(const Job& job, const Budget& budget, Progress& progress);
bool noisy_step(const Job& job, const Budget& budget, Progress& progress);
bool eliminate_step(const Job& job, const Budget& budget, Progress& progress);
bool refit_step(const Job& job, const Budget& budget, Progress& progress);

}  // namespace rankflow::grow
