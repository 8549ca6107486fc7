// What the fits of all models of an array share: parts as cells, engines taken up from a checkpoint, calibration.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "completion/array/empty_indices.h"
#include "completion/array/factor_files.h"
#include "completion/array/fits.h"
#include "completion/array/predictors.h"

namespace rankflow::completion {

/// The training cells, and the validation parts as cells.
struct DenseParts {
  CellMask train;
  std::vector<std::vector<Index>> validation;
};
DenseParts dense_parts(const ArrayRun& run, bool everything);

std::vector<float> to_float(const Vector& cells);

/// A fit that has ended: its engine's state, and why it ended.
template <class Result>
Result finished(ArrayRun& run, const std::string& fit, Archive state, Result result) {
  if (run.interrupted) return result;
  state.set("ended", static_cast<std::int64_t>(result.stop));
  run.checkpoint.save_finished(fit, std::move(state), run.history);
  return result;
}

/// Brings an engine to where a checkpoint has it; true if the fit had ended there.
template <class Engine>
bool take_up(ArrayRun& run, const std::string& fit, Engine& engine) {
  if (const Archive* ended = run.checkpoint.finished(fit)) {
    engine.restore(*ended);
    engine.finish(static_cast<Stop>(ended->get_int("ended")));
    return true;
  }
  if (const Archive* state = run.checkpoint.in_progress(fit)) engine.restore(*state);
  return false;
}

/// Collects what fits without each validation part say of it.
template <class Model>
class Validation {
 public:
  explicit Validation(const ArrayRun& run) : run_(run) {}

  void add(const std::vector<Index>& part, const Model& model) {
    const Tensor& tensor = run_.tensor;
    for (const Index k : part) {
      const double e = model.entry(index_at(tensor, k)) - tensor.value[k];
      plain_.residuals.push_back(std::abs(e));
      squares_ += e * e;
    }
    if (run_.dense) part_values_.push_back(to_float(dense_cells(model)));
  }

  double rmse() const { return std::sqrt(squares_ / static_cast<double>(plain_.residuals.size())); }

  /// Of a fit to all that trains, with intervals calibrated by what was added.
  std::shared_ptr<const ArrayPredictor> predictor(Model model) {
    fill_empty_rows(seen_indices(run_.tensor, numbers_without(run_.tensor, run_.split.held_out)), model);
    if (run_.dense) {
      const DenseParts parts = dense_parts(run_, false);
      return factor_predictor(model, run_.tensor.shape(),
                              calibrate_intervals(run_.dense->array, parts.train, to_float(dense_cells(model)),
                                                  parts.validation, part_values_));
    }
    std::sort(plain_.residuals.begin(), plain_.residuals.end());
    return factor_predictor(model, std::move(plain_));
  }

 private:
  const ArrayRun& run_;
  PlainIntervals plain_;
  std::vector<std::vector<float>> part_values_;
  double squares_ = 0;
};

/// Of a fit to all observations: predicts as it does, with the intervals of the fit that was judged.
template <class Model>
std::shared_ptr<const ArrayPredictor> again_predictor(const ArrayRun& run, Model model, const ArrayFit& chosen) {
  fill_empty_rows(seen_indices(run.tensor, numbers_without(run.tensor, {})), model);
  return recentred(factor_predictor(model, PlainIntervals{}), chosen.predictor);
}

template <class Result>
void take(const Result& result, ArrayFit& fit) {
  fit.train_rmse = result.train_rmse;
  fit.stop = result.stop;
  fit.message = result.message;
  if constexpr (requires { result.iterations; }) fit.iterations = result.iterations;
}

}  // namespace rankflow::completion
