// The part of the observations by which splits are judged.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>

#include "rankflow/rng.h"
#include "solver/choose_tree/split_fit.h"

namespace rankflow::choose_tree_parts {
namespace {

constexpr double kHeldOut = .1;
constexpr std::uint64_t kStream = 0x591F;  // of the held-out part

// New indices by old ones: the `most` most observed in their order, -1 for the others.
std::vector<std::int32_t> kept_indices(const std::vector<std::int32_t>& index, Index size, Index most) {
  std::vector<Index> count(static_cast<std::size_t>(size), 0), order(count.size());
  for (const std::int32_t i : index) ++count[i];
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return count[a] > count[b]; });
  order.resize(static_cast<std::size_t>(std::min(size, most)));
  std::sort(order.begin(), order.end());
  std::vector<std::int32_t> renamed(count.size(), -1);
  for (std::size_t k = 0; k < order.size(); ++k) renamed[order[k]] = static_cast<std::int32_t>(k);
  return renamed;
}

double cells_with(const std::vector<Index>& shape, Index most) {
  double cells = 1;
  for (const Index size : shape) cells *= static_cast<double>(std::min(size, most));
  return cells;
}

// The most indices a mode may keep.
Index longest_mode(const std::vector<Index>& shape, Index most_cells) {
  Index low = 1, high = *std::max_element(shape.begin(), shape.end()) + 1;
  while (high - low > 1) {
    const Index middle = low + (high - low) / 2;
    (cells_with(shape, middle) > static_cast<double>(most_cells) ? high : low) = middle;
  }
  return low;
}

}  // namespace

template <class T>
ObservedBlock observed_block(const TensorProblem<T>& problem, Index most_cells) {
  const Index most = longest_mode(problem.shape, most_cells);
  const std::size_t order = problem.shape.size();
  ObservedBlock block;
  block.index.resize(order);
  std::vector<std::vector<std::int32_t>> renamed;
  for (std::size_t n = 0; n < order; ++n) {
    renamed.push_back(kept_indices(problem.index[n], problem.shape[n], most));
    block.shape.push_back(std::min(problem.shape[n], most));
  }
  for (Index k = 0; k < problem.count(); ++k) {
    bool kept = true;
    for (std::size_t n = 0; n < order; ++n) kept = kept && renamed[n][problem.index[n][k]] >= 0;
    if (!kept) continue;
    for (std::size_t n = 0; n < order; ++n) block.index[n].push_back(renamed[n][problem.index[n][k]]);
    block.value.push_back(static_cast<double>(problem.value[k]));
    block.held_out.push_back(Rng(0, kStream, static_cast<std::uint64_t>(k)).uniform() < kHeldOut);
  }
  return block;
}

template ObservedBlock observed_block<double>(const TensorProblem<double>&, Index);
template ObservedBlock observed_block<float>(const TensorProblem<float>&, Index);

}  // namespace rankflow::choose_tree_parts
