// Vectors of RANKFLOW_VECTOR_BYTES bytes, for the bodies of kernels: each includes this with that macro set. Everything
// is in an unnamed namespace: nothing may be shared between files compiled for different processors.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace rankflow {
namespace {

template <class T>
inline constexpr int kLanes = RANKFLOW_VECTOR_BYTES / static_cast<int>(sizeof(T));
template <class T>
struct VectorType {
  typedef T Aligned __attribute__((vector_size(RANKFLOW_VECTOR_BYTES), may_alias));
  typedef T Stored __attribute__((vector_size(RANKFLOW_VECTOR_BYTES), may_alias, aligned(sizeof(T))));
};
template <class T>
using Vec = typename VectorType<T>::Aligned;
// In memory, where it may start at any number.
template <class T>
using StoredVec = typename VectorType<T>::Stored;

template <class T>
[[gnu::always_inline]] inline Vec<T>& at(T* p) {
  return *reinterpret_cast<Vec<T>*>(p);
}
template <class T>
[[gnu::always_inline]] inline const Vec<T>& at(const T* p) {
  return *reinterpret_cast<const Vec<T>*>(p);
}
template <class T>
[[gnu::always_inline]] inline StoredVec<T>& stored(T* p) {
  return *reinterpret_cast<StoredVec<T>*>(p);
}
template <class T>
[[gnu::always_inline]] inline const StoredVec<T>& stored(const T* p) {
  return *reinterpret_cast<const StoredVec<T>*>(p);
}

template <int Size>
struct IntegerOf;
template <>
struct IntegerOf<4> {
  using Type = int;
};
template <>
struct IntegerOf<8> {
  using Type = long long;
};

// Blocks of 2 Half lanes: Half from a and Half from b, from their lower (Offset 0) or upper (Offset Half) halves.
template <class T, int Half, int Offset>
[[gnu::always_inline]] inline Vec<T> merge(Vec<T> a, Vec<T> b) {
  using Int = typename IntegerOf<sizeof(T)>::Type;
  typedef Int Mask __attribute__((vector_size(RANKFLOW_VECTOR_BYTES)));
  constexpr int n = kLanes<T>;
  Mask mask = {};
  for (int p = 0; p < n; ++p) {
    const int block = p / (2 * Half) * (2 * Half), q = p % (2 * Half);
    mask[p] = q < Half ? block + Offset + q : n + block + Offset + q - Half;
  }
  return __builtin_shuffle(a, b, mask);
}

}  // namespace
}  // namespace rankflow
