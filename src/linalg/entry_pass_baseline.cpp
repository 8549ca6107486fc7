// The passes over observed entries of a deep factorization for every processor: vectors of 16 bytes.
// SPDX-License-Identifier: Apache-2.0
#define RANKFLOW_VECTOR_BYTES 16
#define RANKFLOW_KERNEL_NAMESPACE entry_pass_baseline
#include "linalg/entry_pass_impl.h"
