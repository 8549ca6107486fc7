// Products of rows from tables for avx512.
// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#define RANKFLOW_VECTOR_BYTES 64
#define RANKFLOW_KERNEL_NAMESPACE table_products_avx512
#include "linalg/table_products_impl.h"
#endif
