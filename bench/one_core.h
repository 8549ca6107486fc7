// What one core does: times that other programs on the machine do not disturb much, and the most arithmetic.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <time.h>

#include <algorithm>
#include <functional>

#include "linalg/aligned.h"
#include "linalg/matrix_product.h"

namespace rankflow::bench {

// Processor seconds of this thread: those of the clock on a machine that does nothing else.
inline double now() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

inline double seconds_of(const std::function<void()>& call) {
  const double start = now();
  call();
  return now() - start;
}

// The least of several times: what the machine does when nothing else runs.
inline double least_seconds(const std::function<void()>& call, int times = 7) {
  double least = seconds_of(call);
  for (int k = 1; k < times; ++k) least = std::min(least, seconds_of(call));
  return least;
}

// The most arithmetic that one core does on products of matrices that stay in its cache.
inline double peak_flops() {
  const Index n = 192;
  AlignedRows<float> a(n, n, n), b(n, n, n), c(n, n, n);
  AlignedVector<float> work(kProductWork<float>);
  const MatrixProduct<float> product{
      .a = a.row(0), .a_row = n, .b = b.row(0), .b_row = n, .c = c.row(0), .c_row = n, .m = n, .n = n, .k = n};
  const ProductKernel<float> kernel = product_kernel<float>();
  return 2.0 * n * n * n / least_seconds([&] { kernel(product, 0, n, work.data()); }, 200);
}

}  // namespace rankflow::bench
