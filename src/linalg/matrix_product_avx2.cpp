// The matrix product for avx2.
// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#define RANKFLOW_VECTOR_BYTES 32
#define RANKFLOW_KERNEL_NAMESPACE matrix_product_avx2
#include "linalg/matrix_product_impl.h"
#endif
