// The number of threads, and cutting lines into ranges of equal work.
// SPDX-License-Identifier: Apache-2.0
#include "base/threads.h"

#include <cblas.h>

namespace rankflow {
namespace {
int threads_in_use = 0;
}

int set_num_threads(int threads) {
  threads_in_use = threads > 0 ? threads : omp_get_num_procs();
  openblas_set_num_threads(1);  // what is threaded we thread ourselves
  return threads_in_use;
}

int num_threads() {
  if (threads_in_use == 0) set_num_threads(0);
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
