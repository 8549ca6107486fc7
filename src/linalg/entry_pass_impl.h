// The body of the passes over observed entries, included by entry_pass_<instruction set>.cpp with RANKFLOW_VECTOR_BYTES
// and RANKFLOW_KERNEL_NAMESPACE set. Everything here is static: no symbol may be shared between instruction sets.
// SPDX-License-Identifier: Apache-2.0
#include "linalg/entry_pass.h"
#include "linalg/vector_body.h"

namespace rankflow::RANKFLOW_KERNEL_NAMESPACE {
namespace {

// Lane p becomes lane p + Step, around the end.
template <class T, int Step>
struct Rotate {
  constexpr int operator()(int p) const { return (p + Step) % kLanes<T>; }
};
template <class T, int Step>
[[gnu::always_inline]] inline Vec<T> rotate(Vec<T> a) {
  return lanes_from<T, Rotate<T, Step>>(a, a);
}

template <class T, int Step>
[[gnu::always_inline]] inline Vec<T> fold(Vec<T> a) {
  if constexpr (Step >= kLanes<T>) {
    return a;
  } else {
    a = fold<T, 2 * Step>(a);
    return a + rotate<T, Step>(a);
  }
}

// Entries are taken four at a time: lines are short, and a wider group would multiply by zero too often.
inline constexpr int kGroup = 4;
inline constexpr int kChunk = 32;  // entries whose rows are used twice while they are near

// The sums over the lanes of four vectors.
template <class T>
[[gnu::always_inline]] inline void sum_lanes(const Vec<T>* part, T* sums) {
  if constexpr (kLanes<T> >= 4) {
    const Vec<T> a = merge<T, 1, 0>(part[0], part[1]) + merge<T, 1, 1>(part[0], part[1]);
    const Vec<T> b = merge<T, 1, 0>(part[2], part[3]) + merge<T, 1, 1>(part[2], part[3]);
    const Vec<T> all = fold<T, 4>(merge<T, 2, 0>(a, b) + merge<T, 2, 2>(a, b));
    for (int t = 0; t < kGroup; ++t) sums[t] = all[t];
  } else {
    for (int t = 0; t < kGroup; ++t) sums[t] = part[t][0] + part[t][1];
  }
}

// out (Width vectors) = or += sum_t factor_t row_t.
template <class T, int Width>
[[gnu::always_inline]] inline void accumulate(const T* const* row, const T* factor, int count, std::int64_t offset,
                                              T* out, bool add) {
  constexpr int n = kLanes<T>;
  Vec<T> sum[Width] = {};
  for (int t = 0; t < count; ++t) {
    const T f = factor[t];
    const T* from = row[t] + offset;
#pragma GCC unroll 8
    for (int v = 0; v < Width; ++v) sum[v] += f * at(from + v * n);
  }
#pragma GCC unroll 8
  for (int v = 0; v < Width; ++v) at(out + offset + v * n) = add ? at(out + offset + v * n) + sum[v] : sum[v];
}

template <class T>
void accumulate_rows(const T* const* row, const T* factor, int count, std::int64_t vectors, T* out, bool add) {
  constexpr int n = kLanes<T>;
  std::int64_t v = 0;
  for (; v + 8 <= vectors; v += 8) accumulate<T, 8>(row, factor, count, v * n, out, add);
  switch (vectors - v) {
    case 1:
      return accumulate<T, 1>(row, factor, count, v * n, out, add);
    case 2:
      return accumulate<T, 2>(row, factor, count, v * n, out, add);
    case 3:
      return accumulate<T, 3>(row, factor, count, v * n, out, add);
    case 4:
      return accumulate<T, 4>(row, factor, count, v * n, out, add);
    case 5:
      return accumulate<T, 5>(row, factor, count, v * n, out, add);
    case 6:
      return accumulate<T, 6>(row, factor, count, v * n, out, add);
    case 7:
      return accumulate<T, 7>(row, factor, count, v * n, out, add);
    default:
      return;
  }
}

template <class T>
[[gnu::always_inline]] inline void dot_four(const T* left, const T* const* row, std::int64_t vectors, T* sums) {
  constexpr int n = kLanes<T>;
  Vec<T> part[kGroup] = {};
  for (std::int64_t v = 0; v < vectors; ++v) {
    const Vec<T> x = at(left + v * n);
#pragma GCC unroll 4
    for (int t = 0; t < kGroup; ++t) part[t] += x * at(row[t] + v * n);
  }
  sum_lanes<T>(part, sums);
}

// Products on some entries become slopes, in place and in `slope`. Returns the sum of what the residuals cost.
template <class T>
double judge(const EntryPass<T>& p, std::int64_t first, int count, T* sums) {
  const T scale = static_cast<T>(p.loss.slope_scale);
  const double delta = p.loss.delta;
  double cost = 0;
  for (int t = 0; t < count; ++t) {
    const T r = sums[t] - p.value[first + t], weight = p.weight ? p.weight[first + t] : T(1);
    const double fine = static_cast<double>(r), size = fine < 0 ? -fine : fine;
    T clipped = r;
    double rho = fine * fine;
    if (delta > 0 && size > delta) {
      rho = delta * (2 * size - delta);
      clipped = static_cast<T>(r < 0 ? -delta : delta);
    }
    cost += static_cast<double>(weight) * rho;
    sums[t] = p.slope[first + t] = weight * scale * clipped;
  }
  return cost;
}

// The same for squares without weights, the usual case: eight sums at a time, so that they fill vectors.
template <class T>
double judge_squares(const EntryPass<T>& p, std::int64_t first, int count, T* sums) {
  constexpr int n = 8;
  const T scale = static_cast<T>(p.loss.slope_scale);
  const T* value = p.value + first;
  T* slope = p.slope + first;
  double part[n] = {};
  int t = 0;
  for (; t + n <= count; t += n) {
    T r[n];
    for (int u = 0; u < n; ++u) r[u] = sums[t + u] - value[t + u];
    for (int u = 0; u < n; ++u) part[u] += static_cast<double>(r[u]) * static_cast<double>(r[u]);
    for (int u = 0; u < n; ++u) sums[t + u] = slope[t + u] = scale * r[u];
  }
  double cost = 0;
  for (; t < count; ++t) {
    const T r = sums[t] - value[t];
    cost += static_cast<double>(r) * static_cast<double>(r);
    sums[t] = slope[t] = scale * r;
  }
  for (const double sum : part) cost += sum;
  return cost;
}

template <class T>
double pass(const EntryPass<T>& p) {
  const std::int64_t vectors = p.stride / kLanes<T>;
  const bool squares = !(p.loss.delta > 0) && p.weight == nullptr;
  double cost = 0;
  for (std::int64_t line = p.first; line < p.last; ++line) {
    const T* left = p.left + line * p.stride;
    T* out = p.out + line * p.stride;
    bool add = false;
    for (std::int64_t chunk = p.begin[line]; chunk < p.begin[line + 1] || !add; chunk += kChunk) {
      const std::int64_t rest = p.begin[line + 1] - chunk;
      const int count = static_cast<int>(rest < kChunk ? rest : kChunk);
      const T* row[kChunk + kGroup];
      T sums[kChunk + kGroup];
      for (int t = 0; t < count; ++t) row[t] = p.right + p.other[chunk + t] * p.stride;
      for (int t = count; t < count + kGroup; ++t) row[t] = left;  // never used, but read
      for (int t = 0; t < count; t += kGroup) dot_four(left, row + t, vectors, sums + t);
      cost += squares ? judge_squares(p, chunk, count, sums) : judge(p, chunk, count, sums);
      accumulate_rows(row, sums, count, vectors, out, add);
      add = true;
    }
  }
  return cost;
}

template <class T>
void collect(const EntryCollection<T>& p) {
  const std::int64_t vectors = p.stride / kLanes<T>;
  for (std::int64_t line = p.first; line < p.last; ++line) {
    bool add = false;
    for (std::int64_t chunk = p.begin[line]; chunk < p.begin[line + 1] || !add; chunk += kChunk) {
      const std::int64_t rest = p.begin[line + 1] - chunk;
      const int count = static_cast<int>(rest < kChunk ? rest : kChunk);
      const T* row[kChunk];
      T factor[kChunk];
      for (int t = 0; t < count; ++t) {
        row[t] = p.rows + p.other[chunk + t] * p.stride;
        factor[t] = p.slope[p.position[chunk + t]];
      }
      accumulate_rows(row, factor, count, vectors, p.out + line * p.stride, add);
      add = true;
    }
  }
}

}  // namespace

double pass_double(const EntryPass<double>& p) {
  return pass(p);
}
double pass_float(const EntryPass<float>& p) {
  return pass(p);
}
void collect_double(const EntryCollection<double>& p) {
  collect(p);
}
void collect_float(const EntryCollection<float>& p) {
  collect(p);
}

}  // namespace rankflow::RANKFLOW_KERNEL_NAMESPACE
