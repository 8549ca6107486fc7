// Products of rows for every processor: vectors of 16 bytes.
// SPDX-License-Identifier: Apache-2.0
#define RANKFLOW_VECTOR_BYTES 16
#define RANKFLOW_KERNEL_NAMESPACE row_products_baseline
#include "linalg/row_products_impl.h"
