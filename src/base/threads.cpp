// The number of threads, and cutting lines into ranges of equal work.
// SPDX-License-Identifier: Apache-2.0
#include "base/threads.h"

#include <cblas.h>

namespace rankflow {
namespace {

// What is threaded we thread ourselves. BLAS and LAPACK on several threads would make bits depend on their number, and
// OpenBLAS' threads wait by yielding, which starves them where other programs compute.
int with_one_blas_thread(int threads) {
  openblas_set_num_threads(1);
  return threads;
}

// Before main(): also programs that use the library and never ask for threads get it.
int threads_in_use = with_one_blas_thread(omp_get_num_procs());

}  // namespace

int set_num_threads(int threads) {
  threads_in_use = with_one_blas_thread(threads > 0 ? threads : omp_get_num_procs());
  return threads_in_use;
}

int num_threads() {
  return threads_in_use;
}

std::vector<Index> balanced_ranges(const std::vector<Index>& begin, Index entries) {
  const Index lines = static_cast<Index>(begin.size()) - 1;
  std::vector<Index> ranges = {0};
  for (Index line = 0; line < lines; ++line) {
    // A line costs its entries and a little for itself, so that long runs of empty lines are cut too.
    const Index cost = begin[line + 1] - begin[ranges.back()] + 4 * (line + 1 - ranges.back());
    if (cost >= entries) ranges.push_back(line + 1);
  }
  if (ranges.back() != lines) ranges.push_back(lines);
  return ranges;
}

}  // namespace rankflow
