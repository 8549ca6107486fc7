// The body of the matrix product, included by matrix_product_<instruction set>.cpp with RANKFLOW_VECTOR_BYTES and
// RANKFLOW_KERNEL_NAMESPACE set. Everything here is static: no symbol may be shared between instruction sets.
// SPDX-License-Identifier: Apache-2.0
#include "linalg/matrix_product.h"
#include "linalg/vector_body.h"

namespace rankflow::RANKFLOW_KERNEL_NAMESPACE {
namespace {

template <class T>
struct HalfVector {
  typedef T Aligned __attribute__((vector_size(RANKFLOW_VECTOR_BYTES / 2), may_alias));
  typedef T Stored __attribute__((vector_size(RANKFLOW_VECTOR_BYTES / 2), may_alias, aligned(sizeof(T))));
};
template <class T>
using HalfVec = typename HalfVector<T>::Aligned;
template <class T>
using StoredHalf = typename HalfVector<T>::Stored;

// A square of lanes x lanes numbers, transposed in registers: log2(lanes) rounds that exchange halves.
template <class T, int Half = 1>
[[gnu::always_inline]] inline void transpose_square(Vec<T>* row) {
  constexpr int n = kLanes<T>;
  if constexpr (Half < n) {
#pragma GCC unroll 16
    for (int i = 0; i < n; ++i) {
      if (i & Half) continue;
      const Vec<T> a = row[i], b = row[i + Half];
      row[i] = merge<T, Half, 0>(a, b);
      row[i + Half] = merge<T, Half, Half>(a, b);
    }
    transpose_square<T, 2 * Half>(row);
  }
}

// Columns [column, column + width vectors) of rows [begin, end) of b, side by side.
template <class T>
void pack(const MatrixProduct<T>& p, std::int64_t begin, std::int64_t end, std::int64_t column, int width, T* packed) {
  constexpr int n = kLanes<T>;
  if (!p.b_transposed) {
    for (std::int64_t k = begin; k < end; ++k) {
      const T* from = p.b + k * p.b_row + column;
      for (int v = 0; v < width; ++v, packed += n) stored(packed) = stored(from + v * n);
    }
    return;
  }
  for (int v = 0; v < width; ++v) {
    const std::int64_t first = column + v * n;
    for (std::int64_t k = begin; k < end; k += n) {
      Vec<T> square[n];
#pragma GCC unroll 16
      for (int i = 0; i < n; ++i) square[i] = first + i < p.n ? stored(p.b + (first + i) * p.b_row + k) : Vec<T>{};
      transpose_square<T>(square);
#pragma GCC unroll 16
      for (int i = 0; i < n; ++i) stored(packed + ((k - begin + i) * width + v) * n) = square[i];
    }
  }
}

// Rows x Width vectors of c in registers, and half a vector more where `Half`. `add`: c holds the sum over earlier rows
// of b. A packed row has `step` numbers.
template <class T, int Rows, int Width, bool Half>
[[gnu::always_inline]] inline void tile(const T* a, std::int64_t a_row, std::int64_t a_column, const T* packed,
                                        std::int64_t step, std::int64_t depth, T* c, std::int64_t c_row, bool add) {
  constexpr int n = kLanes<T>;
  constexpr int full = Width > 0 ? Width : 1;
  Vec<T> sum[Rows][full] = {};
  HalfVec<T> half[Rows] = {};
  for (std::int64_t k = 0; k < depth; ++k, a += a_column, packed += step) {
    Vec<T> b[full];
    HalfVec<T> b_half = {};
#pragma GCC unroll 4
    for (int v = 0; v < Width; ++v) b[v] = stored(packed + v * n);
    if constexpr (Half) b_half = *reinterpret_cast<const StoredHalf<T>*>(packed + Width * n);
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
      const T factor = a[i * a_row];
#pragma GCC unroll 4
      for (int v = 0; v < Width; ++v) sum[i][v] += factor * b[v];
      if constexpr (Half) half[i] += factor * b_half;
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < Width; ++v) {
      T* to = c + i * c_row + v * n;
      stored(to) = add ? stored(to) + sum[i][v] : sum[i][v];
    }
    if constexpr (Half) {
      auto& to = *reinterpret_cast<StoredHalf<T>*>(c + i * c_row + Width * n);
      to = add ? to + half[i] : half[i];
    }
  }
}

// Rows of a tile whose sums fill the registers: 32 registers with AVX-512, 16 otherwise.
template <int Width>
constexpr int kTileRows = RANKFLOW_VECTOR_BYTES == 64 ? (Width == 4 ? 6 : 8) : (Width == 2 ? 6 : 8);

template <class T, int Width, bool Half>
void panel(const MatrixProduct<T>& p, std::int64_t first, std::int64_t last, std::int64_t begin, std::int64_t end,
           std::int64_t column, const T* packed) {
  constexpr int rows = kTileRows<Width>;
  constexpr std::int64_t step = Width * kLanes<T>;
  std::int64_t i = first;
  const auto tiles = [&]<int Rows>() {
    for (; i + Rows <= last; i += Rows)
      tile<T, Rows, Width - Half, Half>(p.a + i * p.a_row + begin * p.a_column, p.a_row, p.a_column, packed, step,
                                        end - begin, p.c + i * p.c_row + column, p.c_row, begin > 0);
  };
  tiles.template operator()<rows>();
  tiles.template operator()<4>();
  tiles.template operator()<2>();
  tiles.template operator()<1>();
}

// The panel's last vector is computed by half where the other half is padding.
template <class T, int Width>
void panel(const MatrixProduct<T>& p, std::int64_t first, std::int64_t last, std::int64_t begin, std::int64_t end,
           std::int64_t column, const T* packed) {
  constexpr int n = kLanes<T>;
  if constexpr (RANKFLOW_VECTOR_BYTES > 16)
    if (p.n - (column + (Width - 1) * n) <= n / 2)
      return panel<T, Width, true>(p, first, last, begin, end, column, packed);
  panel<T, Width, false>(p, first, last, begin, end, column, packed);
}

template <class T>
void multiply_rows(const MatrixProduct<T>& p, std::int64_t first, std::int64_t last, T* work) {
  constexpr int n = kLanes<T>;
  constexpr int widest = RANKFLOW_VECTOR_BYTES == 64 ? 4 : 2;
  const std::int64_t vectors = (p.n + n - 1) / n;
  const std::int64_t panels = (vectors + widest - 1) / widest;
  if (p.k == 0)
    for (std::int64_t i = first; i < last; ++i)
      for (std::int64_t v = 0; v < vectors; ++v) stored(p.c + i * p.c_row + v * n) = Vec<T>{};
  for (std::int64_t begin = 0; begin < p.k; begin += kProductDepth) {
    const std::int64_t end = p.k - begin < kProductDepth ? p.k : begin + kProductDepth;
    for (std::int64_t q = 0, v = 0; q < panels; ++q) {
      const int width = static_cast<int>((vectors - v + panels - q - 1) / (panels - q));  // nearly equal
      const std::int64_t column = v * n;
      pack(p, begin, end, column, width, work);
      if (width == 1) panel<T, 1>(p, first, last, begin, end, column, work);
      if (width == 2) panel<T, 2>(p, first, last, begin, end, column, work);
      if constexpr (widest == 4) {
        if (width == 3) panel<T, 3>(p, first, last, begin, end, column, work);
        if (width == 4) panel<T, 4>(p, first, last, begin, end, column, work);
      }
      v += width;
    }
  }
}

}  // namespace

void multiply_rows_double(const MatrixProduct<double>& p, std::int64_t first, std::int64_t last, double* work) {
  multiply_rows(p, first, last, work);
}
void multiply_rows_float(const MatrixProduct<float>& p, std::int64_t first, std::int64_t last, float* work) {
  multiply_rows(p, first, last, work);
}

}  // namespace rankflow::RANKFLOW_KERNEL_NAMESPACE
