// Products of a dense array with matrices along one mode, and second moments of its unfoldings: all by BLAS, on blocks
// that do not depend on the number of threads.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rankflow/dense_array.h"
#include "rankflow/types.h"

namespace rankflow::overlap {

/// to(o, j, k) = sum_i matrix(j, i) from(o, i, k), or with matrix(i, j) if `transposed`; added to what is there if
/// `add`, with the factor `scale`. `to` has rows() (cols() if transposed) positions along the mode. O(2 rows * cells).
template <class T>
void mode_product(const ModeView& view, const T* from, const MatrixOf<T>& matrix, bool transposed, T* to,
                  bool add = false, T scale = 1);

/// sum over o, k of a(o, i, k) b(o, j, k), in double whatever T is: small eigenvalues of second moments are differences
/// of large numbers. `columns_b`: positions of b along the mode.
template <class T>
Matrix mode_gram(const ModeView& view, const T* a, const T* b, Index columns_b);

}  // namespace rankflow::overlap
