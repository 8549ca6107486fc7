// The body of the line update, included by line_update_<instruction set>.cpp with RANKFLOW_VECTOR_BYTES and
// RANKFLOW_KERNEL_NAMESPACE set. Everything here is static: no symbol may be shared between instruction sets.
// SPDX-License-Identifier: Apache-2.0
#include "linalg/line_update.h"

namespace rankflow::RANKFLOW_KERNEL_NAMESPACE {
namespace {

template <class T>
struct VectorType;
template <>
struct VectorType<double> {
  typedef double type __attribute__((vector_size(RANKFLOW_VECTOR_BYTES), may_alias, aligned(8)));
};
template <>
struct VectorType<float> {
  typedef float type __attribute__((vector_size(RANKFLOW_VECTOR_BYTES), may_alias, aligned(4)));
};

template <class T>
inline constexpr int kLanes = RANKFLOW_VECTOR_BYTES / static_cast<int>(sizeof(T));

template <class T>
inline auto& vec(T* p) {
  return *reinterpret_cast<typename VectorType<T>::type*>(p);
}
template <class T>
inline const auto& vec(const T* p) {
  return *reinterpret_cast<const typename VectorType<T>::type*>(p);
}
inline constexpr int kFactorBlock = 8;
inline double root(double x) {
  return __builtin_sqrt(x);
}
inline float root(float x) {
  return __builtin_sqrtf(x);
}

// P (upper triangle, in blocks; rows and columns from `first` on) += sum_k scaled_k packed_k^T: a symmetric
// rank-`count` update, register-blocked. `first` is a multiple of 4.
template <class T, int Vectors>
void add_gram(T* p, int run_time_stride, int first, const T* packed, const T* scaled, int count) {
  constexpr int lanes = kLanes<T>;
  const int stride = Vectors > 0 ? Vectors * lanes : run_time_stride;
  using Vec = typename VectorType<T>::type;
  for (int a = first; a < stride; a += 4) {
    int b = a / lanes * lanes;
    for (; b + 2 * lanes <= stride; b += 2 * lanes) {
      Vec acc[4][2] = {};
      for (int k = 0; k < count; ++k) {
        const Vec c0 = vec(packed + k * stride + b), c1 = vec(packed + k * stride + b + lanes);
        for (int i = 0; i < 4; ++i) {
          const T s = scaled[k * stride + a + i];
          acc[i][0] += s * c0;
          acc[i][1] += s * c1;
        }
      }
      for (int i = 0; i < 4; ++i) {
        vec(p + (a + i) * stride + b) += acc[i][0];
        vec(p + (a + i) * stride + b + lanes) += acc[i][1];
      }
    }
    for (; b < stride; b += lanes) {
      Vec acc[4] = {};
      for (int k = 0; k < count; ++k) {
        const Vec c0 = vec(packed + k * stride + b);
        for (int i = 0; i < 4; ++i) acc[i] += scaled[k * stride + a + i] * c0;
      }
      for (int i = 0; i < 4; ++i) vec(p + (a + i) * stride + b) += acc[i];
    }
  }
}

// Halves until one number is left: log2(lanes) dependent additions instead of lanes.
template <class T>
inline T sum_of_lanes(typename VectorType<T>::type v) {
  constexpr int lanes = kLanes<T>;
  if constexpr (lanes == 16) v += __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  if constexpr (lanes == 16) v += __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15);
  if constexpr (lanes == 16) v += __builtin_shufflevector(v, v, 2, 3, 0, 1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  if constexpr (lanes == 8) v += __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3);
  if constexpr (lanes == 8) v += __builtin_shufflevector(v, v, 2, 3, 0, 1, 4, 5, 6, 7);
  if constexpr (lanes == 4) v += __builtin_shufflevector(v, v, 2, 3, 0, 1);
  return v[0] + v[1];
}

template <class T>
inline T dot(const T* x, const T* y, int stride) {
  constexpr int lanes = kLanes<T>;
  typename VectorType<T>::type sum = {};
  for (int k = 0; k < stride; k += lanes) sum += vec(x + k) * vec(y + k);
  return sum_of_lanes<T>(sum);
}

// P = R^T R with R upper, in place; h becomes R^-T h. Blocks of rows: each block is factored row by row, then taken off
// the rest by the same kernel that built the Gram matrix. `negated` is scratch for kFactorBlock rows.
template <class T, int Vectors>
void factor_and_forward(T* p, T* h, int dimension, int run_time_stride, T* negated) {
  constexpr int lanes = kLanes<T>;
  const int stride = Vectors > 0 ? Vectors * lanes : run_time_stride;
  for (int block = 0; block < dimension; block += kFactorBlock) {
    const int end = block + kFactorBlock < dimension ? block + kFactorBlock : dimension;
    for (int k = block; k < end; ++k) {
      T* row = p + k * stride;
      const T inverse = T(1) / root(row[k]);
      for (int b = k / lanes * lanes; b < stride; b += lanes) vec(row + b) *= inverse;
      h[k] *= inverse;
      for (int i = k + 1; i < end; ++i) {
        const T factor = row[i];
        T* target = p + i * stride;
        for (int b = i / lanes * lanes; b < stride; b += lanes) vec(target + b) -= factor * vec(row + b);
      }
      const int rest = (k + 1) / lanes * lanes;
      const T known = h[k];
      for (int i = k + 1; i < rest + lanes && i < stride; ++i) h[i] -= known * row[i];
      for (int b = rest + lanes; b < stride; b += lanes) vec(h + b) -= known * vec(row + b);
    }
    if (end == dimension) break;
    const int first = end / lanes * lanes < end ? end / lanes * lanes : end;
    for (int k = block; k < end; ++k)
      for (int b = first; b < stride; b += lanes) vec(negated + (k - block) * stride + b) = -vec(p + k * stride + b);
    add_gram<T, Vectors>(p, stride, end, p + block * stride, negated, kFactorBlock);
  }
}

// Where the pieces of LineUpdate::work begin.
template <class T>
struct Scratch {
  T* gram;    // stride x stride
  T* packed;  // kLineChunk x stride: design rows (1, z)
  T* scaled;  // the same times scale * precision * weight
  T* h;       // right-hand side
  T* target;  // kLineChunk: value - offset
  T* noise;   // kLineChunk: precision * weight

