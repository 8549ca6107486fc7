// The tensor rank as an experimenter can know it: alternating least squares with fewer and fewer outer products.
// SPDX-License-Identifier: Apache-2.0
#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "linalg/decompositions.h"
#include "rankflow/error.h"
#include "rankflow/rng.h"
#include "rankflow/tensor_instrument.h"

namespace rankflow {
namespace {

constexpr int kMostSweeps = 1000;
constexpr std::uint64_t kStream = 0xA15;

// The unfolding of mode n: shape[n] x the rest, modes in their order, the last one fastest.
Matrix unfold(const Vector& cells, const std::vector<Index>& shape, std::size_t n) {
  Index inner = 1;
  for (std::size_t m = n + 1; m < shape.size(); ++m) inner *= shape[m];
  const Index outer = cells.size() / (inner * shape[n]);
  Matrix unfolded(shape[n], outer * inner);
  for (Index o = 0; o < outer; ++o)
    for (Index i = 0; i < shape[n]; ++i)
      unfolded.row(i).segment(o * inner, inner) = cells.segment((o * shape[n] + i) * inner, inner).transpose();
  return unfolded;
}

// Rows: indices of all modes but n, the last one fastest.
Matrix khatri_rao_without(const std::vector<Matrix>& factors, std::size_t n) {
  Matrix product = Matrix::Ones(1, factors.front().cols());
  for (std::size_t m = 0; m < factors.size(); ++m) {
    if (m == n) continue;
    Matrix longer(product.rows() * factors[m].rows(), product.cols());
    for (Index i = 0; i < product.rows(); ++i)
      longer.middleRows(i * factors[m].rows(), factors[m].rows()) =
          (factors[m].array().rowwise() * product.row(i).array()).matrix();
    product = std::move(longer);
  }
  return product;
}

Matrix gram_without(const std::vector<Matrix>& factors, std::size_t n) {
  Matrix gram = Matrix::Ones(factors.front().cols(), factors.front().cols());
  for (std::size_t m = 0; m < factors.size(); ++m)
    if (m != n) gram.array() *= (factors[m].transpose() * factors[m]).array();
  return gram;
}

// x gram = right. A little is added to a diagonal that is not positive definite to round-off.
Matrix solve_right(const Matrix& gram, const Matrix& right) {
  const double size = gram.trace() / static_cast<double>(gram.rows());
  for (double share = 1e-13;; share *= 100) {
    Matrix factor = gram;
    factor.diagonal().array() += share * size;
    if (!cholesky(factor)) {
      if (share > 1) throw InternalError("a Gram matrix that no shift makes positive definite");
      continue;
    }
    Matrix x = right.transpose();
    factor.triangularView<Eigen::Lower>().solveInPlace(x);
    factor.transpose().triangularView<Eigen::Upper>().solveInPlace(x);
    return x.transpose();
  }
}

bool fits(const std::vector<Matrix>& unfoldings, Index rank, double squares_allowed) {
  std::vector<Matrix> factors;
  for (std::size_t n = 0; n < unfoldings.size(); ++n) {
    Rng rng(0, kStream, n, static_cast<std::uint64_t>(rank));
    Matrix factor(unfoldings[n].rows(), rank);
    for (double& x : factor.reshaped()) x = rng.normal();
    factors.push_back(std::move(factor));
  }
  for (int sweep = 0; sweep < kMostSweeps; ++sweep) {
    double squares = 0;
    for (std::size_t n = 0; n < factors.size(); ++n) {
      const Matrix others = khatri_rao_without(factors, n);
      factors[n] = solve_right(gram_without(factors, n), unfoldings[n] * others);
      if (n + 1 == factors.size()) squares = (factors[n] * others.transpose() - unfoldings[n]).squaredNorm();
    }
    if (squares <= squares_allowed) return true;
    if (!std::isfinite(squares)) return false;
  }
  return false;
}

}  // namespace

Index estimate_tensor_rank(const Vector& cells, const std::vector<Index>& shape, double tolerance) {
  const double allowed = tolerance * static_cast<double>(cells.size());
  if (cells.squaredNorm() <= allowed) return 0;
  std::vector<Matrix> unfoldings;
  for (std::size_t n = 0; n < shape.size(); ++n) unfoldings.push_back(unfold(cells, shape, n));
  // Every tensor is a sum of cells / largest size outer products.
  Index low = 1, high = cells.size() / *std::max_element(shape.begin(), shape.end());
  while (low < high) {
    const Index middle = (low + high) / 2;
    if (fits(unfoldings, middle, allowed))
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

}  // namespace rankflow
