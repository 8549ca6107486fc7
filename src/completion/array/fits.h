// One model of an array: fitted without each validation part, then on all that trains.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "completion/array/predictors.h"
#include "completion/array/split.h"
#include "completion/checkpoint.h"
#include "rankflow/grow_cp.h"
#include "rankflow/grow_tree.h"
#include "rankflow/overlap.h"
#include "rankflow/unfolded_matrix.h"

namespace rankflow::completion {

/// What a fit needs to know; `observers` see every step and may end it.
struct ArrayRun {
  const Tensor& tensor;
  const ArrayOptions& options;
  std::span<const Observer> observers;
  const std::optional<DenseView>& dense;
  const ArraySplit& split;
  Checkpoint checkpoint;                 // every fit is kept there under a name of its own
  std::vector<Index> ranked_modes = {};  // facts
  std::vector<Step> history = {};
  bool interrupted = false;
  std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();

  /// Shows a step to the observers and keeps it; false once one of them wants an end.
  bool record(Step step, const std::string& stage);
  /// A share of the time that is left, in seconds; 0 = no limit.
  double allowance(double share) const;
};

/// A model of any kind. What is empty does not belong to it.
struct ArrayFit {
  std::string model;
  std::string engine = "grow";
  double validation_rmse = kNaN;  // over all validation parts, each from a fit without it
  double train_rmse = kNaN;
  bool solved = false;
  bool by_chance = false;  // growth: to its own tests, what it predicts of the validation part may be chance
  Index iterations = 0;
  Stop stop = Stop::not_run;
  std::string message;
  std::optional<GrowCpResult> cp;
  std::optional<GrowTreeResult> tree;
  std::optional<UnfoldedResult> matrix;
  Index updates = 0;  // gd: that the validation parts liked best
  std::optional<OverlapResult> overlap;
  std::optional<GeneralizedCpResult> generalized;
  double criterion = kNaN;  // generalized: on the validation parts, smaller is better
  double decay = kNaN;
  std::optional<ListCpResult> list;
  bool effects = true;     // list: beside the components
  std::string parts = {};  // list: see ArrayCandidate
  ScaledResiduals calibration;
  std::shared_ptr<const ArrayPredictor> predictor;
};

/// Fits on everything but the held-out part; the validation parts choose and calibrate.
/// `strategy` exact: unless that solves it, only `solved = false` is filled in. `to_beat`: validation error of another
/// model; a fit ends where it will clearly not come below it. NaN = none.
ArrayFit validated_cp(ArrayRun& run, GrowStrategy strategy, double to_beat);
/// The exact strategy in two attempts with few components: a first look before other exact models.
ArrayFit small_exact_cp(ArrayRun& run);
ArrayFit validated_tree(ArrayRun& run, GrowStrategy strategy, double to_beat);
ArrayFit validated_overlap(ArrayRun& run, double to_beat);
ArrayFit validated_matrix(ArrayRun& run);
/// Engine gd: of the model that the options name.
ArrayFit validated_descent(ArrayRun& run);
/// The tree that the options name, or one chosen from what trains.
ModeTree tree_of(const ArrayRun& run);

/// The same on all observations, one kind of fit each.
ArrayFit grown_again(ArrayRun& run, const ArrayFit& chosen);
ArrayFit overlap_again(ArrayRun& run, const ArrayFit& chosen);
ArrayFit matrix_again(ArrayRun& run, const ArrayFit& chosen);
ArrayFit descended_again(ArrayRun& run, const ArrayFit& chosen);
/// The same model on all observations, with the choices and the calibration of the first fit.
ArrayFit fit_again(ArrayRun& run, const ArrayFit& chosen);

}  // namespace rankflow::completion
