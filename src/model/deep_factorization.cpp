// A deep factorization's end matrix, its layer sizes, and balanced factors of a given matrix.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/deep_factorization.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "linalg/decompositions.h"
#include "rankflow/error.h"

namespace rankflow {

template <class T>
MatrixOf<T> DeepFactorization<T>::end_matrix() const {
  RANKFLOW_ASSERT(!factors.empty(), "a factorization without factors");
  MatrixOf<T> product = factors.front();
  for (std::size_t l = 1; l < factors.size(); ++l) product = MatrixOf<T>(factors[l] * product);
  return product;
}

std::vector<Index> layer_dims(Index num_rows, Index num_columns, Index depth, Index hidden_width) {
  if (depth < 1) throw OptionError(fmt::format("depth = {}: gradient descent on factors needs at least 1", depth));
  if (hidden_width < 0) throw OptionError(fmt::format("hidden_width = {}: must be >= 0", hidden_width));
  if (num_rows < 1 || num_columns < 1)
    throw OptionError(fmt::format("a matrix of {} x {} has no factors", num_rows, num_columns));
  std::vector<Index> dims(static_cast<std::size_t>(depth) + 1,
                          hidden_width > 0 ? hidden_width : std::min(num_rows, num_columns));
  dims.front() = num_columns;
  dims.back() = num_rows;
  return dims;
}

// W = U S V^T: W_N = U S^(1/N), W_l = S^(1/N), W_1 = S^(1/N) V^T. Then W_{l+1}^T W_{l+1} = S^(2/N) = W_l W_l^T.
template <class T>
DeepFactorization<T> balanced_factors(const MatrixOf<T>& end_matrix, const std::vector<Index>& dims) {
  RANKFLOW_ASSERT(dims.size() >= 2, "a factorization needs two sizes");
  const Index depth = static_cast<Index>(dims.size()) - 1;
  if (dims.back() != end_matrix.rows() || dims.front() != end_matrix.cols())
    throw InputError("the end matrix", fmt::format("found {} x {}, expected {} x {}", end_matrix.rows(),
                                                   end_matrix.cols(), dims.back(), dims.front()));
  if (depth == 1) return {{end_matrix}};
  const Svd<double> parts = svd(Matrix(end_matrix.template cast<double>()));
  const Index width = *std::min_element(dims.begin() + 1, dims.end() - 1);
  const Index rank = std::min(width, parts.s.size());
  const double resolved = static_cast<double>(std::max(end_matrix.rows(), end_matrix.cols())) *
                          static_cast<double>(std::numeric_limits<T>::epsilon());
  if (rank < parts.s.size() && parts.s[rank] > resolved * parts.s[0])
    throw InputError("the end matrix", fmt::format("its rank is above {}, the least of the hidden widths", width),
                     "use wider layers");

  const Vector root = parts.s.head(rank).array().pow(1.0 / static_cast<double>(depth));
  DeepFactorization<T> model;
  for (Index l = 1; l <= depth; ++l) {
    Matrix factor = Matrix::Zero(dims[l], dims[l - 1]);
    if (l == 1) {
      factor.topRows(rank) = root.asDiagonal() * parts.v.leftCols(rank).transpose();
    } else if (l == depth) {
      factor.leftCols(rank) = parts.u.leftCols(rank) * root.asDiagonal();
    } else {
      factor.diagonal().head(rank) = root;
    }
    model.factors.push_back(factor.cast<T>());
  }
  return model;
}

template struct DeepFactorization<double>;
template struct DeepFactorization<float>;
template DeepFactorization<double> balanced_factors<double>(const Matrix&, const std::vector<Index>&);
template DeepFactorization<float> balanced_factors<float>(const MatrixOf<float>&, const std::vector<Index>&);

}  // namespace rankflow
