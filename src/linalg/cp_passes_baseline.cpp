// CP passes for any processor.
// SPDX-License-Identifier: Apache-2.0
#define RANKFLOW_VECTOR_BYTES 16
#define RANKFLOW_KERNEL_NAMESPACE cp_passes_baseline
#define RANKFLOW_KERNEL_NAME "baseline"
#include "linalg/cp_passes_impl.h"
