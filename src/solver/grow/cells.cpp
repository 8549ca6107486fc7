// Observations of a problem, scaled and with interleaved indices.
// SPDX-License-Identifier: Apache-2.0
#include "solver/grow/cells.h"

#include <cmath>
#include <limits>
#include <string>

#include "rankflow/error.h"

namespace rankflow::grow {
namespace {

constexpr const char* kWhere = "observations";

void check_kind(const TensorProblem<double>& problem) {
  if (problem.measurement != TensorMeasurement::entries || problem.loss.penalty != TensorPenalty::squared)
    throw InputError(kWhere, "found measurements or a loss that growing does not know, expected cells and squared loss",
                     "descent takes any measurements and losses");
  if (problem.order() < 2 || problem.index.size() != problem.shape.size())
    throw InputError(kWhere, "found " + std::to_string(problem.index.size()) +
                                 " lists of indices for a tensor of order " + std::to_string(problem.order()));
  if (problem.order() > 64)
    throw InputError(kWhere, "found order " + std::to_string(problem.order()) + ", expected at most 64");
  Index rows = 0;
  for (const Index size : problem.shape) rows += size;
  if (rows > std::numeric_limits<std::int32_t>::max())
    throw InputError(kWhere, "the sizes of all modes add up to more than 2^31 - 1");
  if (!problem.weight.empty() && problem.weight.size() != problem.value.size())
    throw InputError(kWhere, "found " + std::to_string(problem.weight.size()) + " weights for " +
                                 std::to_string(problem.value.size()) + " values");
  for (Index n = 0; n < problem.order(); ++n)
    if (problem.index[n].size() != problem.value.size())
      throw InputError(kWhere, "mode " + std::to_string(n) + " has " + std::to_string(problem.index[n].size()) +
                                   " indices for " + std::to_string(problem.value.size()) + " values");
}

void check_value(double value, double weight, Index k) {
  if (!std::isfinite(value)) throw InputError(kWhere, "value " + std::to_string(k) + " is not a finite number");
  if (!(weight > 0) || !std::isfinite(weight))
    throw InputError(kWhere, "weight " + std::to_string(k) + " is " + std::to_string(weight) + ", expected > 0");
}

// Everything but the scaling.
Cells copy(const TensorProblem<double>& problem) {
  check_kind(problem);
  Cells cells;
  cells.shape = problem.shape;
  cells.first_row = {0};
  for (const Index size : cells.shape) cells.first_row.push_back(cells.first_row.back() + size);
  const Index order = problem.order(), count = problem.count();
  cells.row.resize(static_cast<std::size_t>(order * count));
  for (Index k = 0; k < count; ++k)
    for (Index n = 0; n < order; ++n) {
      const Index i = problem.index[n][k];
      if (i < 0 || i >= problem.shape[n])
        throw InputError(kWhere, "index " + std::to_string(i) + " of mode " + std::to_string(n) + " is outside 0 to " +
                                     std::to_string(problem.shape[n] - 1));
      cells.row[k * order + n] = static_cast<std::int32_t>(cells.first_row[n] + i);
    }
  cells.value = problem.value;
  cells.weight = problem.weight;
  for (Index k = 0; k < count; ++k) check_value(cells.value[k], cells.weight_of(k), k);
  return cells;
}

void apply_scale(Cells& cells, double scale, double weight_scale) {
  cells.scale = scale;
  for (double& value : cells.value) value /= scale;
  for (double& weight : cells.weight) weight /= weight_scale;
  cells.squared_norm = 0;
  for (Index k = 0; k < cells.count(); ++k) cells.squared_norm += cells.weight_of(k) * cells.value[k] * cells.value[k];
}

double mean_weight(const Cells& cells) {
  if (cells.weight.empty()) return 1;
  double sum = 0;
  for (const double weight : cells.weight) sum += weight;
  return sum / static_cast<double>(cells.count());
}

}  // namespace

Cells make_cells(const TensorProblem<double>& problem) {
  Cells cells = copy(problem);
  double weight_sum = 0, squares = 0;
  for (Index k = 0; k < cells.count(); ++k) {
    weight_sum += cells.weight_of(k);
    squares += cells.weight_of(k) * cells.value[k] * cells.value[k];
  }
  const double scale = squares > 0 ? std::sqrt(squares / weight_sum) : 1;
  apply_scale(cells, scale, mean_weight(cells));
  return cells;
}

Cells make_cells(const TensorProblem<double>& problem, const Cells& like) {
  if (problem.shape != like.shape)
    throw InputError("validation", "the validation part has another shape than the training part");
  Cells cells = copy(problem);
  apply_scale(cells, like.scale, mean_weight(cells));
  return cells;
}

Cells subset(const Cells& cells, const std::vector<Index>& numbers) {
  Cells part;
  part.shape = cells.shape, part.first_row = cells.first_row, part.scale = cells.scale;
  const Index order = cells.order();
  for (const Index k : numbers) {
    part.row.insert(part.row.end(), cells.row.begin() + k * order, cells.row.begin() + (k + 1) * order);
    part.value.push_back(cells.value[k]);
    if (!cells.weight.empty()) part.weight.push_back(cells.weight[k]);
    part.squared_norm += cells.weight_of(k) * cells.value[k] * cells.value[k];
  }
  return part;
}

double relative_residual(const Cells& cells, double loss) {
  if (loss == 0) return 0;
  return std::sqrt(2 * loss / cells.squared_norm);
}

double rmse(const Cells& cells, double loss) {
  double weights = static_cast<double>(cells.count());
  if (!cells.weight.empty()) {
    weights = 0;
    for (const double weight : cells.weight) weights += weight;
  }
  return cells.scale * std::sqrt(2 * loss / weights);
}

}  // namespace rankflow::grow
