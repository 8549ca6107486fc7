// Hierarchical factorizations of every kind of tree, and problems about their tensors, for tests that have to hold for
// all of them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <numeric>
#include <string>
#include <vector>

#include "rankflow/rng.h"
#include "rankflow/tensor_problem.h"
#include "rankflow/tree_factorization.h"

namespace rankflow::test {

struct TreeCase {
  std::string name;
  ModeTree tree;
  std::vector<Index> shape, widths;
};

/// Local components of 2, 3, 4 and 5 vectors; modes in and out of order.
inline std::vector<TreeCase> every_tree() {
  return {{"neighbours", ModeTree::perfect(4), {3, 4, 3, 2}, {5, 4, 3}},
          {"halves", ModeTree::halves(4), {3, 4, 3, 4}, {4, 5, 3}},
          {"single children", ModeTree::perfect(5), {3, 2, 3, 2, 3}, {4, 3, 2, 3, 4, 3}},
          {"three by three", ModeTree::perfect(6, 3), {2, 3, 2, 3, 2, 3}, {4, 3, 4}},
          {"all at once", ModeTree::perfect(4, 4), {3, 2, 4, 3}, {5}}};
}
/// Shapes that the rules above do not make.
inline std::vector<TreeCase> odd_trees() {
  return {{"chain", ModeTree::parse("(((0,1),2),3)", 4), {3, 2, 4, 3}, {3, 4, 2}},
          {"mixed", ModeTree::parse("((4,(0)),3,(1,(5,2)))", 6), {2, 3, 2, 2, 3, 2}, {3, 2, 4, 3, 3}},
          {"one mode", ModeTree::perfect(1), {5}, {3}},
          {"two modes", ModeTree::perfect(2), {5, 4}, {3}},
          {"lone root", ModeTree::parse("(((0,1),(2)))", 3), {3, 2, 3}, {3, 2, 4, 2}}};
}
inline std::vector<TreeCase> all_trees() {
  std::vector<TreeCase> list = every_tree();
  for (TreeCase& odd : odd_trees()) list.push_back(std::move(odd));
  return list;
}

template <class T = double>
TreeFactorization<T> random_tree(const TreeCase& which, std::uint64_t seed, double deviation = .7) {
  return initialize_tree<T>(which.tree, which.shape, which.widths, {.deviation = deviation, .seed = seed});
}

inline Index num_cells(const std::vector<Index>& shape) {
  return std::accumulate(shape.begin(), shape.end(), Index{1}, std::multiplies<>());
}
/// The index of a cell, the last mode fastest.
inline std::vector<std::int32_t> index_of(Index cell, const std::vector<Index>& shape) {
  std::vector<std::int32_t> index(shape.size());
  for (std::size_t n = shape.size(); n-- > 0; cell /= shape[n]) index[n] = static_cast<std::int32_t>(cell % shape[n]);
  return index;
}

/// `count` cells of the tensor, uniformly without replacement, sorted.
template <class T>
TensorProblem<T> observe(const VectorOf<T>& cells, const std::vector<Index>& shape, Index count, std::uint64_t seed) {
  TensorProblem<T> problem;
  problem.shape = shape;
  problem.index.resize(shape.size());
  Rng rng(seed, 0x0B5);
  for (Index cell = 0, left = count; cell < cells.size(); ++cell) {
    if (rng.below(static_cast<std::uint64_t>(cells.size() - cell)) >= static_cast<std::uint64_t>(left)) continue;
    --left;
    const std::vector<std::int32_t> index = index_of(cell, shape);
    for (std::size_t n = 0; n < shape.size(); ++n) problem.index[n].push_back(index[n]);
    problem.value.push_back(cells[cell]);
  }
  return problem;
}
/// About two thirds of the cells of another random tensor of the shape.
template <class T = double>
TensorProblem<T> random_completion(const TreeCase& which, std::uint64_t seed) {
  const VectorOf<T> cells = random_tree<T>(which, seed + 1000).dense();
  return observe(cells, which.shape, (2 * cells.size() + 2) / 3, seed);
}

template <class T>
std::vector<MatrixOf<T>> like(const std::vector<MatrixOf<T>>& weights) {
  std::vector<MatrixOf<T>> same;
  for (const MatrixOf<T>& w : weights) same.push_back(MatrixOf<T>::Constant(w.rows(), w.cols(), T(kNaN)));
  return same;
}

}  // namespace rankflow::test
