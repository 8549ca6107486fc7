// The residual on the observed entries and its products.
// SPDX-License-Identifier: Apache-2.0
#include "solver/convex/sparse_residual.h"

#include <algorithm>
#include <array>

#include "base/threads.h"

namespace rankflow::convex {
namespace {

constexpr Index kRangeEntries = 1 << 14;

struct Squares {
  double weighted = 0;
  Squares& operator+=(const Squares& other) {
    weighted += other.weighted;
    return *this;
  }
};

// w (y - mean - own_i - other_j - left_i . right_j) for all entries of one direction.
Squares fill(const Lines<double>& lines, const std::vector<Index>& ranges, double mean, const Vector& own,
             const Vector& other, const Matrix& left, const Matrix& right, std::vector<double>& out) {
  return parallel_sum(static_cast<Index>(ranges.size()) - 1, 1, Squares{}, [&](Index range, Index) {
    Squares sum;
    for (Index i = ranges[range]; i < ranges[range + 1]; ++i) {
      const double offset = mean + own[i];
      for (Index k = lines.begin[i]; k < lines.begin[i + 1]; ++k) {
        const Index j = lines.other[k];
        const double e = lines.value[k] - offset - other[j] - left.row(i).dot(right.row(j));
        const double w = lines.weight.empty() ? 1.0 : lines.weight[k];
        out[k] = w * e;
        sum.weighted += w * e * e;
      }
    }
    return sum;
  });
}

Matrix multiply(const Lines<double>& lines, const std::vector<Index>& ranges, const std::vector<double>& values,
                const Matrix& x) {
  Matrix result = Matrix::Zero(lines.size(), x.cols());
  parallel_blocks(static_cast<Index>(ranges.size()) - 1, 1, [&](Index range, Index, Index) {
    for (Index i = ranges[range]; i < ranges[range + 1]; ++i)
      for (Index k = lines.begin[i]; k < lines.begin[i + 1]; ++k) result.row(i) += values[k] * x.row(lines.other[k]);
  });
  return result;
}

}  // namespace

SparseResidual::SparseResidual(const Observations<double>& observations, const Biases& biases)
    : observations_(observations),
      biases_(biases),
      row_ranges_(balanced_ranges(observations.by_row.begin, kRangeEntries)),
      column_ranges_(balanced_ranges(observations.by_column.begin, kRangeEntries)),
      by_row_(static_cast<std::size_t>(observations.count())),
      by_column_(static_cast<std::size_t>(observations.count())) {
  const std::vector<double>& weight = observations.by_row.weight;
  if (!weight.empty()) largest_weight_ = *std::max_element(weight.begin(), weight.end());
}

void SparseResidual::set(const Product& product) {
  const Matrix left = product.u * product.s.asDiagonal();
  const Squares sums =
      fill(observations_.by_row, row_ranges_, biases_.mean, biases_.row, biases_.column, left, product.v, by_row_);
  fill(observations_.by_column, column_ranges_, biases_.mean, biases_.column, biases_.row, product.v, left, by_column_);
  squares_ = sums.weighted;
}

Matrix SparseResidual::times(const Matrix& x) const {
  return multiply(observations_.by_row, row_ranges_, by_row_, x);
}

Matrix SparseResidual::transpose_times(const Matrix& x) const {
  return multiply(observations_.by_column, column_ranges_, by_column_, x);
}

}  // namespace rankflow::convex
