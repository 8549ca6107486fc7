// Updates and sensing passes for avx2.
// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#define RANKFLOW_VECTOR_BYTES 32
#define RANKFLOW_KERNEL_NAMESPACE vector_passes_avx2
#include "linalg/vector_passes_impl.h"
#endif
