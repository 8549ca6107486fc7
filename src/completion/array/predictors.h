// What predicts the cells of an array: a sum of outer products, or a completed array.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <memory>
#include <vector>

#include "rankflow/archive.h"
#include "rankflow/array_intervals.h"
#include "rankflow/complete_array.h"
#include "rankflow/cp_factorization.h"
#include "rankflow/generalized_cp.h"

namespace rankflow::completion {

/// Half widths for lists of cells: quantiles of the absolute residuals of cells that a fit has not seen, the same
/// everywhere (split conformal).
struct PlainIntervals {
  std::vector<double> residuals;  // absolute, ascending
  double half_width(double level) const;

  void save(Archive& to) const;
  static PlainIntervals load(const Archive& from);
};

/// The same for counts, over the square root of the prediction, and within the values that there are.
struct ScaledResiduals {
  std::vector<double> residuals;  // absolute, over the scale, ascending

  static double scale(double mean, TensorPenalty penalty);
  static double scaled(double residual, double mean, TensorPenalty penalty) {
    return std::abs(residual) / scale(mean, penalty);
  }
  Interval at(double mean, double level, TensorPenalty penalty) const;

  static ScaledResiduals load(const Archive& from);
};

/// Lists: plain intervals. Arrays whose cells are in memory: intervals with a local scale.
/// Model: CpFactorization<double>, TreeFactorization<double>, UnfoldedMatrix.
template <class Model>
std::shared_ptr<const ArrayPredictor> factor_predictor(Model model, PlainIntervals intervals);
template <class Model>
std::shared_ptr<const ArrayPredictor> factor_predictor(Model model, std::vector<Index> shape, ArrayIntervals intervals);
std::shared_ptr<const ArrayPredictor> generalized_predictor(GeneralizedCp model, ScaledResiduals intervals);
/// values: every cell, last mode fastest.
std::shared_ptr<const ArrayPredictor> dense_predictor(std::vector<Index> shape, std::vector<float> values,
                                                      ArrayIntervals intervals);

/// Predicts as `again`, a fit on more cells, does; its intervals are as wide as those of `calibrated`.
std::shared_ptr<const ArrayPredictor> recentred(std::shared_ptr<const ArrayPredictor> again,
                                                std::shared_ptr<const ArrayPredictor> calibrated);

}  // namespace rankflow::completion