  Scratch(T* work, int stride)
      : gram(work),
        packed(gram + stride * stride),
        scaled(packed + kLineChunk * stride),
        h(scaled + kLineChunk * stride),
        target(h + stride),
        noise(target + kLineChunk) {}
};

// Design rows, targets and precisions of `count` observations from `begin` on.
template <class T, int Vectors>
inline void pack(const LineUpdate<T>& in, const Scratch<T>& at, std::int64_t begin, int count) {
  constexpr int lanes = kLanes<T>;
  const int stride = Vectors > 0 ? Vectors * lanes : in.stride;
  for (int k = 0; k < count; ++k) {
    const std::int32_t j = in.other[begin + k];
    const T* z = in.design + static_cast<std::int64_t>(j) * stride;
    T* row = at.packed + k * stride;
    for (int b = 0; b < stride; b += lanes) vec(row + b) = vec(z + b);
    row[0] = 1;
    at.target[k] = (in.value[begin + k] - in.center) * in.inverse_scale - z[0];
    at.noise[k] = in.precision[j] * (in.weight ? in.weight[begin + k] : T(1));
  }
}

template <class T>
inline int chunk(const LineUpdate<T>& in, std::int64_t begin) {
  return static_cast<int>(in.count - begin < kLineChunk ? in.count - begin : kLineChunk);
}

// P = prior + sum of precision c c^T and h = prior's + sum of precision target c, over the line's observations.
template <class T, int Vectors>
inline void gather(const LineUpdate<T>& in, const Scratch<T>& at) {
  constexpr int lanes = kLanes<T>;
  const int stride = Vectors > 0 ? Vectors * lanes : in.stride;
  for (int k = 0; k < stride * stride; k += lanes) vec(at.gram + k) = vec(in.prior + k);
  for (int k = 0; k < stride; k += lanes) vec(at.h + k) = vec(in.prior_rhs + k);
  for (std::int64_t begin = 0; begin < in.count; begin += kLineChunk) {
    const int count = chunk(in, begin);
    pack<T, Vectors>(in, at, begin, count);
    for (int k = 0; k < count; ++k) {
      const T factor = in.scale * at.noise[k];
      const T pull = factor * at.target[k];
      T* row = at.scaled + k * stride;
      for (int b = 0; b < stride; b += lanes) {
        const typename VectorType<T>::type design = vec(at.packed + k * stride + b);
        vec(row + b) = factor * design;
        vec(at.h + b) += pull * design;
      }
    }
    add_gram<T, Vectors>(at.gram, stride, 0, at.packed, at.scaled, count);
  }
}

// R mean = h, R sample = h + normals, with R in the upper triangle of the factored P.
template <class T, int Vectors>
inline void solve_backward(const LineUpdate<T>& in, const Scratch<T>& at) {
  constexpr int lanes = kLanes<T>;
  const int d = in.dimension, stride = Vectors > 0 ? Vectors * lanes : in.stride;
  for (int k = 0; k < stride; ++k) in.mean[k] = in.sample[k] = 0;
  for (int k = d - 1; k >= 0; --k) {
    const T* row = at.gram + k * stride;
    T mean = at.h[k], sample = at.h[k] + in.normals[k];
    const int b = k / lanes * lanes;
    mean -= dot(row + b, in.mean + b, stride - b);
    sample -= dot(row + b, in.sample + b, stride - b);
    const T inverse = T(1) / row[k];
    in.mean[k] = mean * inverse;
    in.sample[k] = sample * inverse;
  }
}

// Weighted sum of the squared residuals that the sample leaves.
template <class T, int Vectors>
inline double residual_squares(const LineUpdate<T>& in, const Scratch<T>& at) {
  const int stride = Vectors > 0 ? Vectors * kLanes<T> : in.stride;
  double squares = 0;
  for (std::int64_t begin = 0; begin < in.count; begin += kLineChunk) {
    const int count = chunk(in, begin);
    if (in.count > kLineChunk) pack<T, Vectors>(in, at, begin, count);  // otherwise it is still there
    for (int k = 0; k < count; ++k) {
      const T e = at.target[k] - dot(at.packed + k * stride, in.sample, stride);
      squares += static_cast<double>(at.noise[k]) * static_cast<double>(e) * static_cast<double>(e);
    }
  }
  return squares;
}

// Vectors: vectors in a padded row where that is known when compiling, so that short loops unroll; 0 = any.
template <class T, int Vectors>
double update(const LineUpdate<T>& in) {
  const int stride = Vectors > 0 ? Vectors * kLanes<T> : in.stride;
  const Scratch<T> at(in.work, stride);
  gather<T, Vectors>(in, at);
  factor_and_forward<T, Vectors>(at.gram, at.h, in.dimension, stride, at.scaled);
  solve_backward<T, Vectors>(in, at);
  return residual_squares<T, Vectors>(in, at);
}

template <class T>
double update_line(const LineUpdate<T>& in) {
  switch (in.stride / kLanes<T>) {
    case 1:
      return update<T, 1>(in);
    case 2:
      return update<T, 2>(in);
    case 3:
      return update<T, 3>(in);
    case 4:
      return update<T, 4>(in);
    default:
      return update<T, 0>(in);
  }
}

}  // namespace

double update_line_double(const LineUpdate<double>& in) {
  return update_line(in);
}
double update_line_float(const LineUpdate<float>& in) {
  return update_line(in);
}

}  // namespace rankflow::RANKFLOW_KERNEL_NAMESPACE
