// Kernels for every processor: vectors of 16 bytes.
// SPDX-License-Identifier: Apache-2.0
#define RANKFLOW_VECTOR_BYTES 16
#define RANKFLOW_TABLE kBaselineKernels
#define RANKFLOW_TABLE_NAME "baseline"
#include "linalg/kernels_body.h"
