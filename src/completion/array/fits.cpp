// What every fit of an array does: records, limits, parts as cells, and the fit again on all observations.
// SPDX-License-Identifier: Apache-2.0
#include "completion/array/fits.h"

#include <algorithm>
#include <cmath>

#include "completion/array/fit_steps.h"
#include "completion/array/generalized.h"
#include "completion/array/list_fit.h"

namespace rankflow::completion {
namespace {

constexpr double kLeastSeconds = 0.05;

}  // namespace

DenseParts dense_parts(const ArrayRun& run, bool everything) {
  DenseParts parts{run.dense->array.observed, {}};
  if (!everything)
    for (const Index k : run.split.held_out) parts.train[run.dense->cell[k]] = 0;
  for (const std::vector<Index>& numbers : run.split.validation) {
    parts.validation.emplace_back();
    for (const Index k : numbers) parts.validation.back().push_back(run.dense->cell[k]);
  }
  return parts;
}

std::vector<float> to_float(const Vector& cells) {
  std::vector<float> values(static_cast<std::size_t>(cells.size()));
  std::transform(cells.begin(), cells.end(), values.begin(), [](double x) { return static_cast<float>(x); });
  return values;
}

bool ArrayRun::record(Step step, const std::string& stage) {
  step.stage = stage;
  bool go_on = true;
  for (const Observer& observer : observers) go_on = observer(step) == Next::proceed && go_on;
  history.push_back(std::move(step));
  interrupted = interrupted || !go_on;
  return go_on;
}

double ArrayRun::allowance(double share) const {
  if (options.time_limit == 0) return 0;
  const double spent = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return std::max(kLeastSeconds, share * (options.time_limit - spent));
}

ArrayFit fit_again(ArrayRun& run, const ArrayFit& chosen) {
  if (chosen.generalized) return generalized_again(run, chosen);
  if (chosen.list) return list_again(run, chosen);
  if (chosen.overlap) return overlap_again(run, chosen);
  if (chosen.matrix) return matrix_again(run, chosen);
  return chosen.engine == "gd" ? descended_again(run, chosen) : grown_again(run, chosen);
}

}  // namespace rankflow::completion
