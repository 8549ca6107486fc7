// The body of the products of rows, included by row_products_<instruction set>.cpp with RANKFLOW_VECTOR_BYTES and
// RANKFLOW_KERNEL_NAMESPACE set. Everything here is static: no symbol may be shared between instruction sets.
// SPDX-License-Identifier: Apache-2.0
#include "linalg/row_products.h"
#include "linalg/vector_body.h"

namespace rankflow::RANKFLOW_KERNEL_NAMESPACE {
namespace {

// Lane t of the result is the sum of all lanes of part[t]: each round adds halves, with half the vectors left.
template <class T, int Half>
[[gnu::always_inline]] inline Vec<T> lane_sums(const Vec<T>* part) {
  if constexpr (Half == 0) {
    return part[0];
  } else {
    Vec<T> merged[Half];
#pragma GCC unroll 8
    for (int t = 0; t < Half; ++t)
      merged[t] = merge<T, Half, 0>(part[t], part[t + Half]) + merge<T, Half, Half>(part[t], part[t + Half]);
    return lane_sums<T, Half / 2>(merged);
  }
}

// Vectors of a row that are summed at a time: their sums stay in registers.
inline constexpr int kMost = RANKFLOW_VECTOR_BYTES == 64 ? 4 : 8;
// Vectors of a cache line: a row has a multiple of these, or is half or a quarter of a line.
inline constexpr int kLine = 64 / RANKFLOW_VECTOR_BYTES;

// Calls work.operator()<Count>(offset) for pieces of at most kMost vectors that make up a row.
template <class T, class Work>
[[gnu::always_inline]] inline void by_pieces(std::int64_t width, Work work) {
  constexpr int n = kLanes<T>;
  std::int64_t v = 0;
  for (; v + kMost * n <= width; v += kMost * n) work.template operator()<kMost>(v);
  const int rest = static_cast<int>((width - v) / n);
  if constexpr (kLine > 1)
    if (rest == 1) work.template operator()<1>(v);
  if constexpr (kLine > 2)
    if (rest == 2) work.template operator()<2>(v);
  if constexpr (kLine < kMost)
    if (rest == kLine) work.template operator()<kLine>(v);
  if constexpr (2 * kLine < kMost)
    if (rest == 2 * kLine) work.template operator()<2 * kLine>(v);
  if constexpr (3 * kLine < kMost)
    if (rest == 3 * kLine) work.template operator()<3 * kLine>(v);
}

template <class T, int Count>
[[gnu::always_inline]] inline void store(const Vec<T>* sum, T* out) {
#pragma GCC unroll 8
  for (int c = 0; c < Count; ++c) at(out + c * kLanes<T>) = sum[c];
}

template <class T>
void multiply(const RowProducts<T>& p, std::int64_t first, std::int64_t last) {
  constexpr int n = kLanes<T>;
  by_pieces<T>(p.width, [&]<int Count>(std::int64_t v) {
    for (std::int64_t i = first; i < last; ++i) {
      const T* a = p.a + p.a_row[i] * p.width + v;
      const T* b = p.b + p.b_row[i] * p.width + v;
#pragma GCC unroll 8
      for (int c = 0; c < Count; ++c) at(p.out + i * p.width + v + c * n) = at(a + c * n) * at(b + c * n);
    }
  });
}

template <class T>
void sum_products(const RowProductSums<T>& p, std::int64_t first, std::int64_t last) {
  constexpr int n = kLanes<T>;
  by_pieces<T>(p.width, [&]<int Count>(std::int64_t v) {
    for (std::int64_t i = first; i < last; ++i) {
      Vec<T> sum[Count] = {};
      for (std::int64_t q = p.begin[i]; q < p.begin[i + 1]; ++q) {
        const T* a = p.a + p.a_row[q] * p.width + v;
        const T* b = p.b + p.b_row[q] * p.width + v;
#pragma GCC unroll 8
        for (int c = 0; c < Count; ++c) sum[c] += at(a + c * n) * at(b + c * n);
      }
      store<T, Count>(sum, p.out + i * p.width + v);
    }
  });
}

template <class T>
void sums(const RowSums<T>& p, std::int64_t first, std::int64_t last) {
  constexpr int n = kLanes<T>;
  by_pieces<T>(p.width, [&]<int Count>(std::int64_t v) {
    const T* rows = p.rows + v;
    for (std::int64_t i = first; i < last; ++i) {
      Vec<T> sum[Count] = {}, other[Count] = {};  // two chains of additions
      std::int64_t k = p.begin[i];
      for (; k + 2 <= p.begin[i + 1]; k += 2) {
        const T* row = rows + p.row[k] * p.width;
        const T* next = rows + p.row[k + 1] * p.width;
        const T factor = p.factor[k], next_factor = p.factor[k + 1];
#pragma GCC unroll 8
        for (int c = 0; c < Count; ++c) sum[c] += factor * at(row + c * n);
#pragma GCC unroll 8
        for (int c = 0; c < Count; ++c) other[c] += next_factor * at(next + c * n);
      }
      if (k < p.begin[i + 1])
#pragma GCC unroll 8
        for (int c = 0; c < Count; ++c) sum[c] += p.factor[k] * at(rows + p.row[k] * p.width + c * n);
#pragma GCC unroll 8
      for (int c = 0; c < Count; ++c) sum[c] += other[c];
      store<T, Count>(sum, p.out + i * p.width + v);
    }
  });
}

// Products of one observation are summed over a vector's lanes together with those of its successors, whatever row they
// belong to: a sum over lanes alone would cost as much as the products.
template <class T, int Count>
void dots_of(const RowDots<T>& p, std::int64_t first, std::int64_t last) {
  constexpr int n = kLanes<T>;
  Vec<T> part[n];
  int filled = 0;
  std::int64_t k = p.begin[first];
  for (std::int64_t i = first; i < last; ++i) {
    Vec<T> left[Count];
#pragma GCC unroll 16
    for (int c = 0; c < Count; ++c) left[c] = at(p.left + i * p.width + c * n);
    for (; k < p.begin[i + 1]; ++k) {
      const T* right = p.right + p.right_row[k] * p.width;
      Vec<T> sum = left[0] * at(right);
#pragma GCC unroll 16
      for (int c = 1; c < Count; ++c) sum += left[c] * at(right + c * n);
      part[filled] = sum;
      if (++filled == n) {
        const Vec<T> x = lane_sums<T, n / 2>(part);
        __builtin_memcpy(p.x + k + 1 - n, &x, sizeof(x));
        filled = 0;
      }
    }
  }
  if (filled == 0) return;
  for (int t = filled; t < n; ++t) part[t] = Vec<T>{};
  const Vec<T> x = lane_sums<T, n / 2>(part);
  for (int t = 0; t < filled; ++t) p.x[k - filled + t] = x[t];
}

// Rows of any width, the sum of one observation's lanes at a time.
template <class T>
void dots_of_any(const RowDots<T>& p, std::int64_t first, std::int64_t last) {
  constexpr int n = kLanes<T>;
  for (std::int64_t i = first; i < last; ++i)
    for (std::int64_t k = p.begin[i]; k < p.begin[i + 1]; ++k) {
      Vec<T> part[n] = {};
      for (std::int64_t v = 0; v < p.width; v += n)
        part[0] += at(p.left + i * p.width + v) * at(p.right + p.right_row[k] * p.width + v);
      p.x[k] = lane_sums<T, n / 2>(part)[0];
    }
}

template <class T>
void dots(const RowDots<T>& p, std::int64_t first, std::int64_t last) {
  constexpr int line = kLine * kLanes<T>;
  if constexpr (kLine > 1)
    if (p.width == kLanes<T>) return dots_of<T, 1>(p, first, last);
  if constexpr (kLine > 2)
    if (p.width == 2 * kLanes<T>) return dots_of<T, 2>(p, first, last);
  if (p.width == line) return dots_of<T, kLine>(p, first, last);
  if (p.width == 2 * line) return dots_of<T, 2 * kLine>(p, first, last);
  if (p.width == 3 * line) return dots_of<T, 3 * kLine>(p, first, last);
  if (p.width == 4 * line) return dots_of<T, 4 * kLine>(p, first, last);
  dots_of_any(p, first, last);
}

}  // namespace

extern const RowKernels<double> row_kernels_double;
extern const RowKernels<float> row_kernels_float;
const RowKernels<double> row_kernels_double = {multiply<double>, sum_products<double>, dots<double>, sums<double>};
const RowKernels<float> row_kernels_float = {multiply<float>, sum_products<float>, dots<float>, sums<float>};

}  // namespace rankflow::RANKFLOW_KERNEL_NAMESPACE
