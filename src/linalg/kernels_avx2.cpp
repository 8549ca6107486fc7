// Kernels for processors with AVX2 and FMA.
// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#define RANKFLOW_VECTOR_BYTES 32
#define RANKFLOW_TABLE kAvx2Kernels
#define RANKFLOW_TABLE_NAME "avx2"
#include "linalg/kernels_body.h"
#endif
