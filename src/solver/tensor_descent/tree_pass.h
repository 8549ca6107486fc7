// One contraction up a tree factorization and one down, on the distinct rows of every node.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "rankflow/tree_factorization.h"
#include "solver/tensor_descent/pooling.h"
#include "solver/tensor_descent/row_product.h"
#include "solver/tensor_descent/top_product.h"

namespace rankflow::tensor_descent {

/// What enters at the leaves, for every observation: an index, or a vector of any kind.
template <class T>
struct LeafInput {
  std::vector<std::vector<std::int32_t>> index;       // by mode, by observation; no combination twice
  const std::vector<MatrixOf<T>>* vectors = nullptr;  // if given: by mode, a row per observation; index is not used
};

/// x_k for all observations, and the gradient from dL/dx_k. With indices, a row of a node is a combination of its
/// modes' indices that occurs in the observations: at 8^4 and ((0,1),(2,3)) that is at most 64 rows for either pair,
/// however many cells are observed. Groups of more than two are pooled two by two.
template <class T>
class TreePass {
 public:
  /// `model` must outlive it; its weights may move, its shape may not.
  TreePass(const TreeFactorization<T>& model, LeafInput<T> input);

  void forward(T* x);
  /// After forward() at the same weights.
  void backward(const T* slope, std::vector<MatrixOf<T>>& gradient);

  /// After forward(): the rows of a node below the root, after its weights.
  const AlignedRows<T>& outputs(Index node) const { return nodes_[node].h; }
  /// Of a model that has some of the local components of `whole`, at the same weights: forward(), and from now on the
  /// rows of every node are taken to have what the other components add to them there. kept[v]: the components of inner
  /// node v, in order; columns beyond them are zero.
  void forward_as_part(const TreePass& whole, const std::vector<std::vector<Index>>& kept, T* x);

 private:
  struct Node {
    AlignedRows<T> input;               // leaves with vectors
    std::vector<PairRows> pairs;        // of the poolings, one fewer than children; the root's last one is in top_
    std::vector<AlignedRows<T>> z, dz;  // after each of them
    AlignedRows<T> h, dh;               // after the weights
    std::optional<RowProduct<T>> product;
  };
  void build_leaf(Index mode, const LeafInput<T>& input);
  std::vector<std::int32_t> build_node(Index node, std::vector<std::vector<std::int32_t>>& rows);
  void build_top(std::vector<std::vector<std::int32_t>>& rows);
  // The rows that pooling number j of a node combines with those of child j + 1.
  AlignedRows<T>& pooled(Index node, std::size_t j) {
    return j == 0 ? nodes_[model_.tree.children[node][0]].h : nodes_[node].z[j - 1];
  }
  AlignedRows<T>& d_pooled(Index node, std::size_t j) {
    return j == 0 ? nodes_[model_.tree.children[node][0]].dh : nodes_[node].dz[j - 1];
  }
  void forward_node(Index node);
  void forward_top(T* x);
  void pool_forward(Index node);
  void pool_backward(Index node);
  AlignedRows<T>& last() { return lone_child_ ? ones_ : nodes_[model_.tree.children.back().back()].h; }
  AlignedRows<T>& d_last() { return lone_child_ ? d_ones_ : nodes_[model_.tree.children.back().back()].dh; }

  const TreeFactorization<T>& model_;
  std::vector<Node> nodes_;
  std::vector<AlignedRows<T>> others_;  // by node: what is added to its rows; empty = nothing
  std::optional<TopProduct<T>> top_;
  bool lone_child_ = false;  // of the root: it is multiplied with a row of ones
  AlignedRows<T> ones_, d_ones_;
};

}  // namespace rankflow::tensor_descent
