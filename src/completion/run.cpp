// What the phases of a completion share.
// SPDX-License-Identifier: Apache-2.0
#include "completion/run.h"

#include <algorithm>
#include <cmath>

namespace rankflow::completion {

double Run::allowance(double share) const {
  if (options.time_limit <= 0) return 0;
  return std::max(1e-3, share * (options.time_limit - seconds()));
}

Seen seen_values(const Run& run) {
  double weights = 0, mean = 0, squares = 0;
  for (Index k = 0; k < run.table.num_observed(); ++k) {
    if (run.parts[k] == Part::held_out) continue;
    const double weight = run.table.weight.empty() ? 1 : static_cast<double>(run.table.weight[k]);
    const double before = run.table.value[k] - mean;
    weights += weight;
    mean += weight * before / weights;
    squares += weight * before * (run.table.value[k] - mean);
  }
  return {mean, weights > 0 ? std::sqrt(squares / weights) : 0};
}

double noise_level(const PosteriorSpread& spread) {
  return std::sqrt(spread.row_noise.mean() * spread.column_noise.mean());
}

CompletionModel to_completion_model(const Run& run, const Fit& fit) {
  CompletionModel model;
  model.product = fit.model;
  model.scaling = run.scaling;
  model.low = run.range.first;
  model.high = run.range.second;
  model.spread = fit.spread;
  model.rows = run.table.rows;
  model.columns = run.table.columns;
  model.value_title = run.table.value_title;
  model.weight_unit = mean_weight(run.table);
  return model;
}

double part_rmse(const Run& run, const Fit& fit, Part part) {
  const CompletionModel model = to_completion_model(run, fit);
  double squares = 0, count = 0;
  for (Index i = 0; i < run.table.num_rows(); ++i)
    for (Index k = run.table.row_begin[i]; k < run.table.row_begin[i + 1]; ++k) {
      if (run.parts[k] != part) continue;
      const Index j = run.table.column[k];
      double e = model.predict(i, j) - run.table.value[k];
      if (run.scaling.scale.size() > 0) e /= run.scaling.scale[j];
      squares += e * e;
      ++count;
    }
  return count > 0 ? std::sqrt(squares / count) : kNaN;
}

Fit noted_limits(Run& run, const std::string& name, Fit fit) {
  run.time_was_up = run.time_was_up || fit.stop == Stop::time_limit;
  if (fit.stop == Stop::iteration_limit) run.cut_fits.push_back(name);
  return fit;
}

}  // namespace rankflow::completion
