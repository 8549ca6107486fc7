// The root as a dense product or as a pass over the observed pairs.
// SPDX-License-Identifier: Apache-2.0
#include "solver/tensor_descent/top_product.h"

#include <numeric>

#include "base/threads.h"
#include "linalg/matrix_product.h"
#include "solver/tensor_descent/pooling.h"

namespace rankflow::tensor_descent {
namespace {

constexpr Index kDenseShare = 10;             // a dense product does that many pairs while a pass does one
constexpr Index kMostCells = Index{1} << 26;  // of a dense product
constexpr Index kPairs = 256;                 // that a thread takes at a time
constexpr double kNumberNs = .15;             // a guess at the time a multiplication takes in a pass

template <class T>
void multiply_rows(const AlignedRows<T>& a, bool a_transposed, const AlignedRows<T>& b, bool b_transposed,
                   AlignedRows<T>& c) {
  multiply(MatrixProduct<T>{.a = a.row(0),
                            .a_row = a_transposed ? 1 : a.stride(),
                            .a_column = a_transposed ? a.stride() : 1,
                            .b = b.row(0),
                            .b_row = b.stride(),
                            .b_transposed = b_transposed,
                            .c = c.row(0),
                            .c_row = c.stride(),
                            .m = a_transposed ? a.columns() : a.rows(),
                            .n = b_transposed ? b.rows() : b.columns(),
                            .k = a_transposed ? a.rows() : a.columns()});
}

}  // namespace

template <class T>
TopProduct<T>::TopProduct(PairRows pairs, std::vector<std::int32_t> pair_of, Index width)
    : pairs_(std::move(pairs)), pair_of_(std::move(pair_of)), width_(width) {
  const Index rows = pairs_.left_count(), columns = pairs_.right_count();
  weighted_ = padded_rows<T>(rows, width);
  const double cells = static_cast<double>(rows) * static_cast<double>(columns);
  dense_ = cells <= static_cast<double>(std::min(kMostCells, kDenseShare * pairs_.count()));
  if (dense_) {
    grid_ = padded_rows<T>(rows, columns);
    slopes_ = padded_rows<T>(rows, columns);
    return;
  }
  slopes_ = padded_rows<T>(1, pairs_.count());
  in_order_.resize(pairs_.left.size());
  std::iota(in_order_.begin(), in_order_.end(), 0);
  for (const std::int32_t pair : pairs_.right_pair) right_left_.push_back(pairs_.left[pair]);
}

template <class T>
void TopProduct<T>::forward(const AlignedRows<T>& left, const AlignedRows<T>& right, const T* w, T* x) {
  const Eigen::Map<const VectorOf<T>> top(w, width_);
  weighted_.view() = left.view() * top.asDiagonal();
  const auto count = static_cast<Index>(pair_of_.size());
  if (dense_) {
    multiply_rows(weighted_, false, right, true, grid_);
    for (Index k = 0; k < count; ++k) x[k] = grid_.row(pairs_.left[pair_of_[k]])[pairs_.right[pair_of_[k]]];
    return;
  }
  using Row = Eigen::Map<const VectorOf<T>, Eigen::Aligned64>;
  parallel_blocks(
      count, kPairs,
      [&](Index begin, Index end, Index) {
        for (Index k = begin; k < end; ++k) {
          const std::int32_t pair = pair_of_[k];
          x[k] = Row(weighted_.row(pairs_.left[pair]), weighted_.stride())
                     .dot(Row(right.row(pairs_.right[pair]), right.stride()));
        }
      },
      kNumberNs * static_cast<double>(width_));
}

template <class T>
void TopProduct<T>::collect(const std::vector<Index>& begin, const std::vector<Index>& ranges,
                            const std::vector<std::int32_t>& other, const std::vector<std::int32_t>& position,
                            const AlignedRows<T>& rows, AlignedRows<T>& out) {
  parallel_blocks(
      static_cast<Index>(ranges.size()) - 1, 1,
      [&](Index range, Index, Index) {
        EntryCollection<T> collection;
        collection.begin = begin.data();
        collection.other = other.data();
        collection.position = position.data();
        collection.first = ranges[range];
        collection.last = ranges[range + 1];
        collection.stride = rows.stride();
        collection.slope = slopes_.row(0);
        collection.rows = rows.row(0);
        collection.out = out.row(0);
        kernels_.collect(collection);
      },
      kNumberNs * static_cast<double>(width_ * pairs_.count()) / static_cast<double>(ranges.size()));
}

// With weighted = left diag(w): d_weighted = E right, d_right = E^T weighted, d_left = d_weighted diag(w) and
// dw_r = sum_i left_ir d_weighted_ir.
template <class T>
void TopProduct<T>::backward(const T* slope, const AlignedRows<T>& left, const AlignedRows<T>& right, const T* w,
                             AlignedRows<T>& d_left, AlignedRows<T>& d_right, T* dw) {
  const auto count = static_cast<Index>(pair_of_.size());
  if (dense_) {
    for (Index k = 0; k < count; ++k) slopes_.row(pairs_.left[pair_of_[k]])[pairs_.right[pair_of_[k]]] = slope[k];
    multiply_rows(slopes_, false, right, false, d_left);
    multiply_rows(slopes_, true, weighted_, false, d_right);
  } else {
    for (Index k = 0; k < count; ++k) slopes_.row(0)[pair_of_[k]] = slope[k];
    collect(pairs_.left_begin, pairs_.left_ranges, pairs_.right, in_order_, right, d_left);
    collect(pairs_.right_begin, pairs_.right_ranges, right_left_, pairs_.right_pair, weighted_, d_right);
  }
  Eigen::Map<VectorOf<T>>(dw, width_) = left.view().cwiseProduct(d_left.view()).colwise().sum().transpose();
  const Eigen::Map<const VectorOf<T>> top(w, width_);
  d_left.view() = d_left.view() * top.asDiagonal();
}

template class TopProduct<double>;
template class TopProduct<float>;

}  // namespace rankflow::tensor_descent
