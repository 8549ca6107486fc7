// Product pooling over the distinct pairs of rows, and its adjoint.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "linalg/aligned.h"
#include "solver/tensor_descent/pair_rows.h"

namespace rankflow::tensor_descent {

/// Numbers from one row to the next: whole cache lines.
template <class T>
constexpr Index padded_stride(Index columns) {
  constexpr Index line = 64 / static_cast<Index>(sizeof(T));
  return (columns + line - 1) / line * line;
}
template <class T>
AlignedRows<T> padded_rows(Index rows, Index columns) {
  return {rows, columns, padded_stride<T>(columns)};
}

/// out_p = left_i o right_j, elementwise, for the pairs p = (i, j).
template <class T>
void pool(const PairRows& pairs, const AlignedRows<T>& left, const AlignedRows<T>& right, AlignedRows<T>& out);

/// From dL/dout: d_left_i = sum_j dout_(i,j) o right_j and d_right_j = sum_i dout_(i,j) o left_i.
template <class T>
void pool_back(const PairRows& pairs, const AlignedRows<T>& d_out, const AlignedRows<T>& left,
               const AlignedRows<T>& right, AlignedRows<T>& d_left, AlignedRows<T>& d_right);

}  // namespace rankflow::tensor_descent
