// The engine for noisy dense arrays: small singular values of all unfoldings at once, penalized as by a deep
// factorization, on a path that the validation part ends.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rankflow/archive.h"
#include "rankflow/dense_array.h"
#include "rankflow/fit.h"
#include "rankflow/options.h"

namespace rankflow {

/// Nothing here needs to be chosen; weights, strength and the path's end are found by validation.
struct OverlapOptions {
  double power = 0;          // p of the penalty sum of singular values^p; 0 = log det; 2 / p is the depth it imitates
  double eps_start = .7;     // of the path, in units of the values' root mean square
  double eps_end = 1e-4;     // the path ends there at the latest
  double search_ratio = .6;  // eps from one point to the next while weights are searched
  double final_ratio = .8;   // the same for the fit that is kept
  double patience = .2;      // a path ends once eps is below this share of where the validation error was smallest
  Index iterations = 8;      // of conjugate gradients at one eps, at most
  Index rounds = 3;          // of the coordinate search over weights and strength
  double gain = .004;        // relative gain of the validation error from which on a change is accepted
  Index full_below = 300;    // modes up to this size get all their eigenvectors
  Index leading = 60;        // larger ones so many
  Index group_limit = 400;   // order 4 and more: pairs of modes with at most so many indices together are unfolded too
  double max_seconds = 0;    // wall-clock limit; 0 = none. The best weights so far are then kept
  std::uint64_t seed = 0;    // of the first subspaces of large modes
};
std::vector<OptionField> fields(OverlapOptions& options);
void check(const OverlapOptions& options);

/// How much each unfolding is penalized: weights have mean 1.
struct OverlapSetting {
  std::vector<double> weight;
  double strength = .3;
};

/// One unfolding of the completed array.
struct OverlapUnfolding {
  std::vector<Index> modes;  // its rows
  double weight = kNaN;
  Vector singular_values;  // descending, in the values' units; the leading ones of large modes
  Index rank = 0;          // of them above eps (of the path's last point) times the root mean square of a column
};

/// A setting that was looked at.
struct OverlapTrial {
  OverlapSetting setting;
  double rmse = kNaN;  // validation error at the best point of its path
  double eps = kNaN;   // of that point
};

struct OverlapResult {
  std::vector<float> values;                    // every cell, completed and smoothed, last mode fastest
  std::vector<std::vector<float>> part_values;  // the same from the fits without each validation part
  std::vector<OverlapUnfolding> unfoldings;
  OverlapSetting setting;
  std::vector<OverlapTrial> trials;
  std::vector<double> eps;        // the path of the fit that is kept
  double validation_rmse = kNaN;  // over all parts together; NaN without
  double train_rmse = kNaN;
  Stop stop = Stop::not_run;
  std::string message = "the fit has not run";
  double seconds = 0;
};

/// What is observed and what chooses. Cells of the parts belong to `train` too: each part's fit leaves its own out, and
/// the fit that is kept uses all.
struct OverlapProblem {
  const DenseArray& array;
  CellMask train;
  std::vector<std::vector<Index>> validation;
};

/// min over X of sum over training cells (X - Y)^2 + sum_S a_S k c_S eps^(2-p) f(C_S + eps^2), S single modes (and
/// pairs), C_S = X_(S) X_(S)^T / c_S with c_S the number of columns, f the log determinant (p = power = 0) or
/// (2/p) trace of the power p/2, by reweighted least squares along a falling eps. First a search over the weights a,
/// then the fit that is kept.
class OverlapFit {
 public:
  /// `problem` is kept by reference. Throws OptionError, InputError.
  OverlapFit(const OverlapProblem& problem, const OverlapOptions& options);
  /// Fits again on other cells what a search has chosen: its weights, along as many points of the path.
  OverlapFit(const OverlapProblem& problem, const OverlapResult& chosen, const OverlapOptions& options);
  ~OverlapFit();
  /// One point of a path; false once the fit has ended.
  bool advance();
  /// What an observer sees of the last point.
  const Step& step() const;
  /// Settings that the search has looked at so far.
  const std::vector<OverlapTrial>& trials() const;
  /// Between points: continuing from it gives the same bits as going on.
  Archive state() const;
  void restore(const Archive& state);
  void finish(Stop why);
  OverlapResult result();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

OverlapResult fit_overlap(const OverlapProblem& problem, const OverlapOptions& options,
                          std::span<const Observer> observers = {});

}  // namespace rankflow
