// Products and orthogonal bases of tall factors: blocked by rows and threaded, the same bits for any number of threads.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rankflow/types.h"

namespace rankflow {

/// a^T b for two tall matrices with the same number of rows. O(m p q).
Matrix transpose_times(const Matrix& a, const Matrix& b);
/// a * small.
Matrix times(const Matrix& a, const Matrix& small);
/// a -= b * small.
void subtract_product(Matrix& a, const Matrix& b, const Matrix& small);
/// Thin QR in place: a = q r, m >= k. Cholesky QR twice with columns scaled to norm 1 (Yamamoto, Nakatsukasa,
/// Yanagisawa and Fukaya 2015): orthogonal to round-off while the scaled columns' condition is below about 1e7;
/// Householder (one thread) beyond that, so that zero and dependent columns are no trouble.
void tall_qr(Matrix& a, Matrix& r);

}  // namespace rankflow
