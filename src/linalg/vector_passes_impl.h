// The body of the passes over long arrays, included by vector_passes_<instruction set>.cpp with RANKFLOW_VECTOR_BYTES
// and RANKFLOW_KERNEL_NAMESPACE set. Everything here is static: no symbol may be shared between instruction sets.
// SPDX-License-Identifier: Apache-2.0
#include "linalg/vector_passes.h"

namespace rankflow::RANKFLOW_KERNEL_NAMESPACE {
namespace {

template <class T>
inline constexpr int kLanes = RANKFLOW_VECTOR_BYTES / static_cast<int>(sizeof(T));
template <class T>
struct VectorType {
  typedef T type __attribute__((vector_size(RANKFLOW_VECTOR_BYTES), may_alias, aligned(sizeof(T))));
};
template <class T>
using Vec = typename VectorType<T>::type;

template <class T>
[[gnu::always_inline]] inline Vec<T>& at(T* p) {
  return *reinterpret_cast<Vec<T>*>(p);
}
template <class T>
[[gnu::always_inline]] inline const Vec<T>& at(const T* p) {
  return *reinterpret_cast<const Vec<T>*>(p);
}
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
      for (int c = 0; c < 4; ++c) part[c] += at(x + k + c * lanes) * at(x + k + c * lanes);
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

template <class T, int Count>
[[gnu::always_inline]] inline void inner_products_of(const T* rows, const T* w, std::int64_t n, double* z) {
  constexpr int lanes = kLanes<T>;
  for (int r = 0; r < Count; ++r) z[r] = 0;
  for (std::int64_t begin = 0; begin < n; begin += kStretch) {
    const std::int64_t end = n - begin < kStretch ? n : begin + kStretch;
    Vec<T> part[Count][2] = {};
    std::int64_t k = begin;
    for (; k + 2 * lanes <= end; k += 2 * lanes) {
      const Vec<T> w0 = at(w + k), w1 = at(w + k + lanes);
#pragma GCC unroll 4
      for (int r = 0; r < Count; ++r) {
        part[r][0] += w0 * at(rows + r * n + k);
        part[r][1] += w1 * at(rows + r * n + k + lanes);
      }
    }
    for (int r = 0; r < Count; ++r) {
      T rest = 0;
      for (std::int64_t q = k; q < end; ++q) rest += w[q] * rows[r * n + q];
      z[r] += total<T>(part[r][0] + part[r][1]) + static_cast<double>(rest);
    }
  }
}

template <class T>
void inner_products(const T* rows, int count, const T* w, std::int64_t n, double* z) {
  switch (count) {
    case 4:
      return inner_products_of<T, 4>(rows, w, n, z);
    case 3:
      return inner_products_of<T, 3>(rows, w, n, z);
    case 2:
      return inner_products_of<T, 2>(rows, w, n, z);
    default:
      return inner_products_of<T, 1>(rows, w, n, z);
  }
}

template <class T, int Count>
[[gnu::always_inline]] inline void add_rows_of(const T* rows, const T* slope, std::int64_t n, T* e) {
  constexpr int lanes = kLanes<T>;
  std::int64_t k = 0;
  for (; k + lanes <= n; k += lanes) {
    Vec<T> sum = at(e + k);
#pragma GCC unroll 4
    for (int r = 0; r < Count; ++r) sum += slope[r] * at(rows + r * n + k);
    at(e + k) = sum;
  }
  for (; k < n; ++k)
    for (int r = 0; r < Count; ++r) e[k] += slope[r] * rows[r * n + k];
}

template <class T>
void add_rows(const T* rows, int count, const T* slope, std::int64_t n, T* e) {
  switch (count) {
    case 4:
      return add_rows_of<T, 4>(rows, slope, n, e);
    case 3:
      return add_rows_of<T, 3>(rows, slope, n, e);
    case 2:
      return add_rows_of<T, 2>(rows, slope, n, e);
    default:
      return add_rows_of<T, 1>(rows, slope, n, e);
  }
}

}  // namespace

extern const VectorPasses<double> passes_double;
extern const VectorPasses<float> passes_float;
const VectorPasses<double> passes_double = {squared_norm<double>, subtract<double>,       momentum<double>,
                                            adam<double>,         inner_products<double>, add_rows<double>};
const VectorPasses<float> passes_float = {squared_norm<float>, subtract<float>,       momentum<float>,
                                          adam<float>,         inner_products<float>, add_rows<float>};

}  // namespace rankflow::RANKFLOW_KERNEL_NAMESPACE
