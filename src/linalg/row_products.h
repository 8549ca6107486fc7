// Elementwise products of rows, their inner products and weighted sums: what tensors in factored form are evaluated
// with. Compiled once per instruction set.
// This header is included by kernel files: it declares plain data only.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace rankflow {

// Rows of all arrays are `width` numbers long and apart, padding 0: 16 or 32 bytes, or a multiple of 64; arrays start
// on cache lines. Every call is about the rows [first, last) of `out` (of `left` for dots).

/// out_i = a_{a_row[i]} * b_{b_row[i]}, elementwise.
template <class T>
struct RowProducts {
  const T* a = nullptr;
  const std::int32_t* a_row = nullptr;
  const T* b = nullptr;
  const std::int32_t* b_row = nullptr;
  T* out = nullptr;
  std::int64_t width = 0;
};

/// out_i = sum over q in begin[i] .. begin[i + 1] of a_{a_row[q]} * b_{b_row[q]}, elementwise.
template <class T>
struct RowProductSums {
  const std::int64_t* begin = nullptr;
  const T* a = nullptr;
  const std::int32_t* a_row = nullptr;
  const T* b = nullptr;
  const std::int32_t* b_row = nullptr;
  T* out = nullptr;
  std::int64_t width = 0;
};

/// x[k] = <left_i, right_{right_row[k]}> for k in begin[i] .. begin[i + 1].
template <class T>
struct RowDots {
  const std::int64_t* begin = nullptr;
  const T* left = nullptr;
  const T* right = nullptr;
  const std::int32_t* right_row = nullptr;
  T* x = nullptr;
  std::int64_t width = 0;
};

/// out_i = sum over k in begin[i] .. begin[i + 1] of factor[k] rows_{row[k]}.
template <class T>
struct RowSums {
  const std::int64_t* begin = nullptr;
  const T* factor = nullptr;
  const T* rows = nullptr;
  const std::int32_t* row = nullptr;
  T* out = nullptr;
  std::int64_t width = 0;
};

template <class T>
struct RowKernels {
  void (*multiply)(const RowProducts<T>&, std::int64_t first, std::int64_t last);
  void (*sum_products)(const RowProductSums<T>&, std::int64_t first, std::int64_t last);
  void (*dots)(const RowDots<T>&, std::int64_t first, std::int64_t last);
  void (*sums)(const RowSums<T>&, std::int64_t first, std::int64_t last);
};
/// The fastest versions this processor runs for rows of `width` numbers.
template <class T>
RowKernels<T> row_kernels(std::int64_t width);

}  // namespace rankflow
