// Ridge regressions line by line, through the kernel of the posterior engine without its randomness.
// SPDX-License-Identifier: Apache-2.0
#include "solver/convex/alternating_ridge.h"

#include "base/threads.h"
#include "linalg/aligned.h"
#include "linalg/decompositions.h"
#include "linalg/line_update.h"
#include "linalg/tall.h"

namespace rankflow::convex {
namespace {

constexpr Index kEntriesPerRange = 1 << 12;
constexpr double kPinned = 1e60;       // prior precision of the kernel's own bias, which shall stay 0
constexpr double kNegligible = 1e-12;  // singular values below this share of the largest are dropped

// Vectors as the kernel reads them: (bias of the line, its row of the factor, padding).
AlignedRows<double> packed(const Matrix& factor, const Vector& bias) {
  const Index d = factor.cols() + 1;
  AlignedRows<double> rows(factor.rows(), d, line_stride<double>(static_cast<int>(d)));
  for (Index i = 0; i < factor.rows(); ++i) rows.row(i)[0] = bias[i];
  rows.view(1) = factor;
  return rows;
}

void solve_lines(const Lines<double>& lines, const AlignedRows<double>& other, double mean, const Vector& own,
                 double penalty, AlignedRows<double>& out) {
  const int d = static_cast<int>(other.columns()), stride = static_cast<int>(other.stride());
  AlignedRows<double> prior(stride, stride, stride);
  for (int k = 0; k < stride; ++k) prior.row(k)[k] = k == 0 ? kPinned : k < d ? penalty : 1;
  const AlignedVector<double> zeros(static_cast<std::size_t>(stride)), ones(static_cast<std::size_t>(other.rows()), 1);
  const LineUpdateFunction<double> update = line_update<double>();
  const std::vector<Index> ranges = balanced_ranges(lines.begin, kEntriesPerRange);
  parallel_blocks(static_cast<Index>(ranges.size()) - 1, 1, [&](Index range, Index, Index) {
    AlignedVector<double> work(static_cast<std::size_t>(line_update_work(stride)));
    AlignedVector<double> mean_out(static_cast<std::size_t>(stride));
    for (Index i = ranges[range]; i < ranges[range + 1]; ++i) {
      LineUpdate<double> in;
      in.dimension = d;
      in.stride = stride;
      in.count = lines.count(i);
      in.other = lines.other.data() + lines.begin[i];
      in.value = lines.value.data() + lines.begin[i];
      in.weight = lines.weight.empty() ? nullptr : lines.weight.data() + lines.begin[i];
      in.center = mean + own[i];
      in.design = other.data().data();
      in.precision = ones.data();
      in.prior = prior.data().data();
      in.prior_rhs = zeros.data();
      in.normals = zeros.data();
      in.mean = mean_out.data();
      in.sample = out.row(i);
      in.work = work.data();
      update(in);
      out.row(i)[0] = own[i];
    }
  });
}

// A B^T as u diag(s) v^T.
Product to_product(Matrix a, Matrix b) {
  Matrix ra, rb;
  tall_qr(a, ra);
  tall_qr(b, rb);
  const Svd<double> core = svd<double>(ra * rb.transpose());
  Index rank = 0;
  while (rank < core.s.size() && core.s[rank] > kNegligible * core.s[0]) ++rank;
  return {times(a, core.u.leftCols(rank)), times(b, core.v.leftCols(rank)), core.s.head(rank)};
}

}  // namespace

void alternate(Product& product, const Observations<double>& observations, const Biases& biases, double penalty,
               Index sweeps) {
  if (product.rank() == 0) return;
  const Vector root = product.s.cwiseSqrt();
  AlignedRows<double> a = packed(product.u * root.asDiagonal(), biases.row);
  AlignedRows<double> b = packed(product.v * root.asDiagonal(), biases.column);
  for (Index sweep = 0; sweep < sweeps; ++sweep) {
    solve_lines(observations.by_row, b, biases.mean, biases.row, penalty, a);
    solve_lines(observations.by_column, a, biases.mean, biases.column, penalty, b);
  }
  product = to_product(a.view(1), b.view(1));
}

}  // namespace rankflow::convex
