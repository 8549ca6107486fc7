// A factorization as the neural network that it is: a convolutional arithmetic circuit (Cohen, Sharir and Shashua
// 2016). CP is the shallow one, a hierarchical factorization the deep one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rankflow/cp_factorization.h"
#include "rankflow/tree_factorization.h"
#include "rankflow/types.h"

namespace rankflow {

/// A locally connected 1 x 1 convolution (every position has its own weights), then products over groups of positions.
template <class T>
struct NetworkLayer {
  std::vector<MatrixOf<T>> weights;         // by input position: in x out channels; 0 x 0: the vector passes unchanged
  std::vector<std::vector<Index>> pooling;  // by output position: the input positions whose vectors are multiplied
};

/// Positions enter with one vector each, e.g. patches of an image; they leave as one number.
template <class T>
struct Network {
  std::vector<NetworkLayer<T>> layers;
  VectorOf<T> output;  // weights of the one position that is left after the last layer

  /// <T, x_1 o ... o x_N> for a factorization of T; x_n has the size of mode n.
  T evaluate(std::span<const VectorOf<T>> inputs) const;
};

/// R channels, one global pooling, a sum.
template <class T>
Network<T> as_network(const CpFactorization<T>& model);
/// A layer for every height of the tree; what a higher node takes passes through the layers below.
template <class T>
Network<T> as_network(const TreeFactorization<T>& model);

}  // namespace rankflow
