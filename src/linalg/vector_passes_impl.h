// The body of the passes over long arrays, included by vector_passes_<instruction set>.cpp with RANKFLOW_VECTOR_BYTES
// and RANKFLOW_KERNEL_NAMESPACE set. Everything here is static: no symbol may be shared between instruction sets.
// SPDX-License-Identifier: Apache-2.0
#include "linalg/vector_body.h"
#include "linalg/vector_passes.h"

namespace rankflow::RANKFLOW_KERNEL_NAMESPACE {
namespace {

// Arrays may start at any number, and what is summed is kept as it is read.
template <class T>
using Vec = StoredVec<T>;

template <class T>
[[gnu::always_inline]] inline double total(const Vec<T>& v) {
  T part[kLanes<T>];
  for (int i = 0; i < kLanes<T>; ++i) part[i] = v[i];
  for (int width = kLanes<T> / 2; width > 0; width /= 2)
    for (int i = 0; i < width; ++i) part[i] += part[i + width];
  return static_cast<double>(part[0]);
}
inline float root(float x) {
  return __builtin_sqrtf(x);
}
inline double root(double x) {
  return __builtin_sqrt(x);
}

inline constexpr std::int64_t kStretch = 512;  // numbers summed in T before the sum goes on in double

template <class T>
double squared_norm(const T* x, std::int64_t n) {
  constexpr int lanes = kLanes<T>;
  double sum = 0;
  for (std::int64_t begin = 0; begin < n; begin += kStretch) {
    const std::int64_t end = n - begin < kStretch ? n : begin + kStretch;
    Vec<T> part[4] = {};
    std::int64_t k = begin;
    for (; k + 4 * lanes <= end; k += 4 * lanes)
#pragma GCC unroll 4
      for (int c = 0; c < 4; ++c) part[c] += stored(x + k + c * lanes) * stored(x + k + c * lanes);
    T rest = 0;
    for (; k < end; ++k) rest += x[k] * x[k];
    sum += total<T>((part[0] + part[1]) + (part[2] + part[3])) + static_cast<double>(rest);
  }
  return sum;
}

template <class T>
void subtract(T* __restrict x, const T* __restrict g, T step, std::int64_t n) {
  for (std::int64_t k = 0; k < n; ++k) x[k] -= step * g[k];
}

template <class T>
void momentum(T* __restrict x, const T* __restrict g, T* __restrict velocity, T decay, T step, std::int64_t n) {
  for (std::int64_t k = 0; k < n; ++k) {
    velocity[k] = decay * velocity[k] + g[k];
    x[k] -= step * velocity[k];
  }
}

template <class T>
void adam(const AdamPass<T>& p, std::int64_t n) {
  T* __restrict x = p.x;
  T* __restrict first = p.first;
  T* __restrict second = p.second;
  const T* __restrict g = p.gradient;
  const T beta1 = static_cast<T>(p.beta1), beta2 = static_cast<T>(p.beta2);
  const T fresh1 = static_cast<T>(1 - p.beta1), fresh2 = static_cast<T>(1 - p.beta2);
  const T step = static_cast<T>(p.step / p.correction1), epsilon = static_cast<T>(p.epsilon);
  const T scale = static_cast<T>(1 / p.correction2);
  for (std::int64_t k = 0; k < n; ++k) {
    first[k] = beta1 * first[k] + fresh1 * g[k];
    second[k] = beta2 * second[k] + fresh2 * g[k] * g[k];
    x[k] -= step * first[k] / (root(scale * second[k]) + epsilon);
  }
}

inline constexpr std::int64_t kSensingStretch = 2048;
// End matrices at a time: their sums with a group of rows fill the registers.
inline constexpr int kRunsAtOnce = RANKFLOW_VECTOR_BYTES == 64 ? 4 : 2;

template <class T, int Count, int Runs>
void inner_products_of(const T* rows, const T* const* w, std::int64_t n, double* z) {
  constexpr int lanes = kLanes<T>, chains = Runs == 1 ? 2 : 1;
  for (int r = 0; r < Runs; ++r)
    for (int t = 0; t < Count; ++t) z[r * kSensingGroup + t] = 0;
  for (std::int64_t begin = 0; begin < n; begin += kSensingStretch) {
    const std::int64_t end = n - begin < kSensingStretch ? n : begin + kSensingStretch;
    Vec<T> part[Runs][Count][chains] = {};
    std::int64_t k = begin;
    for (; k + chains * lanes <= end; k += chains * lanes)
#pragma GCC unroll 2
      for (int c = 0; c < chains; ++c) {
        Vec<T> row[Count];
#pragma GCC unroll 4
        for (int t = 0; t < Count; ++t) row[t] = stored(rows + t * n + k + c * lanes);
#pragma GCC unroll 4
        for (int r = 0; r < Runs; ++r) {
          const Vec<T> x = stored(w[r] + k + c * lanes);
#pragma GCC unroll 4
          for (int t = 0; t < Count; ++t) part[r][t][c] += x * row[t];
        }
      }
    for (int r = 0; r < Runs; ++r)
      for (int t = 0; t < Count; ++t) {
        T rest = 0;
        for (std::int64_t q = k; q < end; ++q) rest += w[r][q] * rows[t * n + q];
        Vec<T> sum = part[r][t][0];
        if constexpr (chains == 2) sum += part[r][t][1];
        z[r * kSensingGroup + t] += total<T>(sum) + static_cast<double>(rest);
      }
  }
}

template <class T, int Count, int Runs>
void add_rows_of(const T* rows, const T* slope, std::int64_t n, T* const* e) {
  constexpr int lanes = kLanes<T>;
  std::int64_t k = 0;
  for (; k + lanes <= n; k += lanes) {
    Vec<T> row[Count];
#pragma GCC unroll 4
    for (int t = 0; t < Count; ++t) row[t] = stored(rows + t * n + k);
#pragma GCC unroll 4
    for (int r = 0; r < Runs; ++r) {
      Vec<T> sum = stored(e[r] + k);
#pragma GCC unroll 4
      for (int t = 0; t < Count; ++t) sum += slope[r * kSensingGroup + t] * row[t];
      stored(e[r] + k) = sum;
    }
  }
  for (; k < n; ++k)
    for (int r = 0; r < Runs; ++r)
      for (int t = 0; t < Count; ++t) e[r][k] += slope[r * kSensingGroup + t] * rows[t * n + k];
}

// Calls work<Count, Runs>(first row, first run) until all pairs of rows and runs have been served: whole groups, or one
// row at a time.
template <class Work>
void by_groups(int count, int runs, Work work) {
  const int step = count == kSensingGroup ? kSensingGroup : 1;
  for (int row = 0; row < count; row += step)
    for (int run = 0; run < runs; run += kRunsAtOnce) {
      const int now = runs - run < kRunsAtOnce ? runs - run : kRunsAtOnce;
      const auto with = [&]<int Runs>() {
        if (now != Runs) return;
        if (step == 1) {
          work.template operator()<1, Runs>(row, run);
        } else {
          work.template operator()<kSensingGroup, Runs>(row, run);
        }
      };
      with.template operator()<1>();
      with.template operator()<2>();
      if constexpr (kRunsAtOnce == 4) {
        with.template operator()<3>();
        with.template operator()<4>();
      }
    }
}

template <class T>
void inner_products(const T* rows, int count, const T* const* w, int runs, std::int64_t n, double* z) {
  by_groups(count, runs, [&]<int Count, int Runs>(int row, int run) {
    inner_products_of<T, Count, Runs>(rows + row * n, w + run, n, z + run * kSensingGroup + row);
  });
}

template <class T>
void add_rows(const T* rows, int count, const T* slope, int runs, std::int64_t n, T* const* e) {
  by_groups(count, runs, [&]<int Count, int Runs>(int row, int run) {
    add_rows_of<T, Count, Runs>(rows + row * n, slope + run * kSensingGroup + row, n, e + run);
  });
}

}  // namespace

extern const VectorPasses<double> passes_double;
extern const VectorPasses<float> passes_float;
const VectorPasses<double> passes_double = {squared_norm<double>, subtract<double>,       momentum<double>,
                                            adam<double>,         inner_products<double>, add_rows<double>};
const VectorPasses<float> passes_float = {squared_norm<float>, subtract<float>,       momentum<float>,
                                          adam<float>,         inner_products<float>, add_rows<float>};

}  // namespace rankflow::RANKFLOW_KERNEL_NAMESPACE
