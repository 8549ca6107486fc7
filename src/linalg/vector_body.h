// Vectors of RANKFLOW_VECTOR_BYTES bytes, for the bodies of kernels: each includes this with that macro set. Everything
// is in an unnamed namespace: nothing may be shared between files compiled for different processors.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

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

// Lane p is lane At()(p) of a and then b.
template <class At, class T, int... P>
[[gnu::always_inline]] inline T shuffled(T a, T b, std::integer_sequence<int, P...>) {
  return __builtin_shufflevector(a, b, At()(P)...);
}
template <class T, class At>
[[gnu::always_inline]] inline Vec<T> lanes_from(Vec<T> a, Vec<T> b) {
  return shuffled<At>(a, b, std::make_integer_sequence<int, kLanes<T>>());
}

// Blocks of 2 Half lanes: Half from a and Half from b, from their lower (Offset 0) or upper (Offset Half) halves.
template <class T, int Half, int Offset>
struct Merge {
  constexpr int operator()(int p) const {
    const int block = p / (2 * Half) * (2 * Half), q = p % (2 * Half);
    return q < Half ? block + Offset + q : kLanes<T> + block + Offset + q - Half;
  }
};
template <class T, int Half, int Offset>
[[gnu::always_inline]] inline Vec<T> merge(Vec<T> a, Vec<T> b) {
  return lanes_from<T, Merge<T, Half, Offset>>(a, b);
}

}  // namespace
}  // namespace rankflow
