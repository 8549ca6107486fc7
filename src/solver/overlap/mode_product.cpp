// Slices of an array as matrices, handed to BLAS.
// SPDX-License-Identifier: Apache-2.0
#include "solver/overlap/mode_product.h"

#include <cblas.h>

#include <algorithm>
#include <type_traits>

#include "base/threads.h"

namespace rankflow::overlap {
namespace {

constexpr Index kBlockFlops = 1 << 24;  // multiply-adds in a task: some tenths of a millisecond
constexpr Index kGramColumns = 512;     // columns of an unfolding converted to double at a time
constexpr Index kGramTasks = 16;

template <class T>
void gemm(CBLAS_TRANSPOSE a_is, CBLAS_TRANSPOSE b_is, Index m, Index n, Index k, T alpha, const T* a, Index lda,
          const T* b, Index ldb, T beta, T* c, Index ldc) {
  const auto int_of = [](Index x) { return static_cast<blasint>(x); };
  if constexpr (std::is_same_v<T, double>) {
    cblas_dgemm(CblasRowMajor, a_is, b_is, int_of(m), int_of(n), int_of(k), alpha, a, int_of(lda), b, int_of(ldb), beta,
                c, int_of(ldc));
  } else {
    cblas_sgemm(CblasRowMajor, a_is, b_is, int_of(m), int_of(n), int_of(k), alpha, a, int_of(lda), b, int_of(ldb), beta,
                c, int_of(ldc));
  }
}

double nanoseconds(Index multiply_adds) {
  constexpr double kPerNanosecond = 20;
  return static_cast<double>(multiply_adds) / kPerNanosecond;
}

// Columns [first, first + count) of an unfolding, as rows of doubles (position along the mode) x count.
template <class T>
void gather(const ModeView& view, const T* from, Index first, Index count, Matrix& to) {
  to.resize(view.size, count);
  for (Index c = 0; c < count;) {
    const Index o = (first + c) / view.inner, k = (first + c) % view.inner, run = std::min(count - c, view.inner - k);
    const T* slice = from + o * view.size * view.inner + k;
    for (Index i = 0; i < view.size; ++i)
      for (Index r = 0; r < run; ++r) to(i, c + r) = static_cast<double>(slice[i * view.inner + r]);
    c += run;
  }
}

}  // namespace

template <class T>
void mode_product(const ModeView& view, const T* from, const MatrixOf<T>& matrix, bool transposed, T* to, bool add,
                  T scale) {
  const Index size = view.size, out = transposed ? matrix.cols() : matrix.rows(), inner = view.inner;
  const T beta = add ? T(1) : T(0);
  const CBLAS_TRANSPOSE as_is = CblasNoTrans, flip = CblasTrans;
  if (inner == 1) {  // rows of the array times the matrix
    const Index rows = std::max<Index>(16, kBlockFlops / (size * out));
    parallel_blocks(
        view.outer, rows,
        [&](Index begin, Index end, Index) {
          gemm<T>(as_is, transposed ? as_is : flip, end - begin, out, size, scale, from + begin * size, size,
                  matrix.data(), matrix.cols(), beta, to + begin * out, out);
        },
        nanoseconds(size * out));
    return;
  }
  // Each slice (size x inner) is multiplied from the left; few long slices are cut by columns, many short ones grouped.
  const Index columns = std::clamp<Index>(kBlockFlops / (size * out), 64, std::max<Index>(64, inner));
  const Index cuts = (inner + columns - 1) / columns;
  const Index tasks = view.outer * cuts;
  const Index together = std::max<Index>(1, kBlockFlops / (size * out * std::min(inner, columns)));
  parallel_blocks(
      tasks, together,
      [&](Index begin, Index end, Index) {
        for (Index task = begin; task < end; ++task) {
          const Index o = task / cuts, first = task % cuts * columns, count = std::min(columns, inner - first);
          gemm<T>(transposed ? flip : as_is, as_is, out, count, size, scale, matrix.data(), matrix.cols(),
                  from + o * size * inner + first, inner, beta, to + o * out * inner + first, inner);
        }
      },
      nanoseconds(size * out * std::min(inner, columns)));
}

template <class T>
Matrix mode_gram(const ModeView& view, const T* a, const T* b, Index columns_b) {
  const bool same = a == b && columns_b == view.size;
  const ModeView other{view.outer, columns_b, view.inner};
  const Index columns = view.outer * view.inner;
  const Index share = std::max<Index>(kGramColumns, (columns + kGramTasks - 1) / kGramTasks);
  Matrix sum = parallel_sum(
      columns, share, Matrix(Matrix::Zero(view.size, columns_b)),
      [&](Index begin, Index end) {
        Matrix part = Matrix::Zero(view.size, columns_b), left, right;
        for (Index first = begin; first < end; first += kGramColumns) {
          const Index count = std::min(kGramColumns, end - first);
          gather(view, a, first, count, left);
          if (same) {
            cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, static_cast<blasint>(view.size),
                        static_cast<blasint>(count), 1, left.data(), static_cast<blasint>(count), 1, part.data(),
                        static_cast<blasint>(view.size));
            continue;
          }
          gather(other, b, first, count, right);
          gemm<double>(CblasNoTrans, CblasTrans, view.size, columns_b, count, 1, left.data(), count, right.data(),
                       count, 1, part.data(), columns_b);
        }
        return part;
      },
      nanoseconds(view.size * columns_b));
  if (same)
    for (Index i = 0; i < view.size; ++i)
      for (Index j = i + 1; j < view.size; ++j) sum(i, j) = sum(j, i);
  return sum;
}

template void mode_product<float>(const ModeView&, const float*, const MatrixOf<float>&, bool, float*, bool, float);
template void mode_product<double>(const ModeView&, const double*, const MatrixOf<double>&, bool, double*, bool,
                                   double);
template Matrix mode_gram<float>(const ModeView&, const float*, const float*, Index);
template Matrix mode_gram<double>(const ModeView&, const double*, const double*, Index);

}  // namespace rankflow::overlap
