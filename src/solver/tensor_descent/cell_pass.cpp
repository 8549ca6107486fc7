// The passes of growing CP under any loss.
// SPDX-License-Identifier: Apache-2.0
#include "solver/tensor_descent/cell_pass.h"

#include <algorithm>

namespace rankflow::tensor_descent {
namespace {

std::vector<Index> first_rows(const std::vector<Index>& shape) {
  std::vector<Index> first = {0};
  for (const Index size : shape) first.push_back(first.back() + size);
  return first;
}

std::vector<std::int32_t> interleaved(const std::vector<std::vector<std::int32_t>>& index,
                                      const std::vector<Index>& first_row) {
  std::vector<std::int32_t> row(index.size() * index[0].size());
  for (std::size_t n = 0; n < index.size(); ++n)
    for (std::size_t k = 0; k < index[n].size(); ++k)
      row[k * index.size() + n] = static_cast<std::int32_t>(first_row[n]) + index[n][k];
  return row;
}

}  // namespace

template <class T>
CellPass<T>::CellPass(const std::vector<Index>& shape, const std::vector<std::vector<std::int32_t>>& index,
                      Index components)
    : first_row_(first_rows(shape)),
      row_(std::make_unique<std::vector<std::int32_t>>(interleaved(index, first_row_))),
      blocks_(*row_, static_cast<Index>(shape.size()), first_row_.back(), components),
      x_(index[0].size()) {}

template <class T>
void CellPass<T>::evaluate(const std::vector<const MatrixOf<T>*>& factors, std::vector<T>& x) {
  for (std::size_t n = 0; n < factors.size(); ++n)
    blocks_.factors().view().middleRows(first_row_[n], factors[n]->rows()) = factors[n]->template cast<double>();
  blocks_.sum([&](const CpPass& pass) {
    cp_passes().values(pass, x_.data());
    return 0.0;
  });
  x.assign(x_.begin(), x_.end());
}

template <class T>
void CellPass<T>::collect(const std::vector<T>& slope, const std::vector<MatrixOf<T>*>& gradients) {
  std::copy(slope.begin(), slope.end(), x_.begin());
  const Index stride = blocks_.stride();
  blocks_.scatter(stride, sums_, [&](CpPass pass, double* out) {
    pass.value = x_.data();
    cp_passes().all_modes(pass, out);
    return 0.0;
  });
  using Rows = Eigen::Map<const Matrix, 0, Eigen::OuterStride<>>;
  for (std::size_t n = 0; n < gradients.size(); ++n) {
    MatrixOf<T>& gradient = *gradients[n];
    gradient =
        Rows(sums_.data() + first_row_[n] * stride, gradient.rows(), gradient.cols(), Eigen::OuterStride<>(stride))
            .template cast<T>();
  }
}

template class CellPass<double>;
template class CellPass<float>;

}  // namespace rankflow::tensor_descent
