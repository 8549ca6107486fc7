// CP factorization ("tensor factorization" of Razin, Maman, Cohen 2021): a sum of R outer products.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rankflow/options.h"
#include "rankflow/types.h"

namespace rankflow {

/// T = sum_r w_r^1 o ... o w_r^N; factors[n] is shape[n] x R, column r is w_r^n.
template <class T>
struct CpFactorization {
  std::vector<MatrixOf<T>> factors;

  Index order() const { return static_cast<Index>(factors.size()); }
  Index components() const { return factors.empty() ? 0 : factors.front().cols(); }
  std::vector<Index> shape() const;
  /// One cell, O(N R).
  T entry(std::span<const std::int32_t> index) const;
  /// All cells, the last mode fastest.
  VectorOf<T> dense() const;
  /// sigma_r = product over modes of |w_r^n|: the Frobenius norm of component r.
  Vector component_norms() const;
  /// max over r, n, m of | |w_r^n|^2 - |w_r^m|^2 |, which gradient flow conserves.
  double unbalancedness() const;
};

struct TensorInitializationOptions {
  double mean = 0;          // of all weights
  double deviation = 5e-3;  // standard deviation of all weights
  bool balanced = false;    // each (local) component's vectors are scaled to one norm, the tensor stays
  std::uint64_t seed = 0;
};
std::vector<OptionField> fields(TensorInitializationOptions& options);

/// Numbers are keyed by (seed, mode, row): the same for float and double, up to rounding. components 0 = the most that
/// a tensor of this shape can need, cells / largest size.
template <class T>
CpFactorization<T> initialize_cp(const std::vector<Index>& shape, Index components,
                                 const TensorInitializationOptions& options);

}  // namespace rankflow
