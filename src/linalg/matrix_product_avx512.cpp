// The matrix product for avx512.
// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#define RANKFLOW_VECTOR_BYTES 64
#define RANKFLOW_KERNEL_NAMESPACE matrix_product_avx512
#include "linalg/matrix_product_impl.h"
#endif
