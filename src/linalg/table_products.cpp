// Picks the products of rows from tables for the processor at hand.
// SPDX-License-Identifier: Apache-2.0
#include "linalg/table_products.h"

#include "linalg/row_instruction_set.h"

namespace rankflow {

#define RANKFLOW_DECLARE(set)                                   \
  namespace set {                                               \
  extern const TableKernels<double, std::uint8_t> double_bytes; \
  extern const TableKernels<double, std::int32_t> double_words; \
  extern const TableKernels<float, std::uint8_t> float_bytes;   \
  extern const TableKernels<float, std::int32_t> float_words;   \
  }
RANKFLOW_DECLARE(table_products_baseline)
#if defined(__x86_64__)
RANKFLOW_DECLARE(table_products_avx2)
RANKFLOW_DECLARE(table_products_avx512)
#endif
#undef RANKFLOW_DECLARE

#if defined(__x86_64__)
#define RANKFLOW_PICK(T, Code, name)                                                                \
  template <>                                                                                       \
  TableKernels<T, Code> table_kernels<T, Code>(std::int64_t width) {                                \
    const InstructionSet set = fitting(static_cast<std::int64_t>(sizeof(T)) * width);               \
    if (set == InstructionSet::avx512) return table_products_avx512::name;                          \
    return set == InstructionSet::avx2 ? table_products_avx2::name : table_products_baseline::name; \
  }
#else
#define RANKFLOW_PICK(T, Code, name)                           \
  template <>                                                  \
  TableKernels<T, Code> table_kernels<T, Code>(std::int64_t) { \
    return table_products_baseline::name;                      \
  }
#endif
RANKFLOW_PICK(double, std::uint8_t, double_bytes)
RANKFLOW_PICK(double, std::int32_t, double_words)
RANKFLOW_PICK(float, std::uint8_t, float_bytes)
RANKFLOW_PICK(float, std::int32_t, float_words)
#undef RANKFLOW_PICK

}  // namespace rankflow
