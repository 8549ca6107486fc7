// A_l = A_{l-1} X_l;  dL/dX_l = A_{l-1}^T R_l and R_{l-1} = R_l X_l^T with R_l = dL/dA_l.
// SPDX-License-Identifier: Apache-2.0
#include "solver/descent/chain.h"

#include "linalg/matrix_product.h"

namespace rankflow::descent {

template <class T>
Chain<T>::Chain(std::vector<Part> parts) : parts_(std::move(parts)), partial_(parts_.size()), right_(parts_.size()) {
  for (std::size_t l = 1; l < parts_.size(); ++l) {
    partial_[l].assign(rows() * parts_[l].stride, T(0));
    right_[l].assign(rows() * parts_[l].stride, T(0));
  }
}

template <class T>
const T* Chain<T>::product(const T* x) {
  for (std::size_t l = 1; l < parts_.size(); ++l) {
    const Part& part = parts_[l];
    multiply(MatrixProduct<T>{.a = partial(x, l - 1),
                              .a_row = parts_[l - 1].stride,
                              .b = x + part.offset,
                              .b_row = part.stride,
                              .c = partial_[l].data(),
                              .c_row = part.stride,
                              .m = rows(),
                              .n = part.columns,
                              .k = part.rows});
  }
  return partial(x, parts_.size() - 1);
}

template <class T>
T* Chain<T>::end_gradient(T* gradient) {
  return parts_.size() == 1 ? gradient + parts_[0].offset : right_.back().data();
}

template <class T>
void Chain<T>::back_propagate(const T* x, T* gradient) {
  for (std::size_t l = parts_.size() - 1; l > 0; --l) {
    const Part& part = parts_[l];
    const Part& before = parts_[l - 1];
    const T* right = right_[l].data();
    multiply(MatrixProduct<T>{.a = partial(x, l - 1),
                              .a_row = 1,
                              .a_column = before.stride,
                              .b = right,
                              .b_row = part.stride,
                              .c = gradient + part.offset,
                              .c_row = part.stride,
                              .m = part.rows,
                              .n = part.columns,
                              .k = rows()});
    multiply(MatrixProduct<T>{.a = right,
                              .a_row = part.stride,
                              .b = x + part.offset,
                              .b_row = part.stride,
                              .b_transposed = true,
                              .c = l == 1 ? gradient + before.offset : right_[l - 1].data(),
                              .c_row = before.stride,
                              .m = rows(),
                              .n = part.rows,
                              .k = part.columns});
  }
}

template class Chain<double>;
template class Chain<float>;

}  // namespace rankflow::descent
