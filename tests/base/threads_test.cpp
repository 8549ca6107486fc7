// Work in blocks: each item once, failures passed on, sums that do not depend on threads; and the thread sanitizer sees
// races.
// SPDX-License-Identifier: Apache-2.0
#include "base/threads.h"

#include <cblas.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <thread>
#include <vector>

namespace rankflow {
namespace {

class Threads : public testing::TestWithParam<int> {
 protected:
  void SetUp() override { set_num_threads(GetParam()); }
  void TearDown() override { set_num_threads(0); }
};

TEST_P(Threads, EveryItemIsWorkedOnOnce) {
  std::vector<int> seen(1003);
  parallel_blocks(1003, 10, [&](Index begin, Index end, Index block) {
    EXPECT_EQ(begin, 10 * block);
    for (Index i = begin; i < end; ++i) ++seen[i];
  });
  EXPECT_EQ(seen, std::vector<int>(1003, 1));
}

TEST_P(Threads, SumsHaveTheBitsOfOneThread) {
  const auto sum = [] {
    return parallel_sum(1000, 7, 0.0, [](Index begin, Index end) {
      double part = 0;
      for (Index i = begin; i < end; ++i) part += 1.0 / static_cast<double>(i + 1);
      return part;
    });
  };
  const double threaded = sum();
  set_num_threads(1);
  EXPECT_EQ(threaded, sum());
}

TEST_P(Threads, FailureIsThrownAgainAfterTheLoop) {
  std::vector<int> seen(100);
  const auto work = [&](Index begin, Index, Index) {
    seen[begin] = 1;
    if (begin >= 50) throw std::runtime_error("half done");
  };
  EXPECT_THROW(parallel_blocks(100, 1, work), std::runtime_error);
  EXPECT_EQ(seen[0], 1);
}

TEST_P(Threads, LoopInsideALoopIsDoneWhole) {
  std::vector<int> seen(400);
  parallel_blocks(20, 1, [&](Index row, Index, Index) {
    parallel_blocks(20, 1, [&](Index column, Index, Index) { ++seen[20 * row + column]; });
  });
  EXPECT_EQ(seen, std::vector<int>(400, 1));
}

// Each test is a process of its own under ctest: nothing has asked for threads here.
TEST(BlasThreads, AreOneBeforeAnybodyAsks) {
  EXPECT_EQ(openblas_get_num_threads(), 1);
}

INSTANTIATE_TEST_SUITE_P(Numbers, Threads, testing::Values(1, 2, 5), testing::PrintToStringParamName());

#if defined(__SANITIZE_THREAD__)
// Without this, a sanitizer that sees nothing looks like a library without races.
TEST(ThreadSanitizer, SeesARaceBetweenBlocks) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto race = [] {
    set_num_threads(2);
    std::atomic<int> written = 0;
    volatile int value = 0;
    // Two threads, one block each, which write one after the other: the sanitizer can miss writes at the same instant.
    // The order is relaxed, so that the waiting itself orders nothing.
    parallel_blocks(2, 1, [&](Index, Index, Index block) {
      while (written.load(std::memory_order_relaxed) < block) std::this_thread::yield();
      value = 1;
      written.fetch_add(1, std::memory_order_relaxed);
      while (written.load(std::memory_order_relaxed) < 2) std::this_thread::yield();
    });
    std::exit(0);
  };
  EXPECT_EXIT(race(), testing::ExitedWithCode(66), "data race");  // 66: the sanitizer's own exit status
}
#endif

}  // namespace
}  // namespace rankflow
