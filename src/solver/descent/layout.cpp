// Factors in and out of the array that the engine moves.
// SPDX-License-Identifier: Apache-2.0
#include "solver/descent/layout.h"

namespace rankflow::descent {

template <class T>
Part Layout<T>::add(Index layer, bool transposed) {
  constexpr Index line = 64 / sizeof(T);
  Part part{layer, transposed, dims_[layer], dims_[layer - 1], 0, size_};
  if (transposed) std::swap(part.rows, part.columns);
  part.stride = padded_ ? (part.columns + line - 1) / line * line : part.columns;
  size_ += part.rows * part.stride;
  parts_.push_back(part);
  return part;
}

template <class T>
void Layout<T>::write(const DeepFactorization<T>& model, T* x) const {
  for (const Part& part : parts_) {
    Eigen::Map<MatrixOf<T>, 0, Eigen::OuterStride<>> place(x + part.offset, part.rows, part.columns,
                                                           Eigen::OuterStride<>(part.stride));
    const MatrixOf<T>& factor = model.factors[part.layer - 1];
    if (part.transposed) {
      place = factor.transpose();
    } else {
      place = factor;
    }
  }
}

template <class T>
DeepFactorization<T> Layout<T>::read(const T* x) const {
  DeepFactorization<T> model;
  model.factors.resize(parts_.size());
  for (const Part& part : parts_) {
    const Eigen::Map<const MatrixOf<T>, 0, Eigen::OuterStride<>> place(x + part.offset, part.rows, part.columns,
                                                                       Eigen::OuterStride<>(part.stride));
    MatrixOf<T>& factor = model.factors[part.layer - 1];
    if (part.transposed) {
      factor = place.transpose();
    } else {
      factor = place;
    }
  }
  return model;
}

template class Layout<double>;
template class Layout<float>;

}  // namespace rankflow::descent
