// Passes over observed entries of a product left right^T: residuals, the loss, and both sides' gradients without ever
// forming the product. Compiled once per instruction set.
// This header is included by kernel files: it declares plain data only.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace rankflow {

/// What a residual r costs and how steep that is: rho(r) = r^2 up to `delta`, delta (2 |r| - delta) beyond. The
/// gradient's factor is slope_scale * clipped(r).
struct EntryLoss {
  double delta = 0;  // 0 = never clipped
  double slope_scale = 1;
};

/// Lines [first, last) of left. Rows of all matrices are `stride` numbers apart, a multiple of 64 bytes, on cache
/// lines, padding 0.
template <class T>
struct EntryPass {
  const std::int64_t* begin = nullptr;  // entries of line i: begin[i] .. begin[i + 1]
  const std::int32_t* other = nullptr;
  const T* value = nullptr;
  const T* weight = nullptr;  // null: all 1
  std::int64_t first = 0, last = 0, stride = 0;
  const T* left = nullptr;
  const T* right = nullptr;
  T* slope = nullptr;  // out, one per entry: dL / d(left_i . right_j)
  T* out = nullptr;    // out, rows of left's gradient: sum_j slope_ij right_j
  EntryLoss loss;
};

/// The other side: out_j = sum_i slope_ij left_i over the entries of line j.
template <class T>
struct EntryCollection {
  const std::int64_t* begin = nullptr;
  const std::int32_t* other = nullptr;
  const std::int32_t* position = nullptr;  // where the entry's slope is
  std::int64_t first = 0, last = 0, stride = 0;
  const T* slope = nullptr;
  const T* rows = nullptr;
  T* out = nullptr;
};

template <class T>
struct EntryKernels {
  double (*pass)(const EntryPass<T>&);  // returns sum w rho(r)
  void (*collect)(const EntryCollection<T>&);
};
/// The fastest versions this processor runs.
template <class T>
EntryKernels<T> entry_kernels();

}  // namespace rankflow
