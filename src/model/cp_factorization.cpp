// What a CP factorization says about cells, and the sizes of its components.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/cp_factorization.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "rankflow/error.h"

namespace rankflow {
namespace {

constexpr double kMostCells = 1e9;  // that a dense tensor may have

// The rowwise Kronecker (Khatri-Rao) product of modes [first, last): row i is the elementwise product of the factors'
// rows at i's indices, the last mode fastest.
template <class T>
MatrixOf<T> khatri_rao(const std::vector<MatrixOf<T>>& factors, Index first, Index last) {
  MatrixOf<T> product = factors[first];
  for (Index n = first + 1; n < last; ++n) {
    const MatrixOf<T>& next = factors[n];
    MatrixOf<T> longer(product.rows() * next.rows(), next.cols());
    for (Index i = 0; i < product.rows(); ++i)
      longer.middleRows(i * next.rows(), next.rows()) = (next.array().rowwise() * product.row(i).array()).matrix();
    product = std::move(longer);
  }
  return product;
}

// |w_r^n|^2 for all modes (rows) and components (columns).
template <class T>
Matrix squared_norms(const CpFactorization<T>& model) {
  Matrix norms(model.order(), model.components());
  for (Index n = 0; n < model.order(); ++n)
    norms.row(n) = model.factors[n].template cast<double>().colwise().squaredNorm();
  return norms;
}

}  // namespace

template <class T>
std::vector<Index> CpFactorization<T>::shape() const {
  std::vector<Index> sizes;
  for (const MatrixOf<T>& factor : factors) sizes.push_back(factor.rows());
  return sizes;
}

template <class T>
T CpFactorization<T>::entry(std::span<const std::int32_t> index) const {
  RANKFLOW_ASSERT(static_cast<Index>(index.size()) == order(), "one index per mode");
  T sum = 0;
  for (Index r = 0; r < components(); ++r) {
    T product = 1;
    for (Index n = 0; n < order(); ++n) product *= factors[n](index[n], r);
    sum += product;
  }
  return sum;
}

template <class T>
VectorOf<T> CpFactorization<T>::dense() const {
  RANKFLOW_ASSERT(order() > 0, "a factorization without factors");
  double cells = 1;
  for (const MatrixOf<T>& factor : factors) cells *= static_cast<double>(factor.rows());
  if (cells > kMostCells)
    throw InputError("the tensor",
                     fmt::format("has {:.3g} cells, too many to write out (the most is {:.0g})", cells, kMostCells));
  if (order() == 1) return factors[0].rowwise().sum();
  const Index half = order() / 2;
  const MatrixOf<T> product = khatri_rao(factors, 0, half) * khatri_rao(factors, half, order()).transpose();
  return Eigen::Map<const VectorOf<T>>(product.data(), product.size());
}

template <class T>
Vector CpFactorization<T>::component_norms() const {
  const Matrix squares = squared_norms(*this);
  Vector norms(components());
  for (Index r = 0; r < components(); ++r) {
    // The product's exponent is kept apart: with hundreds of modes partial products leave the range of numbers.
    double product = 1;
    int exponent = 0, more = 0;
    for (Index n = 0; n < order(); ++n) {
      product = std::frexp(product * std::sqrt(squares(n, r)), &more);
      exponent += more;
    }
    norms[r] = std::ldexp(product, exponent);
  }
  return norms;
}

template <class T>
double CpFactorization<T>::unbalancedness() const {
  if (components() == 0) return 0;
  const Matrix squares = squared_norms(*this);
  return (squares.colwise().maxCoeff() - squares.colwise().minCoeff()).maxCoeff();
}

template struct CpFactorization<double>;
template struct CpFactorization<float>;

}  // namespace rankflow
