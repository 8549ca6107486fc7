// Noisy lists of cells, however long: components beside an offset and effects of modes, shrunk as the data ask for.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "rankflow/archive.h"
#include "rankflow/fit.h"
#include "rankflow/generalized_cp.h"
#include "rankflow/options.h"
#include "rankflow/tensor.h"
#include "rankflow/types.h"

namespace rankflow {

struct ListCpOptions {
  Index max_components = 50;  // growth ends here; 0 = effects alone
  bool effects = true;        // false: components alone, without offset
  Index sweeps = 8;           // over all rows of all modes, for a component to show what it is worth
  Index patience = 2;         // components in a row without a gain that end the growth
  double gain = 1e-3;         // relative gain of the validation error from which on a component stays
  Index final_sweeps = 20;    // at the end, at most
  /// Up to so many observations a row's uncertainty counts (variational Bayes), beyond, rows are point estimates.
  Index bayes_below = 1'000'000;
  double max_seconds = 0;  // 0 = none
  std::uint64_t seed = 0;
};
std::vector<OptionField> fields(ListCpOptions& options);

/// Observations of a list that are fitted (`part` 0), that choose (1), and all others. The tensor must outlive the fit;
/// it is not copied.
struct ListCpData {
  const Tensor& tensor;
  std::vector<std::uint8_t> part;
};

struct ListCpResult {
  GeneralizedCp model;
  /// What shrinks: 1 / variance of the noise, of each component's weights, and of the effects of each mode.
  double noise_precision = 1;
  Vector component_precision, effect_precision;
  Stop stop = Stop::not_run;
  std::string message = "the fit has not run";
  Index sweeps = 0;
  double train_rmse = kNaN, validation_rmse = kNaN;
  double effects_rmse = kNaN;  // of effects alone on the validation part
  double seconds = 0;
};

/// Mean-field variational Bayes for y = offset + effects + components + normal noise, row by row: each row of a factor
/// is normal given the others, components share a precision over all modes that is learned, so what the data do not ask
/// for shrinks to nothing (Zhao, Zhang and Cichocki 2015). Components enter one by one along the residual's largest
/// shrunk direction and stay if the validation part gains. O(observations N R^2) a sweep; memory beside the tensor: 4
/// (N - 1) bytes an observation and R^2 numbers a row.
class ListCpFit {
 public:
  /// Throws InputError, OptionError.
  ListCpFit(ListCpData data, const ListCpOptions& options);
  /// The model and the shrinkage of `start`, fitted to other observations; nothing is chosen.
  ListCpFit(ListCpData data, const ListCpResult& start, const ListCpOptions& options);
  ~ListCpFit();
  ListCpFit(ListCpFit&&) noexcept;

  /// One sweep; false if the fit had ended before.
  bool advance();
  Step last_step() const;
  /// Between any two sweeps: continuing from it gives the same bits as going on.
  Archive state() const;
  /// Of a fit of the same data with the same options; throws InputError if it does not fit.
  void restore(const Archive& state);
  ListCpResult result() const;
  void finish(Stop why);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rankflow
