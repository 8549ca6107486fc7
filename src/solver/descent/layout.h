// How the factors of a deep factorization lie in one array, so that an update is one pass.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "rankflow/deep_factorization.h"

namespace rankflow::descent {

/// One factor, or its transpose, row by row from `offset` on.
struct Part {
  Index layer = 0;  // l of W_l, from 1
  bool transposed = false;
  Index rows = 0, columns = 0;  // of what is stored
  Index stride = 0, offset = 0;
};

template <class T>
class Layout {
 public:
  /// dims = d_0 .. d_N. padded: rows start on cache lines.
  Layout(std::vector<Index> dims, bool padded) : dims_(std::move(dims)), padded_(padded) {}

  Part add(Index layer, bool transposed);
  Index size() const { return size_; }
  const std::vector<Part>& parts() const { return parts_; }
  /// Padding is not touched: it is 0 from the start and stays so.
  void write(const DeepFactorization<T>& model, T* x) const;
  DeepFactorization<T> read(const T* x) const;

 private:
  std::vector<Index> dims_;
  bool padded_;
  std::vector<Part> parts_;
  Index size_ = 0;
};

}  // namespace rankflow::descent
