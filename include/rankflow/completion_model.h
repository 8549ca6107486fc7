// What a completed table is predicted from: the low-rank model, its units, its intervals, and the names of its lines.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rankflow/interval.h"
#include "rankflow/low_rank_model.h"
#include "rankflow/observations.h"
#include "rankflow/posterior.h"
#include "rankflow/table.h"

namespace rankflow {

class Archive;

/// Predictions are product(i, j) * scale_j + offset_j, clipped to [low, high]. All methods are const and thread-safe.
struct CompletionModel {
  LowRankModel product;       // in the engine's units
  ColumnScaling scaling;      // empty vectors: the engine's units are the values'
  double low = 1, high = -1;  // what predictions are clipped to, in the values' units; low > high = no clipping
  PosteriorSpread spread;     // in the engine's units
  /// Ascending |residual| / standard deviation on the validation part, predicted by a fit that had not seen it. Empty:
  /// there was none, so no intervals.
  std::vector<double> calibration;
  double weight_unit = 1;  // mean weight of the observations it was made from; 1 if they had none
  Axis rows, columns;
  std::string value_title;
  std::string record;  // how it was made, as JSON text

  double predict(Index i, Index j) const;
  /// Half-widths are the split-conformal quantile of the calibration residuals times the model's own standard
  /// deviation: a share `level` of new entries of mean weight falls inside. {NaN, NaN} without a calibration, or if
  /// level is not in (0, 1).
  Interval interval(Index i, Index j, double level) const;
  /// The quantile itself, in standard deviations.
  double calibration_quantile(double level) const;
  /// Standard deviation of a new observation at (i, j), before calibration, in the values' units. weight: of the
  /// observation, in weight units.
  double standard_deviation(Index i, Index j, double weight = 1) const;
  /// The engine's number for (i, j) in the values' units, clipped.
  double from_engine(double value, Index j) const;

  /// One .npz file, atomically. Arrays: docs/file-formats.md.
  void write(const std::string& path) const;
  /// Throws InputError for anything but a sound model file.
  static CompletionModel read(const std::string& path);
  static CompletionModel read(const Archive& archive);
};

/// A row that training did not see: its bias and its coordinates along the model's right singular vectors.
struct FoldedRow {
  double bias = 0;
  Vector coordinates;  // predictions are mean + bias + column_bias_j + coordinates . v_j
  Matrix covariance;   // of (bias, coordinates), engine's units
  Index given = 0;     // observations it was folded in from; 0 = the average row
};

/// Folds rows in: the posterior mean of (bias, coordinates) given some of the row's entries, with the normal prior that
/// the training rows follow and the model's noise per column. O(given r^2 + r^3).
class FoldIn {
 public:
  explicit FoldIn(const CompletionModel& model);
  struct Given {
    Index column;
    double value;       // in the values' units
    double weight = 1;  // relative precision, in the model's weight units
  };
  FoldedRow row(std::span<const Given> given) const;
  double predict(const FoldedRow& row, Index j) const;
  Interval interval(const FoldedRow& row, Index j, double level) const;

 private:
  const CompletionModel& model_;
  Vector prior_mean_;  // of (bias, coordinates)
  Matrix prior_precision_;
  double least_noise_ = 0;  // a variance below which given values count as exact
  double noise_ = 0;        // mean row noise
};

/// For cells whose row or column the model does not know: the average over the rows (columns) that it knows.
double predict_unknown(const CompletionModel& model, std::optional<Index> i, std::optional<Index> j);

}  // namespace rankflow
