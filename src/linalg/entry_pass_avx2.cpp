// The passes over observed entries of a deep factorization for avx2.
// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#define RANKFLOW_VECTOR_BYTES 32
#define RANKFLOW_KERNEL_NAMESPACE entry_pass_avx2
#include "linalg/entry_pass_impl.h"
#endif
