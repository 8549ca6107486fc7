// Products of rows from tables for avx2.
// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#define RANKFLOW_VECTOR_BYTES 32
#define RANKFLOW_KERNEL_NAMESPACE table_products_avx2
#include "linalg/table_products_impl.h"
#endif
