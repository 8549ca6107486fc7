// Rows of numbers on cache-line boundaries, for the kernels that gather them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <new>
#include <vector>

#include "rankflow/types.h"

namespace rankflow {

template <class T>
struct CacheLineAllocator {
  using value_type = T;
  CacheLineAllocator() = default;
  template <class U>
  CacheLineAllocator(const CacheLineAllocator<U>&) {}
  T* allocate(std::size_t n) { return static_cast<T*>(::operator new (n * sizeof(T), std::align_val_t{64})); }
  void deallocate(T* p, std::size_t) { ::operator delete (p, std::align_val_t{64}); }
  bool operator==(const CacheLineAllocator&) const { return true; }
};

template <class T>
using AlignedVector = std::vector<T, CacheLineAllocator<T>>;

/// rows x stride numbers, zero at the start; the first `columns` of each row are meant, the rest is padding.
template <class T>
class AlignedRows {
 public:
  AlignedRows() = default;
  AlignedRows(Index rows, Index columns, Index stride)
      : rows_(rows), columns_(columns), stride_(stride), data_(static_cast<std::size_t>(rows * stride)) {}

  Index rows() const { return rows_; }
  Index columns() const { return columns_; }
  Index stride() const { return stride_; }
  T* row(Index i) { return data_.data() + i * stride_; }
  const T* row(Index i) const { return data_.data() + i * stride_; }

  using View = Eigen::Map<MatrixOf<T>, 0, Eigen::OuterStride<>>;
  using ConstView = Eigen::Map<const MatrixOf<T>, 0, Eigen::OuterStride<>>;
  /// All rows without the padding, from column `first` on.
  View view(Index first = 0) { return {data_.data() + first, rows_, columns_ - first, Eigen::OuterStride<>(stride_)}; }
  ConstView view(Index first = 0) const {
    return {data_.data() + first, rows_, columns_ - first, Eigen::OuterStride<>(stride_)};
  }
  AlignedVector<T>& data() { return data_; }
  const AlignedVector<T>& data() const { return data_; }

 private:
  Index rows_ = 0, columns_ = 0, stride_ = 0;
  AlignedVector<T> data_;
};

}  // namespace rankflow
