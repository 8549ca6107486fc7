// The line update for avx512.
// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#define RANKFLOW_VECTOR_BYTES 64
#define RANKFLOW_KERNEL_NAMESPACE line_update_avx512
#include "linalg/line_update_impl.h"
#endif
