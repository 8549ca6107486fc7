// Passes of a CP factorization over observed cells: residual with gradient, product with J^T W J, its blocks, the whole
// matrix, and one mode's gradient. Compiled once per instruction set.
// This header is included by kernel files: it declares plain data only.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace rankflow {

inline constexpr int kMostModes = 64;
/// Rows of factors are padded to a multiple of this many numbers; the padding is zero.
inline constexpr std::int64_t kCpRowMultiple = 8;

/// Cells [begin, end) of a list, and the stacked factors of all modes (see Cells). With a_k^n the product of the rows
/// that cell k looks at except mode n's, x_k = sum_r (row n * a_k^n)_r.
struct CpPass {
  const std::int32_t* row = nullptr;
  int order = 0;
  std::int64_t begin = 0, end = 0;
  const double* weight = nullptr;  // null = all 1
  const double* value = nullptr;
  const double* factors = nullptr;
  std::int64_t stride = 0;  // of a row of the factors and of what is accumulated
};

struct CpPasses {
  /// x_k.
  void (*values)(const CpPass&, double* x);
  /// Returns sum w (x - y)^2.
  double (*squared_error)(const CpPass&);
  /// The same, and gradient row of mode n += w_k (x_k - y_k) a_k^n.
  double (*gradient)(const CpPass&, double* gradient);
  /// product rows += w_k a_k^n sum_m <a_k^m, direction row of mode m>: J^T W J applied to `direction`.
  void (*normal_product)(const CpPass&, const double* direction, double* product);
  /// blocks (columns x stride numbers a row) += w_k a_k^n (a_k^n)^T: the diagonal blocks of J^T W J.
  void (*normal_blocks)(const CpPass&, std::int64_t columns, double* blocks);
  /// matrix row (row n columns + r), from column (row m columns) on, += w_k (a_k^n)_r a_k^m for the modes first <= n <
  /// last and m >= n: the upper block triangle of J^T W J. `matrix_stride` leaves room for a padded row at the end.
  void (*normal_matrix)(const CpPass&, std::int64_t columns, int first, int last, double* matrix,
                        std::int64_t matrix_stride);
  /// gradient row of mode `mode` += value_k a_k^mode: the value is taken as it is, no weight.
  void (*one_mode)(const CpPass&, int mode, double* gradient);
  /// The same for every mode n: gradient row of mode n += value_k a_k^n.
  void (*all_modes)(const CpPass&, double* gradient);
  const char* name;
};
/// The fastest versions this processor runs.
const CpPasses& cp_passes();

}  // namespace rankflow
