// Factorizations as layers, and their evaluation layer by layer.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "rankflow/error.h"

namespace rankflow {
namespace {

template <class T>
std::vector<VectorOf<T>> apply(const NetworkLayer<T>& layer, std::span<const VectorOf<T>> inputs) {
  if (inputs.size() != layer.weights.size())
    throw OptionError(fmt::format("network: found {} input vectors, expected {}", inputs.size(), layer.weights.size()));
  std::vector<VectorOf<T>> convolved(inputs.begin(), inputs.end());
  for (std::size_t p = 0; p < inputs.size(); ++p) {
    const MatrixOf<T>& weights = layer.weights[p];
    if (weights.size() == 0) continue;
    if (inputs[p].size() != weights.rows())
      throw OptionError(
          fmt::format("network: found {} numbers at position {}, expected {}", inputs[p].size(), p, weights.rows()));
    convolved[p] = weights.transpose() * inputs[p];
  }
  std::vector<VectorOf<T>> pooled;
  for (const std::vector<Index>& group : layer.pooling) {
    VectorOf<T> product = convolved[group.front()];
    for (std::size_t k = 1; k < group.size(); ++k) product = product.cwiseProduct(convolved[group[k]]).eval();
    pooled.push_back(std::move(product));
  }
  return pooled;
}

// The layer that makes the nodes of one height. `nodes`: the tree's nodes at the layer's positions, before and after.
template <class T>
NetworkLayer<T> layer_of_height(const TreeFactorization<T>& model, const std::vector<Index>& height, Index level,
                                std::vector<Index>& nodes) {
  const ModeTree& tree = model.tree;
  NetworkLayer<T> layer;
  std::vector<Index> made;  // nodes at the positions after the layer
  for (std::size_t p = 0; p < nodes.size(); ++p) {
    const Index parent = tree.parent[nodes[p]];
    const bool enters = height[parent] == level;
    layer.weights.push_back(enters ? model.weights[nodes[p]] : MatrixOf<T>());
    const Index node = enters ? parent : nodes[p];
    const auto at = std::find(made.begin(), made.end(), node) - made.begin();
    if (at == static_cast<std::ptrdiff_t>(made.size())) {
      made.push_back(node);
      layer.pooling.emplace_back();
    }
    layer.pooling[at].push_back(static_cast<Index>(p));
  }
  nodes = std::move(made);
  return layer;
}

}  // namespace

template <class T>
T Network<T>::evaluate(std::span<const VectorOf<T>> inputs) const {
  std::vector<VectorOf<T>> vectors(inputs.begin(), inputs.end());
  for (const NetworkLayer<T>& layer : layers) vectors = apply<T>(layer, vectors);
  RANKFLOW_ASSERT(vectors.size() == 1, "the layers leave one position");
  return output.dot(vectors.front());
}

template <class T>
Network<T> as_network(const CpFactorization<T>& model) {
  NetworkLayer<T> layer{model.factors, {std::vector<Index>(model.factors.size())}};
  std::iota(layer.pooling[0].begin(), layer.pooling[0].end(), 0);
  return {{std::move(layer)}, VectorOf<T>::Ones(model.components())};
}

template <class T>
Network<T> as_network(const TreeFactorization<T>& model) {
  const ModeTree& tree = model.tree;
  std::vector<Index> height(static_cast<std::size_t>(tree.num_nodes()), 0), nodes(tree.order);
  for (Index node = tree.order; node < tree.num_nodes(); ++node)
    for (const Index child : tree.children[node]) height[node] = std::max(height[node], height[child] + 1);
  std::iota(nodes.begin(), nodes.end(), 0);
  Network<T> network;
  for (Index level = 1; level <= height[tree.root()]; ++level)
    network.layers.push_back(layer_of_height(model, height, level, nodes));
  network.output = model.weights[tree.root()].col(0);
  return network;
}

#define RANKFLOW_INSTANTIATE(T)                                       \
  template struct Network<T>;                                         \
  template Network<T> as_network<T>(const CpFactorization<T>& model); \
  template Network<T> as_network<T>(const TreeFactorization<T>& model);
RANKFLOW_INSTANTIATE(double)
RANKFLOW_INSTANTIATE(float)
#undef RANKFLOW_INSTANTIATE

}  // namespace rankflow
