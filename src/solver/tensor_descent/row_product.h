// Products of padded rows with weights that are stored without padding.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "linalg/aligned.h"
#include "rankflow/types.h"

namespace rankflow::tensor_descent {

/// rows -> rows W, and back. Weights are used where they are if their rows fill whole cache lines; otherwise a padded
/// copy is kept here.
template <class T>
class RowProduct {
 public:
  /// W is inputs x outputs.
  RowProduct(Index inputs, Index outputs);

  /// out = rows W.
  void forward(const AlignedRows<T>& rows, const MatrixOf<T>& weights, AlignedRows<T>& out);
  /// gradient = rows^T d_out, and d_rows = d_out W^T if `d_rows` is not null. After forward() with the same weights.
  void backward(const AlignedRows<T>& rows, const AlignedRows<T>& d_out, const MatrixOf<T>& weights,
                MatrixOf<T>& gradient, AlignedRows<T>* d_rows);

 private:
  const T* weights_at(const MatrixOf<T>& weights) const { return packed_ ? weights.data() : weights_.row(0); }

  Index inputs_, outputs_, stride_;
  bool packed_;  // rows fill whole cache lines
  AlignedRows<T> weights_, gradient_;
  AlignedRows<T> parts_;  // of a long sum over rows
};

}  // namespace rankflow::tensor_descent
