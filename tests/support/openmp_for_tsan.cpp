// The part of OpenMP's runtime that the library uses, from C++ threads: what the thread sanitizer runs on.
// SPDX-License-Identifier: Apache-2.0
//
// GCC's libgomp is not compiled with the sanitizer, which therefore does not see that a loop begins after what stands
// before it and ends before what follows, and reports races that are none. Here both are the start and the join of a
// thread, which the sanitizer knows. Nothing else may order two threads, or a race would hide: blocks are handed out by
// a relaxed counter. A loop inside a loop runs on one thread, as in libgomp.
//
// The names are those that GCC 12 calls for `parallel for schedule(dynamic)` and `critical`. Another construct still
// finds its name in libgomp, which knows nothing of these threads; add it here then.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

#if !defined(__SANITIZE_THREAD__)
#error "this file is for the thread sanitizer only"
#endif

namespace {

struct Team {
  std::atomic<long> handed_out = 0;
};

struct Loop {
  long begin, end, step, chunk;
};

thread_local Team* team = nullptr;
thread_local Loop loop;
std::mutex critical;

}  // namespace

extern "C" {

void GOMP_parallel(void (*body)(void*), void* shared, unsigned threads, unsigned) {
  Team* const outer = team;
  const Loop outer_loop = loop;
  if (threads == 0) threads = std::thread::hardware_concurrency();
  if (outer != nullptr) threads = 1;
  Team own;
  const auto run = [&] {
    team = &own;
    body(shared);
    team = nullptr;
  };
  std::vector<std::thread> others;
  for (unsigned t = 1; t < threads; ++t) others.emplace_back(run);
  run();
  for (std::thread& thread : others) thread.join();
  team = outer;
  loop = outer_loop;
}

bool GOMP_loop_nonmonotonic_dynamic_next(long* begin, long* end) {
  const long first = loop.begin + team->handed_out.fetch_add(1, std::memory_order_relaxed) * loop.chunk * loop.step;
  if (first >= loop.end) return false;
  *begin = first;
  *end = std::min(loop.end, first + loop.chunk * loop.step);
  return true;
}

bool GOMP_loop_nonmonotonic_dynamic_start(long begin, long end, long step, long chunk, long* first, long* last) {
  if (team == nullptr || step <= 0) std::abort();  // a loop of a kind that the library does not have
  loop = {begin, end, step, chunk};
  return GOMP_loop_nonmonotonic_dynamic_next(first, last);
}

void GOMP_loop_end_nowait() {}

void GOMP_critical_name_start(void**) {
  critical.lock();  // one for all names: the library has one
}

void GOMP_critical_name_end(void**) {
  critical.unlock();
}
}
