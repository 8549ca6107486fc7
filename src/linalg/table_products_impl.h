// The body of the products of rows from tables, included by table_products_<instruction set>.cpp with
// RANKFLOW_VECTOR_BYTES and RANKFLOW_KERNEL_NAMESPACE set. Everything here is static: no symbol may be shared between
// instruction sets.
// SPDX-License-Identifier: Apache-2.0
#include "linalg/table_products.h"
#include "linalg/vector_body.h"

namespace rankflow::RANKFLOW_KERNEL_NAMESPACE {
namespace {

// Samples lie anywhere: the codes of one so many places ahead are fetched early.
inline constexpr std::int64_t kAhead = 8;

// Calls work.operator()<Count>(offset) for pieces of 4, 2 or 1 vectors that make up a row.
template <class T, class Work>
[[gnu::always_inline]] inline void by_pieces(std::int64_t width, Work work) {
  constexpr int n = kLanes<T>;
  std::int64_t v = 0;
  for (; v + 4 * n <= width; v += 4 * n) work.template operator()<4>(v);
  if (v + 2 * n <= width) {
    work.template operator()<2>(v);
    v += 2 * n;
  }
  if (v + n <= width) work.template operator()<1>(v);
}

template <class T, class Code>
[[gnu::always_inline]] inline const Code* codes_of(const TableLookup<T, Code>& p, std::int64_t i) {
  return p.codes + (p.sample ? p.sample[i] : i) * p.groups;
}

// A product of many rows is a chain of multiplications that wait for each other: several chains side by side.
template <class T, class Code>
void products(const TableLookup<T, Code>& p, const T* tables, T* out, std::int64_t first, std::int64_t last) {
  constexpr int n = kLanes<T>;
  by_pieces<T>(p.width, [&]<int Count>(std::int64_t v) {
    constexpr int chains = Count == 1 ? 4 : 2;
    for (std::int64_t i = first; i < last; ++i) {
      const Code* code = codes_of(p, i);
      if (i + kAhead < last) __builtin_prefetch(codes_of(p, i + kAhead));
      Vec<T> product[chains][Count];
#pragma GCC unroll 4
      for (int s = 0; s < chains; ++s)
#pragma GCC unroll 4
        for (int c = 0; c < Count; ++c) product[s][c] = Vec<T>{} + T(1);
      std::int64_t g = 0;
      for (; g + chains <= p.groups; g += chains)
#pragma GCC unroll 4
        for (int s = 0; s < chains; ++s) {
          const T* row = tables + (p.begin[g + s] + code[g + s]) * p.width + v;
#pragma GCC unroll 4
          for (int c = 0; c < Count; ++c) product[s][c] *= at(row + c * n);
        }
      for (; g < p.groups; ++g) {
        const T* row = tables + (p.begin[g] + code[g]) * p.width + v;
#pragma GCC unroll 4
        for (int c = 0; c < Count; ++c) product[0][c] *= at(row + c * n);
      }
#pragma GCC unroll 4
      for (int c = 0; c < Count; ++c) {
        Vec<T> all = product[0][c] * product[1][c];
        if constexpr (chains == 4) all *= product[2][c] * product[3][c];
        at(out + i * p.width + v + c * n) = all;
      }
    }
  });
}

template <class T, class Code>
void add(const TableLookup<T, Code>& p, const T* rows, T* tables, std::int64_t samples) {
  constexpr int n = kLanes<T>;
  const std::int64_t groups = p.groups, width = p.width;  // stores could change them where they are
  const std::int64_t* begin = p.begin;
  by_pieces<T>(width, [=]<int Count>(std::int64_t v) {
    for (std::int64_t i = 0; i < samples; ++i) {
      const Code* code = codes_of(p, i);
      Vec<T> mine[Count];
#pragma GCC unroll 4
      for (int c = 0; c < Count; ++c) mine[c] = at(rows + i * width + v + c * n);
      for (std::int64_t g = 0; g < groups; ++g) {
        T* row = tables + (begin[g] + code[g]) * width + v;
#pragma GCC unroll 4
        for (int c = 0; c < Count; ++c) at(row + c * n) += mine[c];
      }
    }
  });
}

template <class T>
void outer(const T* a, std::int64_t a_rows, const T* b, std::int64_t b_rows, T* out, std::int64_t width) {
  constexpr int n = kLanes<T>;
  for (std::int64_t i = 0; i < a_rows; ++i)
    for (std::int64_t j = 0; j < b_rows; ++j)
      for (std::int64_t v = 0; v < width; v += n)
        at(out + (i * b_rows + j) * width + v) = at(a + i * width + v) * at(b + j * width + v);
}

template <class T>
void margins(const T* rows, std::int64_t a_rows, std::int64_t b_rows, T* a, T* b, std::int64_t width) {
  constexpr int n = kLanes<T>;
  for (std::int64_t v = 0; v < width; v += n) {
    for (std::int64_t j = 0; j < b_rows; ++j) at(b + j * width + v) = Vec<T>{};
    for (std::int64_t i = 0; i < a_rows; ++i) {
      Vec<T> sum = {};
      for (std::int64_t j = 0; j < b_rows; ++j) {
        const Vec<T> row = at(rows + (i * b_rows + j) * width + v);
        sum += row;
        at(b + j * width + v) += row;
      }
      at(a + i * width + v) = sum;
    }
  }
}

template <class T, class Code>
constexpr TableKernels<T, Code> kKernels = {products<T, Code>, add<T, Code>, outer<T>, margins<T>};

}  // namespace

#define RANKFLOW_DEFINE(T, Code, name)     \
  extern const TableKernels<T, Code> name; \
  const TableKernels<T, Code> name = kKernels<T, Code>;
RANKFLOW_DEFINE(double, std::uint8_t, double_bytes)
RANKFLOW_DEFINE(double, std::int32_t, double_words)
RANKFLOW_DEFINE(float, std::uint8_t, float_bytes)
RANKFLOW_DEFINE(float, std::int32_t, float_words)
#undef RANKFLOW_DEFINE

}  // namespace rankflow::RANKFLOW_KERNEL_NAMESPACE
