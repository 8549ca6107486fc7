// The observations as growing engines see them: scaled, indices interleaved.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "rankflow/tensor_problem.h"

namespace rankflow::grow {

/// Observations of a tensor of order N. The rows of all modes' factors are numbered through: row first_row[n] + i
/// belongs to index i of mode n.
struct Cells {
  std::vector<Index> shape, first_row;  // first_row has order + 1 elements
  std::vector<std::int32_t> row;        // row[k N + n]: the row of mode n that observation k looks at
  std::vector<double> value;            // divided by scale
  std::vector<double> weight;           // of mean 1 over the part they were scaled with; empty = all 1
  double scale = 1;                     // root weighted mean square of the values before
  double squared_norm = 0;              // sum w y^2, scaled

  Index order() const { return static_cast<Index>(shape.size()); }
  Index count() const { return static_cast<Index>(value.size()); }
  Index num_rows() const { return first_row.back(); }
  double weight_of(Index k) const { return weight.empty() ? 1.0 : weight[k]; }
};

/// Throws InputError for anything but entries with squared loss inside the shape.
Cells make_cells(const TensorProblem<double>& problem);
/// The same with the scale of other cells (a validation part).
Cells make_cells(const TensorProblem<double>& problem, const Cells& like);
/// The cells with the given numbers.
Cells subset(const Cells& cells, const std::vector<Index>& numbers);
/// sqrt(sum w e^2 / sum w y^2) for loss 1/2 sum w e^2; 0 if all values are 0 and matched.
double relative_residual(const Cells& cells, double loss);
/// Weighted root mean square residual in the units of the observations.
double rmse(const Cells& cells, double loss);

}  // namespace rankflow::grow
