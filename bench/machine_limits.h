// What one core of this machine does at most: arithmetic, streams, gathered rows. Measured, to compare kernels with.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <vector>

#include "rankflow/types.h"

namespace rankflow::bench {

using Clock = std::chrono::steady_clock;

// Median seconds of a call.
inline double median_seconds(const std::function<void()>& call, int times = 9) {
  std::vector<double> seconds;
  for (int k = 0; k < times; ++k) {
    const auto start = Clock::now();
    call();
    seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

#if defined(__x86_64__)
#define WIDE __attribute__((target("avx512f,avx512vl,avx512dq,fma"), noinline))
inline constexpr int kVectorBytes = 64;
#else
#define WIDE __attribute__((noinline))
inline constexpr int kVectorBytes = 16;
#endif
template <class T>
struct Vec {
  typedef T Type __attribute__((vector_size(kVectorBytes)));
};

#if defined(__x86_64__)
[[gnu::target("avx512f,avx512vl,avx512dq,fma"), gnu::always_inline]] inline __m512d fused(__m512d a, __m512d x,
                                                                                          __m512d y) {
  return _mm512_fmadd_pd(a, x, y);
}
[[gnu::target("avx512f,avx512vl,avx512dq,fma"), gnu::always_inline]] inline __m512 fused(__m512 a, __m512 x, __m512 y) {
  return _mm512_fmadd_ps(a, x, y);
}
#else
template <class V>
V fused(V a, V x, V y) {
  return a * x + y;
}
#endif

// Multiply-adds on 12 independent vectors: the most arithmetic one core does.
template <class T>
WIDE T arithmetic(long rounds) {
  using V = typename Vec<T>::Type;
  V a[12];
  for (int k = 0; k < 12; ++k) a[k] = V{} + static_cast<T>(k);
  const V x = V{} + static_cast<T>(.999), y = V{} + static_cast<T>(1e-3);
  for (long r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (int k = 0; k < 12; ++k) a[k] = fused(a[k], x, y);
  }
  V sum = a[0];
  for (int k = 1; k < 12; ++k) sum += a[k];
  return sum[0];
}

// Reads rows of `bytes` bytes at random places of a block: what gathering factor rows costs at least.
inline WIDE double gather_rows(const char* block, const std::int32_t* index, long count, long bytes) {
  using V = Vec<double>::Type;
  V a{}, b{};
  for (long k = 0; k < count; ++k) {
    const char* row = block + static_cast<long>(index[k]) * bytes;
    for (long at = 0; at < bytes; at += 64) {
      a += *reinterpret_cast<const V*>(row + at);
    }
    std::swap(a, b);
  }
  a += b;
  return a[0];
}

template <class T>
double peak_flops() {
  volatile T sink = 0;
  const long rounds = 2'000'000;
  const double seconds = median_seconds([&] { sink = arithmetic<T>(rounds); });
  return 24.0 * static_cast<double>(rounds) * (kVectorBytes / sizeof(T)) / seconds;
}

inline double gather_bandwidth(Index rows, Index bytes, const std::vector<std::int32_t>& index) {
  char* block = static_cast<char*>(std::aligned_alloc(64, static_cast<std::size_t>(rows * bytes)));
  std::memset(block, 0, static_cast<std::size_t>(rows * bytes));
  volatile double sink = 0;
  const double seconds =
      median_seconds([&] { sink = gather_rows(block, index.data(), static_cast<long>(index.size()), bytes); });
  std::free(block);
  return static_cast<double>(index.size()) * static_cast<double>(bytes) / seconds;
}

inline double stream_bandwidth() {
  std::vector<double> block(32 << 20, 1.0);
  std::vector<std::int32_t> index(block.size() * 8 / 256);
  for (std::size_t k = 0; k < index.size(); ++k) index[k] = static_cast<std::int32_t>(k);
  const char* start = reinterpret_cast<const char*>((reinterpret_cast<std::uintptr_t>(block.data()) + 63) & ~63ull);
  volatile double sink = 0;
  const double seconds =
      median_seconds([&] { sink = gather_rows(start, index.data(), static_cast<long>(index.size()) - 1, 256); }, 5);
  return static_cast<double>(index.size()) * 256 / seconds;
}

#undef WIDE

}  // namespace rankflow::bench
