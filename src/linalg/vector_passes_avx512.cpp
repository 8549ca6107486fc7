// Updates and sensing passes for avx512.
// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#define RANKFLOW_VECTOR_BYTES 64
#define RANKFLOW_KERNEL_NAMESPACE vector_passes_avx512
#include "linalg/vector_passes_impl.h"
#endif
