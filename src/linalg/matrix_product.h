// Products of dense row-major matrices whose rows are padded to whole cache lines: what a deep factorization spends its
// time on.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace rankflow {

/// c (m x n) = a (m x k) b (k x n). Fastest where rows start on cache lines; they need not.
template <class T>
struct MatrixProduct {
  const T* a = nullptr;  // element (i, p) is at a[i a_row + p a_column]: a_column = 1, or a_row = 1 for a transpose
  std::int64_t a_row = 0, a_column = 1;
  const T* b = nullptr;  // rows b_row apart; b_row a multiple of 64 bytes, padding 0
  std::int64_t b_row = 0;
  bool b_transposed = false;  // b is given as n rows of k numbers
  T* c = nullptr;             // rows c_row apart, a multiple of 64 bytes; the padding is 0 before and after
  std::int64_t c_row = 0;
  std::int64_t m = 0, n = 0, k = 0;
};

/// Columns of b that a kernel packs together, in vectors, and the most rows of it at a time.
inline constexpr std::int64_t kProductPanel = 4, kProductDepth = 256;
/// Numbers of scratch that a kernel needs, whatever the instruction set: rows rounded up to whole vectors.
template <class T>
inline constexpr std::int64_t kProductWork = (kProductDepth + 64 / sizeof(T)) * kProductPanel*(64 / sizeof(T));

/// Rows [first, last) of c.
template <class T>
using ProductKernel = void (*)(const MatrixProduct<T>&, std::int64_t first, std::int64_t last, T* work);
/// The fastest version this processor runs.
template <class T>
ProductKernel<T> product_kernel();

/// The whole product: by BLAS where all three dimensions exceed kOwnProducts, by our kernels otherwise; threads over
/// blocks of rows, the same bits for any number of them. Allocates nothing after a thread's first call.
template <class T>
void multiply(const MatrixProduct<T>& product);
inline constexpr std::int64_t kOwnProducts = 512;

}  // namespace rankflow
