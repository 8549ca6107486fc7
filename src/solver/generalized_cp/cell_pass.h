// A pass over everything that is seen: the loss of all cells and its gradient with respect to the weights.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "solver/generalized_cp/weights.h"

namespace rankflow::generalized {

template <class T>
class CellPass {
 public:
  virtual ~CellPass() = default;
  /// `gradient` (layout.size() numbers, overwritten) of sum w rho. Returns that sum if it is wanted, otherwise 0.
  virtual double gradient(const std::vector<T>& weights, std::vector<T>& gradient, bool want_loss) = 0;
};

/// By products of matrices over all cells, O(cells R), where all of them are seen or many are listed; over the list,
/// O(listed N R), otherwise. `seed`: of the zeros that are sampled where there are too many.
template <class T>
std::unique_ptr<CellPass<T>> make_pass(const GeneralizedCpData& data, const WeightLayout& layout, std::uint64_t seed);

template <class T>
std::unique_ptr<CellPass<T>> make_grid_pass(const GeneralizedCpData& data, const WeightLayout& layout);
template <class T>
std::unique_ptr<CellPass<T>> make_list_pass(const GeneralizedCpData& data, const WeightLayout& layout,
                                            std::uint64_t seed);

/// Sums of a pass' parts, each with the gradient of its own, added in their order: the same bits for any number of
/// threads.
template <class T>
void add_parts(const std::vector<std::vector<T>>& parts, std::vector<T>& total);

}  // namespace rankflow::generalized
