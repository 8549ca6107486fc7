// Products of rows that are looked up in tables, and sums into the same tables: what a factorization with many small
// modes is evaluated with. Compiled once per instruction set.
// This header is included by kernel files: it declares plain data only.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace rankflow {

// Rows of all arrays are `width` numbers long and apart: 16 or 32 bytes, or a multiple of 64; arrays start on cache
// lines.

/// Sample i takes row begin[g] + code(i, g) of `tables` for each group g; code(i, g) = codes[cell groups + g] with
/// cell = sample[i], or i if sample is null.
template <class T, class Code>
struct TableLookup {
  const std::int64_t* begin = nullptr;
  std::int64_t groups = 0;
  const Code* codes = nullptr;
  const std::int32_t* sample = nullptr;
  std::int64_t width = 0;
};

template <class T, class Code>
struct TableKernels {
  /// out_i = product over all groups of the sample's rows, elementwise, for the samples [first, last).
  void (*products)(const TableLookup<T, Code>&, const T* tables, T* out, std::int64_t first, std::int64_t last);
  /// Adds row i of `rows` to the rows that sample i takes, for the samples [0, samples).
  void (*add)(const TableLookup<T, Code>&, const T* rows, T* tables, std::int64_t samples);
  /// out_(i b_rows + j) = a_i * b_j, elementwise.
  void (*outer)(const T* a, std::int64_t a_rows, const T* b, std::int64_t b_rows, T* out, std::int64_t width);
  /// Its margins: a_i = sum over j of rows_(i b_rows + j), and b_j = sum over i.
  void (*margins)(const T* rows, std::int64_t a_rows, std::int64_t b_rows, T* a, T* b, std::int64_t width);
};
/// The fastest versions this processor runs for rows of `width` numbers. Code: std::uint8_t or std::int32_t.
template <class T, class Code>
TableKernels<T, Code> table_kernels(std::int64_t width);

}  // namespace rankflow
