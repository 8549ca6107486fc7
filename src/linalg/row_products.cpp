// Picks the products of rows for the processor at hand.
// SPDX-License-Identifier: Apache-2.0
#include "linalg/row_products.h"

#include "linalg/row_instruction_set.h"

namespace rankflow {

#define RANKFLOW_DECLARE(set)                         \
  namespace set {                                     \
  extern const RowKernels<double> row_kernels_double; \
  extern const RowKernels<float> row_kernels_float;   \
  }
RANKFLOW_DECLARE(row_products_baseline)
#if defined(__x86_64__)
RANKFLOW_DECLARE(row_products_avx2)
RANKFLOW_DECLARE(row_products_avx512)
#endif
#undef RANKFLOW_DECLARE

template <>
RowKernels<double> row_kernels<double>(std::int64_t width) {
  [[maybe_unused]] const InstructionSet set = fitting(8 * width);
#if defined(__x86_64__)
  if (set == InstructionSet::avx512) return row_products_avx512::row_kernels_double;
  if (set == InstructionSet::avx2) return row_products_avx2::row_kernels_double;
#endif
  return row_products_baseline::row_kernels_double;
}

template <>
RowKernels<float> row_kernels<float>(std::int64_t width) {
  [[maybe_unused]] const InstructionSet set = fitting(4 * width);
#if defined(__x86_64__)
  if (set == InstructionSet::avx512) return row_products_avx512::row_kernels_float;
  if (set == InstructionSet::avx2) return row_products_avx2::row_kernels_float;
#endif
  return row_products_baseline::row_kernels_float;
}

}  // namespace rankflow
