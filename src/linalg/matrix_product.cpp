// Picks the kernel of a matrix product, cuts it into blocks of rows, and hands large ones to BLAS.
// SPDX-License-Identifier: Apache-2.0
#include "linalg/matrix_product.h"

#include <cblas.h>

#include <algorithm>
#include <type_traits>

#include "base/processor.h"
#include "base/threads.h"
#include "linalg/aligned.h"

namespace rankflow {

#define RANKFLOW_DECLARE(set)                                                                   \
  namespace set {                                                                               \
  void multiply_rows_double(const MatrixProduct<double>&, std::int64_t, std::int64_t, double*); \
  void multiply_rows_float(const MatrixProduct<float>&, std::int64_t, std::int64_t, float*);    \
  }
RANKFLOW_DECLARE(matrix_product_baseline)
#if defined(__x86_64__)
RANKFLOW_DECLARE(matrix_product_avx2)
RANKFLOW_DECLARE(matrix_product_avx512)
#endif
#undef RANKFLOW_DECLARE

template <>
ProductKernel<double> product_kernel<double>() {
#if defined(__x86_64__)
  if (instruction_set() == InstructionSet::avx512) return matrix_product_avx512::multiply_rows_double;
  if (instruction_set() == InstructionSet::avx2) return matrix_product_avx2::multiply_rows_double;
#endif
  return matrix_product_baseline::multiply_rows_double;
}

template <>
ProductKernel<float> product_kernel<float>() {
#if defined(__x86_64__)
  if (instruction_set() == InstructionSet::avx512) return matrix_product_avx512::multiply_rows_float;
  if (instruction_set() == InstructionSet::avx2) return matrix_product_avx2::multiply_rows_float;
#endif
  return matrix_product_baseline::multiply_rows_float;
}

namespace {

constexpr Index kRowBlock = 128;            // rows of c that one thread takes at a time
constexpr double kFlopsPerNanosecond = 50;  // a guess, to leave small products on one thread

template <class T>
T* scratch() {
  thread_local AlignedVector<T> work(static_cast<std::size_t>(kProductWork<T>));
  return work.data();
}

template <class T>
void multiply_rows_by_blas(const MatrixProduct<T>& p, Index first, Index last) {
  const bool transposed = p.a_row == 1 && p.a_column != 1;
  const CBLAS_TRANSPOSE a_is = transposed ? CblasTrans : CblasNoTrans,
                        b_is = p.b_transposed ? CblasTrans : CblasNoTrans;
  const auto m = static_cast<blasint>(last - first), n = static_cast<blasint>(p.n), k = static_cast<blasint>(p.k);
  const auto lda = static_cast<blasint>(transposed ? p.a_column : p.a_row);
  const auto ldb = static_cast<blasint>(p.b_row), ldc = static_cast<blasint>(p.c_row);
  const T* a = p.a + first * p.a_row;
  T* c = p.c + first * p.c_row;
  if constexpr (std::is_same_v<T, double>) {
    cblas_dgemm(CblasRowMajor, a_is, b_is, m, n, k, 1, a, lda, p.b, ldb, 0, c, ldc);
  } else {
    cblas_sgemm(CblasRowMajor, a_is, b_is, m, n, k, 1, a, lda, p.b, ldb, 0, c, ldc);
  }
}

}  // namespace

template <class T>
void multiply(const MatrixProduct<T>& p) {
  const double row_ns = 2 * static_cast<double>(p.n) * static_cast<double>(p.k) / kFlopsPerNanosecond;
  if (std::min({p.m, p.n, p.k}) > kOwnProducts) {
    parallel_blocks(
        p.m, 2 * kRowBlock, [&](Index first, Index last, Index) { multiply_rows_by_blas(p, first, last); }, row_ns);
    return;
  }
  const ProductKernel<T> kernel = product_kernel<T>();
  parallel_blocks(
      p.m, kRowBlock, [&](Index first, Index last, Index) { kernel(p, first, last, scratch<T>()); }, row_ns);
}

template void multiply<double>(const MatrixProduct<double>&);
template void multiply<float>(const MatrixProduct<float>&);

}  // namespace rankflow
