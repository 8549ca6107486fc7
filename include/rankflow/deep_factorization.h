// Deep matrix factorization: an end matrix W = W_N ... W_2 W_1 as the product of N factors, and how they start.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "rankflow/options.h"
#include "rankflow/types.h"

namespace rankflow {

/// factors[l - 1] is W_l, d_l x d_{l-1}; the end matrix is d_N x d_0.
template <class T>
struct DeepFactorization {
  std::vector<MatrixOf<T>> factors;

  Index depth() const { return static_cast<Index>(factors.size()); }
  Index num_rows() const { return factors.back().rows(); }
  Index num_columns() const { return factors.front().cols(); }
  MatrixOf<T> end_matrix() const;
};

enum class Initialization {
  gaussian,    // entries N(0, sigma^2)
  uniform,     // entries U(-a, a)
  orthogonal,  // multiples of random orthogonal matrices (columns or rows orthonormal where not square)
  identity,    // multiples of the identity: exactly balanced
  perturbed,   // identity, but the last factor smaller by `perturbation` (Chou et al. 2020)
  balanced,    // from a random Gaussian end matrix W = U S V^T: U S^(1/N), S^(1/N), ..., S^(1/N) V^T
};

/// What `scale` is the size of. n = d_0.
enum class ScaleOf {
  end_matrix,  // Arora et al. 2019: gaussian sigma = scale^(1/N) n^(-1/2), so that ||W|| = scale sqrt(n) on average;
               // uniform a = sqrt(3) sigma; orthogonal (scale sqrt(n))^(1/N); identity scale^(1/N)
  entry,       // of the end matrix's entries: their standard deviation on average (Razin and Cohen 2020)
  factor,      // each factor by itself: the standard deviation of its entries, or the multiple of the identity
};

struct InitializationOptions {
  Initialization initialization = Initialization::gaussian;
  double scale = 1e-3;
  ScaleOf scale_of = ScaleOf::end_matrix;
  double perturbation = 0;   // beta of the perturbed start, in (0, factor's multiple)
  int determinant_sign = 0;  // +1 or -1: drawn again until det W has this sign (square W only); 0 = as it comes
  std::uint64_t seed = 0;
};
std::vector<OptionField> fields(InitializationOptions& options);

/// dims = d_0, ..., d_N. Numbers are keyed by (seed, layer, row): the same for float and double, up to rounding.
/// Throws OptionError where the initialization asks for something impossible (a sign of a non-square matrix, ...).
template <class T>
DeepFactorization<T> initialize(const std::vector<Index>& dims, const InitializationOptions& options);
/// Balanced factors of a given end matrix; hidden dims must be at least its rank.
template <class T>
DeepFactorization<T> balanced_factors(const MatrixOf<T>& end_matrix, const std::vector<Index>& dims);
/// dims for W rows x columns at depth N; hidden_width 0 = min(rows, columns).
std::vector<Index> layer_dims(Index num_rows, Index num_columns, Index depth, Index hidden_width = 0);

}  // namespace rankflow
