// Leading singular vectors of the normalized mask by subspace iteration.
// SPDX-License-Identifier: Apache-2.0
#include "solver/posterior/mask_features.h"

#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "linalg/decompositions.h"
#include "rankflow/rng.h"
#include "solver/posterior/side.h"

namespace rankflow::posterior {
namespace {

constexpr int kPasses = 6;
constexpr Index kOversampling = 8;
constexpr Index kEntriesPerRange = 1 << 15;

template <class T>
VectorOf<T> inverse_root_counts(const Lines<T>& lines) {
  VectorOf<T> d(lines.size());
  for (Index i = 0; i < lines.size(); ++i)
    d[i] = lines.count(i) == 0 ? T(0) : T(1) / std::sqrt(static_cast<T>(lines.count(i)));
  return d;
}

// y_i = d_i sum_{j in line i} x_j, where x is already scaled by its own side's d.
template <class T>
void multiply(const Lines<T>& lines, const VectorOf<T>& d, const MatrixOf<T>& x, MatrixOf<T>& y) {
  const std::vector<Index> ranges = balanced_ranges(lines.begin, kEntriesPerRange);
  y.resize(lines.size(), x.cols());
  parallel_blocks(static_cast<Index>(ranges.size()) - 1, 1, [&](Index, Index, Index range) {
    for (Index i = ranges[range]; i < ranges[range + 1]; ++i) {
      y.row(i).setZero();
      for (Index k = lines.begin[i]; k < lines.begin[i + 1]; ++k) y.row(i) += x.row(lines.other[k]);
      y.row(i) *= d[i];
    }
  });
}

template <class T>
MatrixOf<T> assemble(const Lines<T>& lines, const MatrixOf<T>& vectors, const VectorOf<T>& s, Index count) {
  const Index n = lines.size();
  MatrixOf<T> features(n, count == 0 ? 1 : 2 + count);
  features.col(0).setOnes();
  if (count == 0) return features;
  Vector logs(n);
  for (Index i = 0; i < n; ++i) logs[i] = std::log1p(static_cast<double>(lines.count(i)));
  const double mean = logs.mean();
  const double spread = std::sqrt((logs.array() - mean).square().mean());
  for (Index i = 0; i < n; ++i) features(i, 1) = spread > 1e-12 ? static_cast<T>((logs[i] - mean) / spread) : T(0);
  const T root = std::sqrt(static_cast<T>(n));
  for (Index k = 0; k < count; ++k)  // vector 0 is the trivial one
    features.col(2 + k) = vectors.col(1 + k) * (root * s[1 + k] / std::max(s[1], T(1e-6)));
  return features;
}

}  // namespace

template <class T>
MaskFeatures<T> mask_features(const Observations<T>& observed, Index count, std::uint64_t seed) {
  const Index m = observed.num_rows, n = observed.num_columns;
  count = std::max<Index>(0, std::min({count, m - 1, n - 1}));
  const Index width = std::min({count + 1 + kOversampling, m, n});
  MatrixOf<T> left, right(n, width), r;
  VectorOf<T> s;
  if (count > 0) {
    Rng rng(seed, static_cast<std::uint64_t>(Stream::features));
    for (Index i = 0; i < right.size(); ++i) right.data()[i] = static_cast<T>(rng.normal());
    const VectorOf<T> dr = inverse_root_counts(observed.by_row), dc = inverse_root_counts(observed.by_column);
    thin_qr(right, r);
    for (int pass = 0; pass < kPasses; ++pass) {
      right = dc.asDiagonal() * right;
      multiply(observed.by_row, dr, right, left);
      thin_qr(left, r);
      const MatrixOf<T> scaled = dr.asDiagonal() * left;
      multiply(observed.by_column, dc, scaled, right);
      if (pass + 1 < kPasses) thin_qr(right, r);
    }
    // right = A^T left: its thin QR and the SVD of r give the singular pairs.
    thin_qr(right, r);
    const Svd<T> small = svd<T>(r);
    right = (right * small.u).eval();
    left = (left * small.v).eval();
    s = small.s;
  }
  return {assemble(observed.by_row, left, s, count), assemble(observed.by_column, right, s, count)};
}

template MaskFeatures<double> mask_features(const Observations<double>&, Index, std::uint64_t);
template MaskFeatures<float> mask_features(const Observations<float>&, Index, std::uint64_t);

}  // namespace rankflow::posterior
