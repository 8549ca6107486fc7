// Bounds and rates of local components, from the norms of their vectors.
// SPDX-License-Identifier: Apache-2.0
#include "solver/tensor_descent/local_parts.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace rankflow::tensor_descent {
namespace {

template <class T>
Vector column_norms(const AlignedRows<T>& rows) {
  Vector squares = Vector::Zero(rows.columns());
  for (Index i = 0; i < rows.rows(); ++i)
    for (Index j = 0; j < rows.columns(); ++j) squares[j] += static_cast<double>(rows.row(i)[j]) * rows.row(i)[j];
  return squares.cwiseSqrt();
}

// Squared norms of rows and columns.
template <class T>
void squared_norms(const MatrixOf<T>& matrix, Vector& rows, Vector& columns) {
  rows = Vector::Zero(matrix.rows());
  columns = Vector::Zero(matrix.cols());
  for (Index i = 0; i < matrix.rows(); ++i) {
    const T* row = matrix.data() + i * matrix.cols();
    double sum = 0;
    for (Index j = 0; j < matrix.cols(); ++j) {
      const double square = static_cast<double>(row[j]) * static_cast<double>(row[j]);
      sum += square;
      columns[j] += square;
    }
    rows[i] = sum;
  }
}

void raise(Vector& largest, const Vector& above, const Vector& below) {
  for (Index r = 0; r < largest.size(); ++r)
    if (above[r] > 0) largest[r] = std::max(largest[r], std::sqrt(above[r] / below[r]));
}

}  // namespace

// Of component r at node v: the product of the norms of its children's columns, times what a unit there can add at the
// root. That is the root's weight; from a node to a child it is multiplied by the norms of the siblings' columns and
// the child's weights.
template <class T>
LocalNumbers contribution_bounds(const TreeFactorization<T>& model, const TreePass<T>& pass) {
  const ModeTree& tree = model.tree;
  const auto nodes = static_cast<std::size_t>(tree.num_nodes());
  std::vector<Vector> norm(nodes), product(nodes), gain(nodes);  // gain: by component of inner nodes
  for (Index node = 0; node < tree.num_nodes(); ++node) {
    if (node != tree.root()) norm[node] = column_norms(pass.outputs(node));
    if (tree.is_leaf(node)) continue;
    product[node] = Vector::Ones(model.width(node));
    for (const Index child : tree.children[node]) product[node].array() *= norm[child].array();
  }
  LocalNumbers bounds(nodes);
  for (Index node = tree.root(); node >= tree.order; --node) {
    const MatrixOf<T>& weights = model.weights[node];
    gain[node].resize(weights.rows());
    if (node == tree.root()) {
      gain[node] = weights.col(0).template cast<double>().cwiseAbs();
    } else {
      const Index parent = tree.parent[node];
      Vector along = gain[parent];
      for (const Index sibling : tree.children[parent])
        if (sibling != node) along.array() *= norm[sibling].array();
      for (Index i = 0; i < weights.rows(); ++i) {
        double sum = 0;
        for (Index j = 0; j < weights.cols(); ++j) {
          const double part = static_cast<double>(weights(i, j)) * along[j];
          sum += part * part;
        }
        gain[node][i] = std::sqrt(sum);
      }
    }
    bounds[node] = gain[node].cwiseProduct(product[node]);
  }
  return bounds;
}

template <class T>
LocalNumbers largest_ratios(const ModeTree& tree, const std::vector<MatrixOf<T>>& a,
                            const std::vector<MatrixOf<T>>& b) {
  LocalNumbers largest(a.size());
  for (Index node = tree.order; node < tree.num_nodes(); ++node) largest[node] = Vector::Zero(a[node].rows());
  Vector rows, columns, rows_below, columns_below;
  for (Index node = 0; node < tree.num_nodes(); ++node) {
    squared_norms(a[node], rows, columns);
    squared_norms(b[node], rows_below, columns_below);
    if (!tree.is_leaf(node)) raise(largest[node], rows, rows_below);
    if (node != tree.root()) raise(largest[tree.parent[node]], columns, columns_below);
  }
  return largest;
}

KeptComponents::KeptComponents(const ModeTree& tree, std::vector<std::vector<Index>> kept,
                               const std::vector<Index>& leaf_rows)
    : kept_(std::move(kept)), rows_(kept_.size()), columns_(kept_.size()) {
  for (Index node = 0; node < tree.num_nodes(); ++node) {
    if (tree.is_leaf(node)) {
      rows_[node].resize(static_cast<std::size_t>(leaf_rows[node]));
      std::iota(rows_[node].begin(), rows_[node].end(), 0);
    } else {
      rows_[node] = kept_[node];
    }
    columns_[node] = node == tree.root() ? std::vector<Index>{0} : kept_[tree.parent[node]];
  }
}

double KeptComponents::entries() const {
  double sum = 0;
  for (std::size_t v = 0; v < rows_.size(); ++v)
    sum += static_cast<double>(rows_[v].size()) * static_cast<double>(columns_[v].size());
  return sum;
}

#define RANKFLOW_INSTANTIATE(T)                                                                  \
  template LocalNumbers contribution_bounds<T>(const TreeFactorization<T>&, const TreePass<T>&); \
  template LocalNumbers largest_ratios<T>(const ModeTree&, const std::vector<MatrixOf<T>>&,      \
                                          const std::vector<MatrixOf<T>>&);
RANKFLOW_INSTANTIATE(double)
RANKFLOW_INSTANTIATE(float)
#undef RANKFLOW_INSTANTIATE

}  // namespace rankflow::tensor_descent
