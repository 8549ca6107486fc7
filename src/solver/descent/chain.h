// A product X_1 X_2 ... X_K of factors with what its gradient needs: 3 (K - 1) dense products an iteration.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "linalg/aligned.h"
#include "solver/descent/layout.h"

namespace rankflow::descent {

template <class T>
class Chain {
 public:
  /// The parts of X_1 ... X_K, K >= 1, padded.
  explicit Chain(std::vector<Part> parts);

  Index rows() const { return parts_.front().rows; }
  Index columns() const { return parts_.back().columns; }
  Index stride() const { return parts_.back().stride; }
  /// A_K = X_1 ... X_K at x, rows stride() apart. Valid until x changes. For K = 1 it is x itself.
  const T* product(const T* x);
  /// Where dL/dA_K is to be written: rows stride() apart. For K = 1 it is in the gradient itself.
  T* end_gradient(T* gradient);
  /// dL/dX_l for all l from dL/dA_K, after product(x).
  void back_propagate(const T* x, T* gradient);

 private:
  const T* partial(const T* x, std::size_t l) const { return l == 0 ? x + parts_[0].offset : partial_[l].data(); }

  std::vector<Part> parts_;
  std::vector<AlignedVector<T>> partial_;  // [l]: X_1 ... X_{l+1}, from l = 1 on
  std::vector<AlignedVector<T>> right_;    // [l]: R of X_1 ... X_{l+1}, from l = 1 on
};

}  // namespace rankflow::descent
