// Up: pool, multiply with the weights, node by node; down: the adjoints in reverse.
// SPDX-License-Identifier: Apache-2.0
#include "solver/tensor_descent/tree_pass.h"

#include <algorithm>
#include <numeric>

#include "rankflow/error.h"

namespace rankflow::tensor_descent {

template <class T>
TreePass<T>::TreePass(const TreeFactorization<T>& model, LeafInput<T> input)
    : model_(model), nodes_(static_cast<std::size_t>(model.tree.num_nodes())) {
  const ModeTree& tree = model_.tree;
  if (input.vectors != nullptr) {
    std::vector<std::int32_t> own(static_cast<std::size_t>(input.vectors->front().rows()));
    std::iota(own.begin(), own.end(), 0);
    input.index.assign(static_cast<std::size_t>(tree.order), own);
  }
  for (Index mode = 0; mode < tree.order; ++mode) build_leaf(mode, input);
  std::vector<std::vector<std::int32_t>> rows = std::move(input.index);  // by node: the row of each observation
  rows.resize(nodes_.size());
  for (Index node = tree.order; node < tree.root(); ++node) rows[node] = build_node(node, rows);
  build_top(rows);
}

template <class T>
void TreePass<T>::build_leaf(Index mode, const LeafInput<T>& input) {
  Node& leaf = nodes_[mode];
  const MatrixOf<T>& weights = model_.weights[mode];
  Index rows = weights.rows();
  if (input.vectors != nullptr) {
    const MatrixOf<T>& vectors = (*input.vectors)[mode];
    rows = vectors.rows();
    leaf.input = padded_rows<T>(rows, vectors.cols());
    leaf.input.view() = vectors;
    leaf.product.emplace(weights.rows(), weights.cols());
  }
  leaf.h = padded_rows<T>(rows, weights.cols());
  leaf.dh = padded_rows<T>(rows, weights.cols());
}

template <class T>
std::vector<std::int32_t> TreePass<T>::build_node(Index node, std::vector<std::vector<std::int32_t>>& rows) {
  const std::vector<Index>& children = model_.tree.children[node];
  Node& built = nodes_[node];
  const Index width = model_.width(node);
  std::vector<std::int32_t> row = std::move(rows[children[0]]);
  for (std::size_t j = 0; j + 1 < children.size(); ++j) {
    const Index other = children[j + 1];
    built.pairs.push_back(distinct_pairs(row, rows[other], pooled(node, j).rows(), nodes_[other].h.rows()));
    rows[other].clear();
    rows[other].shrink_to_fit();
    if (node == model_.tree.root() && j + 2 == children.size()) break;  // TopProduct does the rest
    built.z.push_back(padded_rows<T>(built.pairs.back().count(), width));
    built.dz.push_back(padded_rows<T>(built.pairs.back().count(), width));
  }
  if (node == model_.tree.root()) return row;
  const Index count = pooled(node, children.size() - 1).rows(), outputs = model_.weights[node].cols();
  built.h = padded_rows<T>(count, outputs);
  built.dh = padded_rows<T>(count, outputs);
  built.product.emplace(width, outputs);
  return row;
}

template <class T>
void TreePass<T>::build_top(std::vector<std::vector<std::int32_t>>& rows) {
  const Index root = model_.tree.root(), width = model_.width(root);
  std::vector<std::int32_t> pair_of = build_node(root, rows);
  lone_child_ = model_.tree.children[root].size() == 1;
  if (lone_child_) {
    ones_ = padded_rows<T>(1, width);
    d_ones_ = padded_rows<T>(1, width);
    ones_.view().setOnes();
    const std::vector<std::int32_t> first(pair_of.size(), 0);
    nodes_[root].pairs.push_back(distinct_pairs(pair_of, first, pooled(root, 0).rows(), 1));
  }
  top_.emplace(std::move(nodes_[root].pairs.back()), std::move(pair_of), width);
  nodes_[root].pairs.pop_back();
}

template <class T>
void TreePass<T>::pool_forward(Index node) {
  Node& at = nodes_[node];
  for (std::size_t j = 0; j < at.pairs.size(); ++j)
    pool(at.pairs[j], pooled(node, j), nodes_[model_.tree.children[node][j + 1]].h, at.z[j]);
}

template <class T>
void TreePass<T>::pool_backward(Index node) {
  Node& at = nodes_[node];
  for (std::size_t j = at.pairs.size(); j-- > 0;) {
    Node& other = nodes_[model_.tree.children[node][j + 1]];
    pool_back(at.pairs[j], at.dz[j], pooled(node, j), other.h, d_pooled(node, j), other.dh);
  }
}

template <class T>
void TreePass<T>::forward_node(Index node) {
  Node& at = nodes_[node];
  if (!model_.tree.is_leaf(node)) {
    pool_forward(node);
    at.product->forward(pooled(node, at.pairs.size()), model_.weights[node], at.h);
  } else if (at.product) {
    at.product->forward(at.input, model_.weights[node], at.h);
  } else {
    at.h.view() = model_.weights[node];
  }
}

template <class T>
void TreePass<T>::forward_top(T* x) {
  const Index root = model_.tree.root();
  pool_forward(root);
  top_->forward(pooled(root, nodes_[root].pairs.size()), last(), model_.weights[root].data(), x);
}

template <class T>
void TreePass<T>::forward(T* x) {
  for (Index node = 0; node < model_.tree.root(); ++node) {
    forward_node(node);
    if (!others_.empty() && !model_.tree.is_leaf(node)) nodes_[node].h.view() += others_[node].view();
  }
  forward_top(x);
}

template <class T>
void TreePass<T>::forward_as_part(const TreePass& whole, const std::vector<std::vector<Index>>& kept, T* x) {
  others_.resize(nodes_.size());
  for (Index node = 0; node < model_.tree.root(); ++node) {
    forward_node(node);
    if (model_.tree.is_leaf(node)) continue;
    AlignedRows<T>& part = nodes_[node].h;
    if (others_[node].rows() == 0) others_[node] = AlignedRows<T>(part.rows(), part.columns(), part.stride());
    const std::vector<Index>& columns = kept[model_.tree.parent[node]];
    for (Index i = 0; i < part.rows(); ++i)
      for (std::size_t c = 0; c < columns.size(); ++c) {
        others_[node].row(i)[c] = whole.nodes_[node].h.row(i)[columns[c]] - part.row(i)[c];
        part.row(i)[c] += others_[node].row(i)[c];
      }
  }
  forward_top(x);
}

template <class T>
void TreePass<T>::backward(const T* slope, std::vector<MatrixOf<T>>& gradient) {
  RANKFLOW_ASSERT(gradient.size() == nodes_.size(), "a gradient for every node");
  const Index root = model_.tree.root();
  const std::size_t top = nodes_[root].pairs.size();
  top_->backward(slope, pooled(root, top), last(), model_.weights[root].data(), d_pooled(root, top), d_last(),
                 gradient[root].data());
  pool_backward(root);
  for (Index node = root - 1; node >= 0; --node) {
    Node& at = nodes_[node];
    if (model_.tree.is_leaf(node)) {
      if (at.product) {
        at.product->backward(at.input, at.dh, model_.weights[node], gradient[node], nullptr);
      } else {
        gradient[node] = at.dh.view();
      }
      continue;
    }
    const std::size_t end = at.pairs.size();
    at.product->backward(pooled(node, end), at.dh, model_.weights[node], gradient[node], &d_pooled(node, end));
    pool_backward(node);
  }
}

template class TreePass<double>;
template class TreePass<float>;

}  // namespace rankflow::tensor_descent
