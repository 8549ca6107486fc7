// What the posterior's samples leave behind: mean, spread and noise, and the errors of the mean on the validation part.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "rankflow/posterior.h"
#include "solver/posterior/mean_sketch.h"
#include "solver/posterior/side.h"
#include "solver/posterior/spread_probes.h"

namespace rankflow::posterior {

/// Averages over samples. Each sample enters twice, once with the conditional means of its rows and once with those of
/// its columns in place of the draws (Rao-Blackwell): the same expectation with less noise.
template <class T>
class Averages {
 public:
  Averages(const Observations<T>& train, const EntryList<T>& validation, Index width, std::pair<double, double> range,
           double center, double scale, std::uint64_t seed);

  /// Half a sample: vectors (or conditional means) of rows and columns.
  void add(const AlignedRows<T>& rows, const AlignedRows<T>& columns);
  /// The end of a sample: spread and noise.
  void end_sample(const Side<T>& rows, const Side<T>& columns, double alpha);

  Index samples() const { return samples_; }
  /// Error of the mean so far, before it is cut to low rank; NaN without a validation part or sample.
  double validation_rmse() const { return validation_rmse_; }
  /// Fills model, spread, kept, train_rmse and validation_rmse. keep = 0: the smallest rank whose validation error is
  /// within 1e-4 of the best (without a validation part: at most 20).
  void finish(Index keep, PosteriorResult& result) const;

  void save(Archive& archive) const;
  void load(const Archive& archive);

 private:
  double clipped(double value) const;
  Index choose_rank(const LowRankModel& model) const;

  const Observations<T>& train_;
  const EntryList<T>& validation_;
  std::pair<double, double> range_;
  double center_, scale_;
  Index width_, samples_ = 0;
  Vector row_bias_, column_bias_, row_noise_, column_noise_;
  double noise_ = 0, validation_rmse_ = kNaN;
  std::vector<double> predicted_;  // sum over half samples, in units of the values' spread
  MeanSketch<T> sketch_;
  SpreadProbes<T> probes_;
};

}  // namespace rankflow::posterior
