// Prediction intervals for the cells of a completed array: split conformal, with a local scale.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "rankflow/archive.h"
#include "rankflow/dense_array.h"
#include "rankflow/interval.h"
#include "rankflow/types.h"

namespace rankflow {

/// How large residuals of a fit are near a cell: those of the fibres through it, each smoothed towards the global
/// level,
///   scale(cell) = sigma * spread(x) * (prod_n q_n(fibre) / sigma^2)^(exponent / 2),
/// q_n the smoothed mean square along mode n of residuals over spread(x), spread(x) = 1 or sqrt(max(x, 0) + 1).
class LocalScale {
 public:
  LocalScale() = default;
  LocalScale(const DenseArray& array, const CellMask& train, const std::vector<float>& x, bool grows_with_prediction);
  double at(Index cell, double x, double exponent) const;

  void save(Archive& to) const;
  /// Throws InputError unless `from` has the scale of an array of this shape.
  static LocalScale load(const Archive& from, const std::vector<Index>& shape);

 private:
  std::vector<ModeView> views_;
  std::vector<std::vector<float>> log_ratio_;  // per mode and fibre: log(q / sigma^2)
  double sigma_ = 1;
  bool grows_ = false;
};

/// Split conformal (Vovk, Gammerman and Shafer 2005): residuals on cells that a fit has not seen, over the local scale;
/// their quantile times the local scale is half the width. New cells are covered with the stated probability if they
/// are missing as the calibration cells were made to be: exactly for holes at random, otherwise as far as the
/// calibration cells imitate the holes.
struct ArrayIntervals {
  LocalScale scale;     // of the fit that predicts
  double exponent = 0;  // how much the local scale varies: 0 = the same everywhere
  bool grows_with_prediction = false;
  std::vector<double> quantiles;  // |residual| / scale on the calibration cells, ascending

  Interval at(Index cell, double prediction, double probability) const;

  void save(Archive& to) const;
  static ArrayIntervals load(const Archive& from, const std::vector<Index>& shape);
};

/// x: the fit that predicts, on `train`. parts[k]: calibration cells; part_x[k]: a fit on `train` without them.
/// Exponent and growth (looked at where no value is negative) are those of the best interval score at 90 %.
ArrayIntervals calibrate_intervals(const DenseArray& array, const CellMask& train, const std::vector<float>& x,
                                   const std::vector<std::vector<Index>>& parts,
                                   const std::vector<std::vector<float>>& part_x);

}  // namespace rankflow
