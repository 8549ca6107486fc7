// Passes over long arrays: norms, the updates of optimizers, and the products of dense sensing. Compiled once per
// instruction set.
// This header is included by kernel files: it declares plain data only.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace rankflow {

/// Adam's update of one range (Kingma and Ba 2015): corrections are 1 - beta^t.
template <class T>
struct AdamPass {
  T* x = nullptr;
  const T* gradient = nullptr;
  T *first = nullptr, *second = nullptr;  // moments
  double beta1 = 0, beta2 = 0, step = 0, epsilon = 0, correction1 = 1, correction2 = 1;
};

/// Sensing matrices are read in groups, and end matrices served in groups: what one of them loads serves the others.
inline constexpr int kSensingGroup = 4;
inline constexpr int kSensingRuns = 4;

template <class T>
struct VectorPasses {
  double (*squared_norm)(const T* x, std::int64_t n);  // summed in T over 512 numbers, then in double
  void (*subtract)(T* x, const T* g, T step, std::int64_t n);
  void (*momentum)(T* x, const T* g, T* velocity, T decay, T step, std::int64_t n);
  void (*adam)(const AdamPass<T>&, std::int64_t n);
  /// z[r kSensingGroup + k] = <row_k, w_r> for k < count <= kSensingGroup and r < runs <= kSensingRuns; rows are n
  /// apart. Sums in T over 2,048 numbers, then in double.
  void (*inner_products)(const T* rows, int count, const T* const* w, int runs, std::int64_t n, double* z);
  /// e_r += sum_k slope[r kSensingGroup + k] row_k.
  void (*add_rows)(const T* rows, int count, const T* slope, int runs, std::int64_t n, T* const* e);
};
/// The fastest versions this processor runs.
template <class T>
VectorPasses<T> vector_passes();

}  // namespace rankflow
