// The line update for avx2.
// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#define RANKFLOW_VECTOR_BYTES 32
#define RANKFLOW_KERNEL_NAMESPACE line_update_avx2
#include "linalg/line_update_impl.h"
#endif
