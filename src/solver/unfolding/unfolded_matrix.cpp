// From cells of an array to entries of an unfolding, the flow on them, and back.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/unfolded_matrix.h"

#include <algorithm>

#include "rankflow/dense_array.h"
#include "rankflow/error.h"
#include "solver/unfolding/unfolded_side.h"

namespace rankflow {
namespace {

std::vector<Index> combined(const UnfoldedSide& side, const TensorProblem<double>& problem) {
  std::vector<Index> keys(static_cast<std::size_t>(problem.count()), 0);
  for (std::size_t n = 0; n < side.modes.size(); ++n) {
    const std::vector<std::int32_t>& index = problem.index[static_cast<std::size_t>(side.modes[n])];
    for (std::size_t k = 0; k < keys.size(); ++k) keys[k] += side.stride[n] * index[k];
  }
  return keys;
}

std::vector<Index> other_modes(Index order, const std::vector<Index>& modes) {
  std::vector<Index> others;
  for (Index n = 0; n < order; ++n)
    if (std::find(modes.begin(), modes.end(), n) == modes.end()) others.push_back(n);
  return others;
}

std::vector<Index> distinct(std::vector<Index> keys) {
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

std::int32_t place_of(const std::vector<Index>& keys, Index key) {
  const auto found = std::lower_bound(keys.begin(), keys.end(), key);
  return found == keys.end() || *found != key ? -1 : static_cast<std::int32_t>(found - keys.begin());
}

void check(const TensorProblem<double>& problem, const std::vector<Index>& row_modes) {
  if (problem.measurement != TensorMeasurement::entries || problem.loss.penalty != TensorPenalty::squared)
    throw InputError("unfolding", "only cells with the squared loss are completed through an unfolding");
  const auto ascending = [](Index a, Index b) { return a >= b; };
  if (row_modes.empty() || static_cast<Index>(row_modes.size()) >= problem.order() || row_modes.front() < 0 ||
      row_modes.back() >= problem.order() ||
      std::adjacent_find(row_modes.begin(), row_modes.end(), ascending) != row_modes.end())
    throw OptionError("an unfolding's rows are some of the modes, ascending, and not all");
  double cells = 1;
  for (const Index size : problem.shape) cells *= static_cast<double>(size);
  if (cells > 9e18) throw InputError("unfolding", "the array has more cells than a 64-bit number counts");
}

// The observations of a problem as entries of the unfolding; those in lines that are not there are left out.
EntryList<double> entries(const TensorProblem<double>& problem, const UnfoldedMatrix& matrix) {
  EntryList<double> list;
  const std::vector<Index> rows = combined(matrix.rows, problem), columns = combined(matrix.columns, problem);
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const std::int32_t i = place_of(matrix.rows.keys, rows[k]), j = place_of(matrix.columns.keys, columns[k]);
    if (i < 0 || j < 0) continue;
    list.row.push_back(i);
    list.column.push_back(j);
    list.value.push_back(problem.value[k]);
    if (!problem.weight.empty()) list.weight.push_back(problem.weight[k]);
  }
  return list;
}

struct Unfolded {
  UnfoldedMatrix matrix;
  Observations<double> train;
  EntryList<double> validation;
};

Unfolded unfold(const TensorProblem<double>& train, const TensorProblem<double>* validation,
                const std::vector<Index>& row_modes) {
  check(train, row_modes);
  Unfolded unfolded;
  UnfoldedMatrix& matrix = unfolded.matrix;
  matrix.shape = train.shape;
  matrix.rows = make_side(train.shape, row_modes);
  matrix.columns = make_side(train.shape, other_modes(train.order(), row_modes));
  for (UnfoldedSide* side : {&matrix.rows, &matrix.columns}) side->keys = distinct(combined(*side, train));
  unfolded.train = make_observations<double>(static_cast<Index>(matrix.rows.keys.size()),
                                             static_cast<Index>(matrix.columns.keys.size()), entries(train, matrix));
  if (validation != nullptr) unfolded.validation = entries(*validation, matrix);
  return unfolded;
}

UnfoldedResult result_of(FlowResult fit, Unfolded unfolded, Centering centering) {
  UnfoldedResult result;
  result.model = std::move(unfolded.matrix);
  result.model.model = std::move(fit.model);
  result.stop = fit.stop;
  result.message = std::move(fit.message);
  result.iterations = fit.iterations;
  result.train_rmse = fit.train_rmse;
  result.validation_rmse = fit.validation_rmse;
  result.path = fit.path;
  result.centering = centering;
  result.solved = fit.solved;
  return result;
}

}  // namespace

UnfoldedSide make_side(const std::vector<Index>& shape, std::vector<Index> modes) {
  std::vector<Index> sizes;
  for (const Index mode : modes) sizes.push_back(shape[static_cast<std::size_t>(mode)]);
  return {std::move(modes), strides(sizes), {}};
}

std::int32_t UnfoldedSide::place(std::span<const std::int32_t> index) const {
  Index key = 0;
  for (std::size_t n = 0; n < modes.size(); ++n) key += stride[n] * index[static_cast<std::size_t>(modes[n])];
  return place_of(keys, key);
}

double UnfoldedMatrix::entry(std::span<const std::int32_t> index) const {
  const std::int32_t i = rows.place(index), j = columns.place(index);
  if (i >= 0 && j >= 0) return model(i, j);
  return model.mean + (i >= 0 ? model.row_bias[i] : 0) + (j >= 0 ? model.column_bias[j] : 0);
}

UnfoldedResult fit_unfolded(const TensorProblem<double>& train, const TensorProblem<double>* validation,
                            const std::vector<Index>& row_modes, const FlowOptions& options,
                            std::span<const Observer> observers) {
  Unfolded unfolded = unfold(train, validation, row_modes);
  FlowResult fit = fit_flow(unfolded.train, unfolded.validation, options, nullptr, observers);
  return result_of(std::move(fit), std::move(unfolded), options.centering);
}

UnfoldedResult refit_unfolded(const TensorProblem<double>& observations, const UnfoldedResult& validated,
                              const FlowOptions& options, std::span<const Observer> observers) {
  Unfolded unfolded = unfold(observations, nullptr, validated.model.rows.modes);
  FlowOptions settings = options;
  settings.centering = validated.centering;
  Flow<double> flow(unfolded.train, settings, validated.path);
  while (flow.step()) {
    const Step step = flow.last_step();
    bool go_on = true;
    for (const Observer& observer : observers) go_on = observer(step) == Next::proceed && go_on;
    if (!go_on) flow.finish(Stop::interrupted);
  }
  return result_of(flow.result(), std::move(unfolded), settings.centering);
}

std::vector<std::vector<Index>> unfoldings(Index order) {
  std::vector<std::vector<Index>> all;
  // Of order 2 both unfoldings are the same matrix.
  for (Index n = 0; n < (order == 2 ? 1 : order); ++n) all.push_back({n});
  if (order < 4) return all;
  for (Index a = 0; a < order; ++a)
    for (Index b = a + 1; b < order; ++b)
      if (order > 4 || a == 0) all.push_back({a, b});
  return all;
}

}  // namespace rankflow
