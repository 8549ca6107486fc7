// The eigenvectors of one unfolding's second moment as an orthogonal change of coordinates along its mode.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "rankflow/dense_array.h"
#include "rankflow/types.h"

namespace rankflow::overlap {

/// C = X_(n) X_(n)^T / columns = Q diag(values) Q^T. Small modes: all eigenvectors. Large ones: the leading k by
/// subspace iteration, warm from one call to the next; Q is then the product of the k Householder reflections whose
/// first k columns are those vectors, I - V T V^T (Schreiber and Van Loan 1989), so that turning costs O(4 k cells) and
/// the other directions need no vectors; they all get their mean value.
template <class T>
class ModeBasis {
 public:
  ModeBasis(ModeView view, Index leading, std::uint64_t seed, Index mode);

  /// From a new array. `work`: as many numbers as the array.
  void update(const T* x, T* work);
  /// to = X in the basis (forward) or back from it. `to` is not `from`.
  void forward(const T* from, T* to) const;
  void backward(const T* from, T* to) const;

  /// By position in the basis: leading ones descending are not promised, only that values and coordinates agree.
  const Vector& values() const { return values_; }
  const ModeView& view() const { return view_; }
  bool complete() const { return leading_ == view_.size; }

  /// The subspace that the next update starts from; empty for small modes.
  const Matrix& vectors() const { return vectors_; }
  void set_vectors(Matrix vectors) { vectors_ = std::move(vectors); }

 private:
  void update_leading(const T* x, T* work);
  void reflect();
  void turn(const T* from, const MatrixOf<T>& back, T* to) const;

  ModeView view_;
  Index leading_;
  std::uint64_t seed_;
  Index mode_;
  Vector values_;
  Matrix vectors_;                      // size x leading (large modes)
  MatrixOf<T> rotation_;                // columns: eigenvectors (small modes)
  MatrixOf<T> v_, forward_, backward_;  // V, V T, V T^T (large modes)
  mutable std::vector<T> inner_;        // V^T X
};

}  // namespace rankflow::overlap
