// The hierarchical factorization's tensor, its local components and their balance.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/tree_factorization.h"

#include <algorithm>
#include <cmath>

#include "rankflow/error.h"

namespace rankflow {
namespace {

// h_v for all cells below a node: a row per combination of its modes' indices, the last listed mode fastest.
template <class T>
struct Features {
  MatrixOf<T> rows;
  std::vector<Index> modes;
};

// Rows (i, j) of the result are the elementwise products of rows i of a and j of b.
template <class T>
Features<T> pool(const Features<T>& a, const Features<T>& b) {
  Features<T> pooled{MatrixOf<T>(a.rows.rows() * b.rows.rows(), a.rows.cols()), a.modes};
  for (Index i = 0, row = 0; i < a.rows.rows(); ++i)
    for (Index j = 0; j < b.rows.rows(); ++j, ++row) pooled.rows.row(row) = a.rows.row(i).cwiseProduct(b.rows.row(j));
  pooled.modes.insert(pooled.modes.end(), b.modes.begin(), b.modes.end());
  return pooled;
}

// All children but the last `left_out`, pooled; nothing (no modes) if none is left.
template <class T>
Features<T> features(const TreeFactorization<T>& model, Index node);

template <class T>
Features<T> pooled_children(const TreeFactorization<T>& model, Index node, std::size_t left_out) {
  const std::vector<Index>& children = model.tree.children[node];
  Features<T> pooled;
  for (std::size_t k = 0; k + left_out < children.size(); ++k)
    pooled = k == 0 ? features(model, children[0]) : pool(pooled, features(model, children[k]));
  return pooled;
}

template <class T>
Features<T> features(const TreeFactorization<T>& model, Index node) {
  if (model.tree.is_leaf(node)) return {model.weights[node], {node}};
  Features<T> below = pooled_children(model, node, 0);
  return {below.rows * model.weights[node], std::move(below.modes)};
}

template <class T>
VectorOf<T> go_up(const TreeFactorization<T>& model, Index node, std::span<const std::int32_t> index) {
  if (model.tree.is_leaf(node)) return model.weights[node].row(index[node]);
  VectorOf<T> pooled;
  for (const Index child : model.tree.children[node]) {
    const VectorOf<T> h = go_up(model, child, index);
    pooled = pooled.size() == 0 ? h : VectorOf<T>(pooled.cwiseProduct(h));
  }
  return model.weights[node].transpose() * pooled;
}

// Cells in the order of `modes` (the last one fastest), brought into the natural order.
template <class T>
VectorOf<T> natural_order(const VectorOf<T>& cells, const std::vector<Index>& modes, const std::vector<Index>& shape) {
  std::vector<Index> stride(shape.size());
  Index step = 1;
  for (auto mode = modes.rbegin(); mode != modes.rend(); ++mode) {
    stride[*mode] = step;
    step *= shape[*mode];
  }
  VectorOf<T> natural(cells.size());
  std::vector<Index> index(shape.size(), 0);
  Index at = 0;
  for (Index cell = 0; cell < cells.size(); ++cell) {
    natural[cell] = cells[at];
    for (auto n = static_cast<Index>(shape.size()) - 1; n >= 0; --n) {
      at += stride[n];
      if (++index[n] < shape[n]) break;
      at -= stride[n] * shape[n];
      index[n] = 0;
    }
  }
  return natural;
}

// Squared norms of the vectors of local component (node, r): the children's columns, then the node's row.
template <class T>
std::vector<double> squared_norms(const TreeFactorization<T>& model, Index node, Index r) {
  std::vector<double> squares;
  for (const Index child : model.tree.children[node])
    squares.push_back(model.weights[child].col(r).template cast<double>().squaredNorm());
  squares.push_back(model.weights[node].row(r).template cast<double>().squaredNorm());
  return squares;
}

}  // namespace

template <class T>
std::vector<Index> TreeFactorization<T>::shape() const {
  std::vector<Index> sizes;
  for (Index n = 0; n < order(); ++n) sizes.push_back(weights[n].rows());
  return sizes;
}

template <class T>
T TreeFactorization<T>::entry(std::span<const std::int32_t> index) const {
  RANKFLOW_ASSERT(static_cast<Index>(index.size()) == order(), "an index for every mode");
  return go_up(*this, tree.root(), index)[0];
}

// The root's children are not pooled to the end: the last one multiplies as a matrix.
template <class T>
VectorOf<T> TreeFactorization<T>::dense() const {
  const Index root = tree.root();
  const VectorOf<T> top = weights[root].col(0);
  Features<T> last = features(*this, tree.children[root].back());
  Features<T> others = pooled_children(*this, root, 1);
  if (others.modes.empty()) return natural_order<T>(last.rows * top, last.modes, shape());
  const MatrixOf<T> cells = (others.rows * top.asDiagonal()) * last.rows.transpose();
  others.modes.insert(others.modes.end(), last.modes.begin(), last.modes.end());
  return natural_order<T>(Eigen::Map<const VectorOf<T>>(cells.data(), cells.size()), others.modes, shape());
}

template <class T>
Vector TreeFactorization<T>::local_component_norms(Index node) const {
  RANKFLOW_ASSERT(!tree.is_leaf(node), "a leaf has no local components");
  Vector norms(width(node));
  for (Index r = 0; r < norms.size(); ++r) {
    norms[r] = 1;
    for (const double square : squared_norms(*this, node, r)) norms[r] *= std::sqrt(square);
  }
  return norms;
}

template <class T>
double TreeFactorization<T>::unbalancedness() const {
  double worst = 0;
  for (Index node = tree.order; node < tree.num_nodes(); ++node)
    for (Index r = 0; r < width(node); ++r) {
      const std::vector<double> squares = squared_norms(*this, node, r);
      const auto [least, most] = std::minmax_element(squares.begin(), squares.end());
      worst = std::max(worst, *most - *least);
    }
  return worst;
}

// Multiplying one local component's vectors by numbers whose product is 1 leaves the tensor as it is. Equal norms are
// the choice of least sum of squares; taking the components in turn is coordinate descent on a function that is convex
// in the logarithms, so the sweeps converge.
template <class T>
void TreeFactorization<T>::balance() {
  constexpr int kMostSweeps = 1000;
  const double settled = 4 * static_cast<double>(std::numeric_limits<T>::epsilon());
  for (int sweep = 0; sweep < kMostSweeps; ++sweep) {
    double change = 0;
    for (Index node = tree.order; node < tree.num_nodes(); ++node)
      for (Index r = 0; r < width(node); ++r) {
        const std::vector<double> squares = squared_norms(*this, node, r);
        double log_norm = 0;
        for (const double square : squares) log_norm += std::log(square) / 2;
        log_norm /= static_cast<double>(squares.size());
        if (!std::isfinite(log_norm)) continue;  // a vector is 0: so is the component
        const auto factor = [&](std::size_t k) {
          const double log_factor = log_norm - std::log(squares[k]) / 2;
          change = std::max(change, std::abs(log_factor));
          return static_cast<T>(std::exp(log_factor));
        };
        const std::vector<Index>& children = tree.children[node];
        for (std::size_t k = 0; k < children.size(); ++k) weights[children[k]].col(r) *= factor(k);
        weights[node].row(r) *= factor(children.size());
      }
    if (change < settled) return;
  }
}

template struct TreeFactorization<double>;
template struct TreeFactorization<float>;

}  // namespace rankflow
