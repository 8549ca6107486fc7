// One Gibbs update of a line (row or column) of the posterior engine: the conditional of its vector given everything
// else, its mean, one draw from it, and the residuals it leaves. Compiled once per instruction set.
// This header is included by kernel files: it declares plain data only.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace rankflow {

/// A line's vector is (bias, u_1 .. u_r, 0 .. 0), `stride` long. The entry of lines i and j is predicted as
/// x_0 + z_0 + sum_{k >= 1} x_k z_k, so the design of a line is (1, z_1 .. z_r) with offset z_0. Values enter as
/// (value - center) * inverse_scale.
template <class T>
struct LineUpdate {
  int dimension = 0;       // r + 1
  int stride = 0;          // line_stride<T>(dimension)
  std::int64_t count = 0;  // observations of this line
  const std::int32_t* other = nullptr;
  const T* value = nullptr;
  const T* weight = nullptr;  // null = all 1
  T center = 0, inverse_scale = 1;
  const T* design = nullptr;     // vectors of the other side, `stride` apart
  const T* precision = nullptr;  // noise factor of each line of the other side
  T scale = 1;                   // noise precision common to the line's observations
  const T* prior = nullptr;      // stride x stride, upper triangle of Lambda; 1 on the padding's diagonal
  const T* prior_rhs = nullptr;  // Lambda times the prior mean, `stride` long
  const T* normals = nullptr;    // `dimension` standard normal numbers
  T* mean = nullptr;             // out: conditional mean
  T* sample = nullptr;           // out: the draw
  T* work = nullptr;             // scratch of line_update_work(stride) numbers, 64-byte aligned
};

/// Dimensions are padded with zeros to whole cache lines.
template <class T>
constexpr int line_stride(int dimension) {
  constexpr int align = 64 / static_cast<int>(sizeof(T));
  return (dimension + align - 1) / align * align;
}
inline constexpr int kLineChunk = 64;  // observations packed together

constexpr std::int64_t line_update_work(int stride) {
  return std::int64_t{stride} * stride + 2 * std::int64_t{kLineChunk} * stride + 4 * std::int64_t{stride} +
         2 * kLineChunk;
}

/// Performs the update and returns sum weight * precision * residual^2 at the draw.
template <class T>
using LineUpdateFunction = double (*)(const LineUpdate<T>&);

/// The fastest version this processor runs.
template <class T>
LineUpdateFunction<T> line_update();

}  // namespace rankflow
