// The matrix product for every processor: vectors of 16 bytes.
// SPDX-License-Identifier: Apache-2.0
#define RANKFLOW_VECTOR_BYTES 16
#define RANKFLOW_KERNEL_NAMESPACE matrix_product_baseline
#include "linalg/matrix_product_impl.h"
