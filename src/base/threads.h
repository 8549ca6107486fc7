// Threads in one place: work is cut into blocks that do not depend on how many threads there are, so results do not
// either.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <omp.h>

#include <algorithm>
#include <exception>
#include <vector>

#include "rankflow/types.h"

namespace rankflow {

/// Number of threads the engines use from now on; 0 = as many as the machine has cores. Returns what was set.
int set_num_threads(int threads);
int num_threads();

/// Below this many nanoseconds, waking threads costs more than they bring.
inline constexpr double kWorthThreads = 100e3;

/// Calls work(begin, end, block) for the blocks [0, size), [size, 2 size), ... of [0, count), on all threads.
/// Blocks are handed out as threads become free; each runs once, whole, on one thread. The first exception is rethrown.
/// item_ns: a guess at the nanoseconds an item takes, to leave small work on one thread.
template <class Work>
void parallel_blocks(Index count, Index size, Work&& work, double item_ns = 1e9) {
  const Index blocks = (count + size - 1) / size;
  if (blocks <= 1 || num_threads() == 1 || static_cast<double>(count) * item_ns < kWorthThreads) {
    for (Index b = 0; b < blocks; ++b) work(b * size, std::min(count, (b + 1) * size), b);
    return;
  }
  std::exception_ptr failure;
#pragma omp parallel for schedule(dynamic, 1) num_threads(num_threads())
  for (Index b = 0; b < blocks; ++b) {
    try {
      work(b * size, std::min(count, (b + 1) * size), b);
    } catch (...) {
#pragma omp critical(rankflow_failure)
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

/// Sum over blocks of what work(begin, end) returns, added in the order of the blocks: the same bits for any number of
/// threads.
template <class Sum, class Work>
Sum parallel_sum(Index count, Index size, Sum zero, Work&& work, double item_ns = 1e9) {
  const Index blocks = (count + size - 1) / size;
  std::vector<Sum> parts(static_cast<std::size_t>(blocks), zero);
  parallel_blocks(
      count, size, [&](Index begin, Index end, Index block) { parts[block] = work(begin, end); }, item_ns);
  Sum total = zero;
  for (const Sum& part : parts) total += part;
  return total;
}

/// Cuts lines into consecutive ranges of about `entries` entries each (at least one line a range), whatever the number
/// of threads. `begin` has one more element than there are lines. Returns the first line of each range and the end.
std::vector<Index> balanced_ranges(const std::vector<Index>& begin, Index entries);

}  // namespace rankflow
