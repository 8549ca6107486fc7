// Spectra of unfoldings from the weights. For a node v the unfolding is H_v A_v^T: column r of H_v is what weights at
// and below v make of its modes, column r of A_v what the others make of the rest,
//   H_v = (odot_c H_c) W_v,   A_c = (odot of c's siblings' H) odot (A_v W_v^T),   A_root = 1,
// odot the columnwise Kronecker product. As (Q_1 R_1) odot (Q_2 R_2) = (Q_1 kron Q_2)(R_1 odot R_2), orthonormal parts
// can be dropped on the way.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/tree_ranks.h"

#include <algorithm>

#include "linalg/decompositions.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

// The triangular part of a = q r: a matrix of at most as many rows as columns with the same Gram matrix.
Matrix triangle(Matrix a) {
  if (a.rows() <= a.cols()) return a;
  Matrix r;
  thin_qr(a, r);
  return r;
}

Matrix columnwise_kronecker(const Matrix& a, const Matrix& b) {
  Matrix product(a.rows() * b.rows(), a.cols());
  for (Index i = 0; i < a.rows(); ++i) product.middleRows(i * b.rows(), b.rows()) = b * a.row(i).asDiagonal();
  return product;
}

}  // namespace

Index numerical_rank(const Vector& singular_values, double cutoff) {
  if (singular_values.size() == 0 || !(singular_values[0] > 0)) return 0;
  return (singular_values.array() > cutoff * singular_values[0]).count();
}

template <class T>
std::vector<Vector> unfolding_spectra(const TreeFactorization<T>& model) {
  const ModeTree& tree = model.tree;
  const auto nodes = static_cast<std::size_t>(tree.num_nodes());
  std::vector<Matrix> weights, up(nodes), down(nodes);
  for (const MatrixOf<T>& w : model.weights) weights.push_back(w.template cast<double>());
  for (Index node = 0; node < tree.num_nodes(); ++node) {
    Matrix below;
    for (const Index child : tree.children[node])
      below = below.size() == 0 ? up[child] : triangle(columnwise_kronecker(below, up[child]));
    up[node] = triangle(tree.is_leaf(node) ? weights[node] : Matrix(below * weights[node]));
  }
  down[tree.root()] = Matrix::Ones(1, 1);
  for (Index node = tree.root(); node >= tree.order; --node) {
    const Matrix from_above = triangle(down[node] * weights[node].transpose());
    for (const Index child : tree.children[node]) {
      down[child] = from_above;
      for (const Index sibling : tree.children[node])
        if (sibling != child) down[child] = triangle(columnwise_kronecker(down[child], up[sibling]));
    }
  }
  std::vector<Vector> spectra;
  for (std::size_t node = 0; node < nodes; ++node)
    spectra.push_back(singular_values(Matrix(up[node] * down[node].transpose())));
  return spectra;
}

template <class T>
std::vector<Index> hierarchical_rank(const TreeFactorization<T>& model, double cutoff) {
  std::vector<Index> ranks;
  for (const Vector& spectrum : unfolding_spectra(model)) ranks.push_back(numerical_rank(spectrum, cutoff));
  return ranks;
}

Vector unfolding_spectrum(const Vector& cells, const std::vector<Index>& shape, const std::vector<Index>& modes) {
  std::vector<bool> is_row(shape.size(), false);
  for (const Index mode : modes) {
    if (mode < 0 || mode >= static_cast<Index>(shape.size()))
      throw OptionError("unfolding: mode " + std::to_string(mode) + " is not one of " + std::to_string(shape.size()));
    is_row[mode] = true;
  }
  std::vector<Index> step(shape.size());
  Index rows = 1, columns = 1;
  for (std::size_t n = shape.size(); n-- > 0;) {
    Index& count = is_row[n] ? rows : columns;
    step[n] = count;
    count *= shape[n];
  }
  RANKFLOW_ASSERT(rows * columns == cells.size(), "all cells of the shape");
  Matrix unfolded(rows, columns);
  for (Index cell = 0; cell < cells.size(); ++cell) {
    Index row = 0, column = 0, rest = cell;
    for (std::size_t n = shape.size(); n-- > 0; rest /= shape[n])
      (is_row[n] ? row : column) += rest % shape[n] * step[n];
    unfolded(row, column) = cells[cell];
  }
  return singular_values(unfolded);
}

template std::vector<Vector> unfolding_spectra<double>(const TreeFactorization<double>&);
template std::vector<Vector> unfolding_spectra<float>(const TreeFactorization<float>&);
template std::vector<Index> hierarchical_rank<double>(const TreeFactorization<double>&, double);
template std::vector<Index> hierarchical_rank<float>(const TreeFactorization<float>&, double);

}  // namespace rankflow
