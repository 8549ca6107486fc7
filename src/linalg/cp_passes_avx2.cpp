// CP passes for avx2.
// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#define RANKFLOW_VECTOR_BYTES 32
#define RANKFLOW_KERNEL_NAMESPACE cp_passes_avx2
#define RANKFLOW_KERNEL_NAME "avx2"
#include "linalg/cp_passes_impl.h"
#endif
