// The loops over observed entries, written once for vectors of RANKFLOW_VECTOR_BYTES bytes.
// SPDX-License-Identifier: Apache-2.0

// Included by one .cpp per instruction set, which defines RANKFLOW_VECTOR_BYTES, RANKFLOW_TABLE and
// RANKFLOW_TABLE_NAME. Everything is in an unnamed namespace: nothing may be shared between files compiled for
// different processors.
#include "linalg/kernels.h"
#include "linalg/vector_body.h"

namespace rankflow {
namespace {

// Sums of n vectors' lanes, as one vector: a tree of merges, so that n dot products cost n - 1 additions and 2 (n - 1)
// shuffles instead of n log n of each.
template <class T, int Count, int Half = 1>
[[gnu::always_inline]] inline Vec<T> sum_lanes(const Vec<T>* part) {
  if constexpr (Count == 1) {
    return part[0];
  } else {
    Vec<T> next[Count / 2];
#pragma GCC unroll 8
    for (int t = 0; t < Count / 2; ++t)
      next[t] = merge<T, Half, 0>(part[2 * t], part[2 * t + 1]) + merge<T, Half, Half>(part[2 * t], part[2 * t + 1]);
    return sum_lanes<T, Count / 2, 2 * Half>(next);
  }
}

template <class T>
[[gnu::always_inline]] inline Vec<T> load(const T* p) {
  return *reinterpret_cast<const Vec<T>*>(p);
}
template <class T>
[[gnu::always_inline]] inline Vec<T> load_unaligned(const T* p) {
  Vec<T> v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
template <class T>
[[gnu::always_inline]] inline void store(T* p, Vec<T> v) {
  *reinterpret_cast<Vec<T>*>(p) = v;
}
template <class T>
inline double total(Vec<T> v) {
  double sum = 0;
  for (int t = 0; t < kLanes<T>; ++t) sum += static_cast<double>(v[t]);
  return sum;
}

// One group of at most `lanes` entries of a line: where their rows are, what they say. Missing entries repeat the first
// one with weight 0.
template <class T>
struct Group {
  static constexpr int lanes = kLanes<T>;
  const T* row[lanes];
  Vec<T> value, weight;
};

template <class T>
[[gnu::always_inline]] inline void gather(Group<T>& group, const std::int32_t* other, const T* value, const T* weight,
                                          const T* right, std::int64_t row_size, std::int64_t k, std::int64_t end) {
  constexpr int n = kLanes<T>;
  if (end - k >= n) {
#pragma GCC unroll 16
    for (int t = 0; t < n; ++t) group.row[t] = right + static_cast<std::int64_t>(other[k + t]) * row_size;
    group.value = value ? load_unaligned(value + k) : Vec<T>{};
    group.weight = weight ? load_unaligned(weight + k) : Vec<T>{} + T(1);
  } else {
    const int count = static_cast<int>(end - k);
    T values[n] = {}, weights[n] = {};
    for (int t = 0; t < n; ++t) {
      group.row[t] = right + static_cast<std::int64_t>(other[t < count ? k + t : k]) * row_size;
      if (t >= count) continue;
      if (value) values[t] = value[k + t];
      weights[t] = weight ? weight[k + t] : T(1);
    }
    group.value = load_unaligned(values);
    group.weight = load_unaligned(weights);
  }
}

// Asks for the rows of a group that comes soon: far enough ahead for the third-level cache to answer in time.
template <class T, int Lines>
[[gnu::always_inline]] inline void prefetch(const std::int32_t* other, const T* right, std::int64_t row_size,
                                            std::int64_t k, std::int64_t last) {
  constexpr int n = kLanes<T>, ahead = 3 * n;
  if (last - k < ahead + n) return;
#pragma GCC unroll 16
  for (int t = 0; t < n; ++t) {
    const T* row = right + static_cast<std::int64_t>(other[k + ahead + t]) * row_size;
#pragma GCC unroll 6
    for (int line = 0; line < Lines; ++line) __builtin_prefetch(reinterpret_cast<const char*>(row) + 64 * line);
  }
}

// K: vectors in a row, 0 = known only when it runs. A sum over entries is split over kChains<K> registers, or the
// latency of additions would limit it.
template <int K>
constexpr int kChains = K == 1   ? 4
                        : K == 2 ? 2
                                 : 1;

template <class T, int K, bool Accumulate>
double line_pass(const LinePass<T>& p) {
  constexpr int n = kLanes<T>;
  using V = Vec<T>;
  const int vectors = K > 0 ? K : static_cast<int>(p.stride / n);
  double sum = 0;
  for (std::int64_t line = p.first; line < p.last; ++line) {
    const T* left = p.left + line * p.stride;
    T* out = Accumulate ? p.out + line * p.stride : nullptr;
    constexpr int chains = kChains<K>;
    V kept[K > 0 ? K * chains : 1] = {};
    if constexpr (Accumulate && K == 0)
      for (int v = 0; v < vectors; ++v) store(out + v * n, V{});
    V square = {}, residual = {};
    const std::int64_t end = p.begin[line + 1];
    for (std::int64_t k = p.begin[line]; k < end; k += n) {
      Group<T> group;
      gather(group, p.other, p.value, p.weight, p.right, p.stride, k, end);
      prefetch<T, (K > 0 ? (K * RANKFLOW_VECTOR_BYTES + 63) / 64 : 4)>(p.other, p.right, p.stride, k, p.begin[p.last]);
      V part[n];
#pragma GCC unroll 16
      for (int t = 0; t < n; ++t) {
        V dot = load(left) * load(group.row[t]);
        for (int v = 1; v < vectors; ++v) dot += load(left + v * n) * load(group.row[t] + v * n);
        part[t] = dot;
      }
      const V e = sum_lanes<T, n>(part) - group.value;
      const V we = group.weight * e;
      square += we * e;
      if constexpr (!Accumulate) {
        residual += we;
        continue;
      }
      if constexpr (K > 0) {
#pragma GCC unroll 16
        for (int t = 0; t < n; ++t)
#pragma GCC unroll 4
          for (int v = 0; v < K; ++v) kept[v * chains + t % chains] += we[t] * load(group.row[t] + v * n);
      } else {
        for (int v = 0; v < vectors; ++v) {
          V acc = load(out + v * n);
#pragma GCC unroll 16
          for (int t = 0; t < n; ++t) acc += we[t] * load(group.row[t] + v * n);
          store(out + v * n, acc);
        }
      }
    }
    if constexpr (Accumulate && K > 0)
      for (int v = 0; v < K; ++v) {
        V acc = kept[v * chains];
        for (int c = 1; c < chains; ++c) acc += kept[v * chains + c];
        store(out + v * n, acc);
      }
    if constexpr (!Accumulate)
      if (p.sums) p.sums[line] = static_cast<T>(total<T>(residual));
    sum += total<T>(square);
  }
  return sum;
}

template <class T, bool Accumulate>
double choose_width(const LinePass<T>& p) {
  switch (p.stride / kLanes<T>) {
    case 1:
      return line_pass<T, 1, Accumulate>(p);
    case 2:
      return line_pass<T, 2, Accumulate>(p);
    case 3:
      return line_pass<T, 3, Accumulate>(p);
    case 4:
      return line_pass<T, 4, Accumulate>(p);
    default:
      return line_pass<T, 0, Accumulate>(p);
  }
}

template <class T>
double any_line_pass(const LinePass<T>& p) {
  return p.out ? choose_width<T, true>(p) : choose_width<T, false>(p);
}

// K: vectors in a row, 0 = known only when it runs. Vectors that hold zeros alone on the line's side are skipped.
template <class T, int K, bool Single>
PlaneSums plane_pass(const PlanePass<T>& p) {
  constexpr int n = kLanes<T>;
  using V = Vec<T>;
  const int vectors = K > 0 ? K : static_cast<int>(p.stride / n);
  const int end_a = static_cast<int>((2 * p.rank + n - 1) / n), end_base = static_cast<int>((p.rank + n - 1) / n);
  const int end_b = static_cast<int>((3 * p.rank + n - 1) / n), rest = static_cast<int>(2 * p.rank / n);
  const int begin_b = rest > end_base ? rest : end_base;
  PlaneSums sums = {0, 0, 0};
  for (std::int64_t line = p.first; line < p.last; ++line) {
    const T* left_a = p.left + line * 2 * p.stride;
    const T* left_b = left_a + p.stride;
    V aa = {}, ab = {}, bb = {};
    const std::int64_t end = p.begin[line + 1];
    for (std::int64_t k = p.begin[line]; k < end; k += n) {
      Group<T> group;
      gather<T>(group, p.other, nullptr, p.weight, p.right, p.stride, k, end);
      prefetch<T, (K > 0 ? (K * RANKFLOW_VECTOR_BYTES + 63) / 64 : 6)>(p.other, p.right, p.stride, k, p.begin[p.last]);
      V part_a[n], part_b[n];
#pragma GCC unroll 16
      for (int t = 0; t < n; ++t) {
        const T* row = group.row[t];
        V a = {}, b = {};
        if constexpr (K > 0) {
          for (int v = 0; v < vectors; ++v) {
            const V x = load(row + v * n);
            a += load(left_a + v * n) * x;
            if constexpr (!Single) b += load(left_b + v * n) * x;
          }
        } else {
          for (int v = 0; v < end_base; ++v) {
            const V x = load(row + v * n);
            a += load(left_a + v * n) * x;
            if constexpr (!Single) b += load(left_b + v * n) * x;
          }
          for (int v = end_base; v < end_a; ++v) a += load(left_a + v * n) * load(row + v * n);
          if constexpr (!Single)
            for (int v = begin_b; v < end_b; ++v) b += load(left_b + v * n) * load(row + v * n);
        }
        part_a[t] = a;
        part_b[t] = b;
      }
      const V a = sum_lanes<T, n>(part_a);
      aa += group.weight * a * a;
      if constexpr (!Single) {
        const V b = sum_lanes<T, n>(part_b);
        ab += group.weight * a * b;
        bb += group.weight * b * b;
      }
    }
    sums.aa += total<T>(aa);
    sums.ab += total<T>(ab);
    sums.bb += total<T>(bb);
  }
  return sums;
}

template <class T, bool Single>
PlaneSums choose_width(const PlanePass<T>& p) {
  switch (p.stride / kLanes<T>) {
    case 1:
      return plane_pass<T, 1, Single>(p);
    case 2:
      return plane_pass<T, 2, Single>(p);
    case 3:
      return plane_pass<T, 3, Single>(p);
    case 4:
      return plane_pass<T, 4, Single>(p);
    default:
      return plane_pass<T, 0, Single>(p);
  }
}

template <class T>
PlaneSums any_plane_pass(const PlanePass<T>& p) {
  return p.single ? choose_width<T, true>(p) : choose_width<T, false>(p);
}

}  // namespace

extern const Kernels RANKFLOW_TABLE = {RANKFLOW_TABLE_NAME, any_line_pass<double>, any_line_pass<float>,
                                       any_plane_pass<double>, any_plane_pass<float>};

}  // namespace rankflow
