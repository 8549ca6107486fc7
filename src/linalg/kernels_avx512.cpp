// Kernels for processors with AVX-512.
// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#define RANKFLOW_VECTOR_BYTES 64
#define RANKFLOW_TABLE kAvx512Kernels
#define RANKFLOW_TABLE_NAME "avx512"
#include "linalg/kernels_body.h"
#endif
