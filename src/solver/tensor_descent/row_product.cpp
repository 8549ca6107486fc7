// Products with weights: the sum over rows is cut into long blocks, so that threads share it and no bit depends on
// them. SPDX-License-Identifier: Apache-2.0
#include "solver/tensor_descent/row_product.h"

#include <algorithm>

#include "base/threads.h"
#include "linalg/matrix_product.h"
#include "rankflow/error.h"
#include "solver/tensor_descent/pooling.h"

namespace rankflow::tensor_descent {
namespace {
constexpr Index kRows = 8192;  // of a sum that a thread takes at a time
}

template <class T>
RowProduct<T>::RowProduct(Index inputs, Index outputs)
    : inputs_(inputs),
      outputs_(outputs),
      stride_(padded_stride<T>(outputs)),
      packed_(stride_ == outputs),
      weights_(packed_ ? 0 : inputs, outputs, stride_),
      gradient_(packed_ ? 0 : inputs, outputs, stride_) {}

template <class T>
void RowProduct<T>::forward(const AlignedRows<T>& rows, const MatrixOf<T>& weights, AlignedRows<T>& out) {
  RANKFLOW_ASSERT(weights.rows() == inputs_ && weights.cols() == outputs_, "weights have changed their shape");
  if (!packed_) weights_.view() = weights;
  multiply(MatrixProduct<T>{.a = rows.row(0),
                            .a_row = rows.stride(),
                            .b = weights_at(weights),
                            .b_row = stride_,
                            .c = out.row(0),
                            .c_row = out.stride(),
                            .m = rows.rows(),
                            .n = outputs_,
                            .k = inputs_});
}

template <class T>
void RowProduct<T>::backward(const AlignedRows<T>& rows, const AlignedRows<T>& d_out, const MatrixOf<T>& weights,
                             MatrixOf<T>& gradient, AlignedRows<T>* d_rows) {
  RANKFLOW_ASSERT(gradient.rows() == inputs_ && gradient.cols() == outputs_, "a gradient has its weights' shape");
  T* const total = packed_ ? gradient.data() : gradient_.row(0);
  const Index blocks = (rows.rows() + kRows - 1) / kRows;
  if (blocks > 1 && parts_.rows() == 0) parts_ = AlignedRows<T>((blocks - 1) * inputs_, outputs_, stride_);
  // Block 0 goes to the total, the others beside it.
  parallel_blocks(rows.rows(), kRows, [&](Index begin, Index end, Index block) {
    multiply(MatrixProduct<T>{.a = rows.row(begin),
                              .a_row = 1,
                              .a_column = rows.stride(),
                              .b = d_out.row(begin),
                              .b_row = d_out.stride(),
                              .c = block == 0 ? total : parts_.row((block - 1) * inputs_),
                              .c_row = stride_,
                              .m = inputs_,
                              .n = outputs_,
                              .k = end - begin});
  });
  for (Index block = 1; block < blocks; ++block) {
    const T* part = parts_.row((block - 1) * inputs_);
    for (Index k = 0; k < inputs_ * stride_; ++k) total[k] += part[k];
  }
  if (!packed_) gradient = gradient_.view();
  if (d_rows == nullptr) return;
  multiply(MatrixProduct<T>{.a = d_out.row(0),
                            .a_row = d_out.stride(),
                            .b = weights_at(weights),
                            .b_row = stride_,
                            .b_transposed = true,
                            .c = d_rows->row(0),
                            .c_row = d_rows->stride(),
                            .m = d_out.rows(),
                            .n = inputs_,
                            .k = outputs_});
}

template class RowProduct<double>;
template class RowProduct<float>;

}  // namespace rankflow::tensor_descent
