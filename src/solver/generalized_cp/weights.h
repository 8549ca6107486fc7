// Where the weights of components, effects and the offset lie in one list of numbers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "rankflow/generalized_cp.h"

namespace rankflow::generalized {

/// For every mode and index a row: the `components` numbers of its factor, then its effect. The offset comes last.
struct WeightLayout {
  WeightLayout(std::vector<Index> sizes, Index number) : shape(std::move(sizes)), components(number) {
    for (const Index size : shape) {
      first.push_back(rows);
      rows += size;
    }
  }

  std::vector<Index> shape;
  Index components = 0;
  std::vector<Index> first;  // row of a mode's index 0
  Index rows = 0;            // of all modes

  Index order() const { return static_cast<Index>(shape.size()); }
  Index width() const { return components + 1; }
  Index offset() const { return rows * width(); }
  Index size() const { return offset() + 1; }
  Index at(Index mode, Index i) const { return (first[mode] + i) * width(); }
};

template <class T>
GeneralizedCp to_model(const WeightLayout& layout, const std::vector<T>& weights, const TensorLoss& loss);

}  // namespace rankflow::generalized
