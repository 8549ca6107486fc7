// Growing CP: completes a tensor by a sum of outer products whose number is found.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>

#include "rankflow/archive.h"
#include "rankflow/cp_factorization.h"
#include "rankflow/grow.h"
#include "rankflow/tensor_problem.h"

namespace rankflow {

struct GrowCpResult : GrowReport {
  CpFactorization<double> model;
};

/// One fit as an object that moves step by step; what fit_grow_cp() loops over.
class GrowCp {
 public:
  /// Squared loss on entries; copies what it needs. `validation` may be null: the noisy strategy then keeps a tenth of
  /// the observations for itself and fits again on all. Throws InputError for other problems, OptionError.
  GrowCp(const TensorProblem<double>& train, const TensorProblem<double>* validation, const GrowOptions& options);
  /// Fits again on more observations what was found on a part of them: same components as a start, same ridge.
  GrowCp(const TensorProblem<double>& observations, const GrowCpResult& validated, const GrowOptions& options);
  ~GrowCp();
  GrowCp(GrowCp&&) noexcept;

  /// Makes one step; false if the fit had ended before.
  bool step();
  /// The record of the last step.
  GrowStep last_step() const;
  /// Between any two steps: continuing from it gives the same bits as going on.
  Archive state() const;
  /// Of a fit of the same data with the same options; throws InputError if it does not fit.
  void restore(const Archive& state);
  /// The best so far; final once step() has returned false.
  GrowCpResult result() const;
  /// Ends the fit: step() returns false from now on.
  void finish(Stop why);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Never prints, never touches files.
GrowCpResult fit_grow_cp(const TensorProblem<double>& train, const TensorProblem<double>* validation = nullptr,
                         const GrowOptions& options = {}, std::span<const GrowWatcher> watchers = {});
GrowCpResult refit_grow_cp(const TensorProblem<double>& observations, const GrowCpResult& validated,
                           const GrowOptions& options = {}, std::span<const GrowWatcher> watchers = {});

}  // namespace rankflow
