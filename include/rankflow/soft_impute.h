// Soft-impute: half the sum of squares plus lambda times the nuclear norm, along a path of penalties, each solution
// with its duality gap. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rankflow/archive.h"
#include "rankflow/centering.h"
#include "rankflow/fit.h"
#include "rankflow/low_rank_model.h"
#include "rankflow/observations.h"
#include "rankflow/options.h"

namespace rankflow {

struct SoftImputeOptions {
  double penalty = 0;          // lambda, the end of the path; 0 = the path's length decides
  Index path_length = 25;      // penalties on the path
  double path_ratio = 0.02;    // the smallest penalty relative to the largest that matters, ||P_Omega y||_2
  Index path_patience = 2;     // ends the path after so many penalties without a better validation error; 0 = never
  double relative_gap = 1e-4;  // of every solution
  Centering centering = Centering::none;
  Index max_rank = 0;
  Index max_iterations = 500;  // per penalty
  double max_seconds = 0;
  std::uint64_t seed = 0;
};
std::vector<OptionField> fields(SoftImputeOptions& options);
void check(const SoftImputeOptions& options);

/// The solution at one penalty.
struct PenalizedSolution {
  double penalty = kNaN;
  double objective = kNaN;  // 1/2 sum w (y - W)^2 + penalty ||W||_*
  double bound = kNaN;      // no matrix has a smaller objective
  double norm = kNaN;       // ||W||_*
  double train_rmse = kNaN, validation_rmse = kNaN;
  Index rank = 0, iterations = 0;
  double relative_gap() const;
};

struct SoftImputeResult {
  LowRankModel model;  // of the chosen penalty
  PenalizedSolution chosen;
  std::vector<PenalizedSolution> path;
  Stop stop = Stop::not_run;
  std::string message = "the fit has not run";
  Index iterations = 0;
  double seconds = 0;
};

/// min over W of 1/2 sum_Omega w (y - b - W)^2 + lambda ||W||_*, b the biases that `centering` takes off, for
/// lambda = ||P_Omega (y - b)||_2 times a geometric sequence from 1 down. One step is one round at one penalty.
class SoftImpute {
 public:
  /// train and validation must outlive the object; validation may be empty: then the last penalty is chosen.
  SoftImpute(const Observations<double>& train, const EntryList<double>& validation, const SoftImputeOptions& options,
             const Archive* resume = nullptr);
  ~SoftImpute();
  SoftImpute(SoftImpute&&) noexcept;

  bool step();
  Step last_step() const;
  /// Between any two steps: continuing from it gives the same bits as going on.
  Archive state() const;
  SoftImputeResult result() const;
  void finish(Stop why);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

SoftImputeResult fit_soft_impute(const Observations<double>& train, const EntryList<double>& validation,
                                 const SoftImputeOptions& options, std::span<const Observer> observers = {});

}  // namespace rankflow
