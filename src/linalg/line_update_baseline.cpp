// The line update for any processor (128-bit vectors).
// SPDX-License-Identifier: Apache-2.0
#define RANKFLOW_VECTOR_BYTES 16
#define RANKFLOW_KERNEL_NAMESPACE line_update_baseline
#include "linalg/line_update_impl.h"
