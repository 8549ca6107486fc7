// The root of the tree: one number per observation, x_k = sum_r w_r left_ir right_jr, and its adjoint.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "linalg/aligned.h"
#include "linalg/entry_pass.h"
#include "solver/tensor_descent/pair_rows.h"

namespace rankflow::tensor_descent {

/// Observation k is the pair pair_of[k] = (i, j). Where a fair share of all pairs is observed, all are computed as one
/// dense product; otherwise the observed ones alone.
template <class T>
class TopProduct {
 public:
  TopProduct(PairRows pairs, std::vector<std::int32_t> pair_of, Index width);

  /// w has `width` numbers.
  void forward(const AlignedRows<T>& left, const AlignedRows<T>& right, const T* w, T* x);
  /// From dL/dx. After forward() with the same arguments. dw has `width` numbers.
  void backward(const T* slope, const AlignedRows<T>& left, const AlignedRows<T>& right, const T* w,
                AlignedRows<T>& d_left, AlignedRows<T>& d_right, T* dw);

 private:
  void collect(const std::vector<Index>& begin, const std::vector<Index>& ranges,
               const std::vector<std::int32_t>& other, const std::vector<std::int32_t>& position,
               const AlignedRows<T>& rows, AlignedRows<T>& out);

  PairRows pairs_;
  std::vector<std::int32_t> pair_of_;
  std::vector<std::int32_t> right_left_;  // by right_pair: the left row
  std::vector<std::int32_t> in_order_;    // 0, 1, ...: where the slopes of a left row's pairs are
  EntryKernels<T> kernels_ = entry_kernels<T>();
  AlignedRows<T> weighted_;  // left_ir w_r
  AlignedRows<T> grid_;      // dense: all x, then dL/dx, which is 0 where nothing is observed
  AlignedRows<T> slopes_;    // dense: grid of slopes; otherwise one row, by pair
  Index width_;
  bool dense_;
};

}  // namespace rankflow::tensor_descent
