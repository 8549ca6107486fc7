// The penalty on the unfolding whose rows are the indices of two modes together, in turned coordinates.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "rankflow/dense_array.h"
#include "rankflow/types.h"

namespace rankflow::overlap {

/// W = U diag(w) U^T on modes n < m together, U the eigenvectors of their second moment. In the coordinates of the
/// single modes W is not diagonal: its diagonal joins the preconditioner, the rest is applied. O((d_n d_m) cells) each.
template <class T>
class PairPenalty {
 public:
  PairPenalty(const std::vector<Index>& shape, Index first, Index second);

  /// From the turned array; weight(l) of an eigenvalue l. `work`: as many numbers as the array.
  template <class Weight>
  void update(const T* turned, T* work, Weight&& weight) {
    decompose(turned, work);
    assemble(eigenvalues_.unaryExpr(weight), weight(0.0));
  }
  /// Eigenvalues of the second moment of an array, turned or not.
  Vector moments(const T* x, T* work) {
    decompose(x, work);
    return eigenvalues_;
  }
  /// sum += the diagonal, for every cell.
  void add_diagonal(T* sum) const;
  /// to += (W - its diagonal) from.
  void add_rest(const T* from, T* to, T* work, T* more_work) const;

 private:
  void decompose(const T* turned, T* work);
  // U diag(weights) U^T plus `elsewhere` on what is orthogonal to U.
  void assemble(const Vector& weights, double elsewhere);
  bool adjacent() const { return between_ == 1; }
  // (outer, first, between, second, inner) with `between` moved before `first`, and back (adding).
  void bring_together(const T* from, T* to) const;
  void add_apart(const T* from, T* to) const;
  // work(where a run of cells begins apart, where it begins together, its length), for all runs.
  template <class Work>
  void for_runs(Work work) const;

  Index outer_ = 1, first_ = 1, between_ = 1, second_ = 1, inner_ = 1;
  ModeView view_;  // of the two modes together
  Vector eigenvalues_, diagonal_;
  Matrix eigenvectors_;  // of the eigenvalues that are not 0
  MatrixOf<T> rest_;
};

}  // namespace rankflow::overlap
