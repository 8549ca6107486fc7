// CP passes for avx512.
// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#define RANKFLOW_VECTOR_BYTES 64
#define RANKFLOW_KERNEL_NAMESPACE cp_passes_avx512
#define RANKFLOW_KERNEL_NAME "avx512"
#include "linalg/cp_passes_impl.h"
#endif
