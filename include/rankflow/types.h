// The words every other header uses: indices, dense storage, and a name for "not a number".
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <limits>

namespace rankflow {

using Index = std::int64_t;

/// Dense storage, row-major: a row of a factor (one row or column of the table) is contiguous.
template <class T>
using MatrixOf = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using VectorOf = Eigen::Matrix<T, Eigen::Dynamic, 1>;
using Matrix = MatrixOf<double>;
using Vector = VectorOf<double>;

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace rankflow
