// What of an array is explained by means alone: an overall mean, effects of modes, and of pairs of modes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "rankflow/dense_array.h"
#include "rankflow/types.h"

namespace rankflow {

struct TensorEffectOptions {
  Index largest_group = 2;  // effects of up to so many modes together; 0 = the mean alone
  double shrinkage = 3;     // an effect seen n times keeps n / (n + shrinkage) of its mean residual
  int sweeps = 4;
};

/// y = mean + sum over groups of modes of an effect. Effects without observations are 0.
struct TensorEffects {
  struct Group {
    std::vector<Index> modes;  // ascending
    Vector value;              // over the indices of the modes, the last one fastest
  };
  std::vector<Index> shape;
  double mean = 0;
  std::vector<Group> groups;

  double at(const std::vector<Index>& index) const;
  /// Every cell of the array, last mode fastest.
  std::vector<double> everywhere() const;
};

/// Sweeps over the groups, each set to its shrunk mean residual given the others. `use`: which observed cells to look
/// at, one answer per cell (dense) or per observation (list). Groups of all modes together are left out: they would be
/// the cells themselves. O(sweeps * groups * observations).
TensorEffects fit_effects(const DenseArray& array, const CellMask& use, const TensorEffectOptions& options = {});
TensorEffects fit_effects(const Tensor& tensor, const CellMask& use, const TensorEffectOptions& options = {});

}  // namespace rankflow
