// Dense measurements of a tensor: y_k = <A_k, T> with any tensors A_k, in one pass over them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "linalg/aligned.h"
#include "linalg/vector_passes.h"
#include "rankflow/tensor_problem.h"

namespace rankflow::tensor_descent {

template <class T>
class TensorSensing {
 public:
  /// `problem` has dense measurements and must outlive it.
  explicit TensorSensing(const TensorProblem<T>& problem);
  /// The loss at a tensor, the last mode fastest; dL/dT is written to `gradient` unless it is null. Reads each A_k once
  /// from memory. The same bits for any number of threads.
  double evaluate(const T* tensor, T* gradient);

 private:
  double block(const T* tensor, T* part, Index first, Index last) const;

  const TensorProblem<T>& problem_;
  VectorPasses<T> passes_ = vector_passes<T>();
  Index cells_, stride_, block_size_, num_blocks_;
  AlignedVector<T> partial_;  // by block
  std::vector<double> costs_;
};

}  // namespace rankflow::tensor_descent
