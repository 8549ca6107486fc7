// The loops over observed entries, as tables of functions: one table per instruction set, chosen when the program runs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

// No inline functions here and no other headers than this one: the files that implement the tables are compiled with
// instruction-set flags of their own.
#include <cstdint>

namespace rankflow {

/// Lines [first, last) of one direction of an observed set against rows of two factors. All factor rows have `stride`
/// entries, a multiple of kRowMultiple<T>, padded with zeros and aligned to 64 bytes.
template <class T>
struct LinePass {
  const std::int64_t* begin;  // entries of line i: begin[i] .. begin[i + 1]
  const std::int32_t* other;
  const T* value;   // null: all 0
  const T* weight;  // null: all 1
  std::int64_t first, last;
  std::int64_t stride;
  const T* left;   // one row per line
  const T* right;  // one row per index on the other axis
  T* out;          // one row per line, overwritten; null: not wanted
  T* sums;         // if out is null: one number per line, sum_j w e; null: not wanted
};

/// Two directions d_a = first_a[i] . base[j] + side[i] . second_a[j], a = 1, 2, on the entries (i, j), with parts of
/// `rank` numbers side by side: rows on the other side are [base | second_1 | second_2 | 0], rows on the line's side
/// two of the same length, [first_1 | side | 0] and [first_2 | 0 | side | 0]. `stride`: length of one such row.
template <class T>
struct PlanePass {
  const std::int64_t* begin;
  const std::int32_t* other;
  const T* weight;
  std::int64_t first, last;
  std::int64_t stride, rank;
  const T* left;   // 2 stride numbers per line
  const T* right;  // stride numbers per index on the other axis
  bool single;     // the second direction is absent: its sums are 0
};

struct PlaneSums {
  double aa, ab, bb;  // sum w d_1^2, sum w d_1 d_2, sum w d_2^2
};

/// What one instruction set offers. Sums within a line are made in T, over lines in double.
struct Kernels {
  const char* name;
  /// For each entry e = left_i . right_j - y_ij: out_i = sum_j w e right_j. Returns sum w e^2.
  double (*line_pass_double)(const LinePass<double>&);
  double (*line_pass_float)(const LinePass<float>&);
  PlaneSums (*plane_pass_double)(const PlanePass<double>&);
  PlaneSums (*plane_pass_float)(const PlanePass<float>&);
};

/// Rows are padded to 64 bytes: one vector of the widest instruction set, and one cache line.
template <class T>
inline constexpr std::int64_t kRowMultiple = 64 / sizeof(T);

extern const Kernels kBaselineKernels;
#if defined(__x86_64__)
extern const Kernels kAvx2Kernels, kAvx512Kernels;
#endif

/// The widest table this processor can run, or the one set by override_kernels().
const Kernels& kernels();
/// For tests and measurements: use this table from now on; null = choose again.
void override_kernels(const Kernels* table);
/// All tables this processor can run, narrowest first; returns how many.
int runnable_kernels(const Kernels** tables, int capacity);

inline constexpr int kMaxKernelTables = 3;

}  // namespace rankflow
