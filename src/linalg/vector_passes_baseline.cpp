// Updates and sensing passes for every processor: vectors of 16 bytes.
// SPDX-License-Identifier: Apache-2.0
#define RANKFLOW_VECTOR_BYTES 16
#define RANKFLOW_KERNEL_NAMESPACE vector_passes_baseline
#include "linalg/vector_passes_impl.h"
