// Gauss-Newton products of a CP factorization over the cells, in blocks.
// SPDX-License-Identifier: Apache-2.0
#include "solver/grow/cp_least_squares.h"

#include <algorithm>

#include "linalg/cp_blocks.h"
#include "linalg/decompositions.h"

namespace rankflow::grow {
namespace {

CpBlocks blocks_of(const Cells& cells, Index columns) {
  return {cells.row, cells.order(), cells.num_rows(), columns};
}

// With what was observed.
CpPass observed(const Cells& cells, CpPass pass) {
  pass.value = cells.value.data();
  pass.weight = cells.weight.empty() ? nullptr : cells.weight.data();
  return pass;
}

class CpLeastSquares final : public LeastSquares {
 public:
  CpLeastSquares(const Cells& cells, Index components)
      : cells_(cells),
        components_(components),
        pass_(blocks_of(cells, components)),
        direction_(cells.num_rows(), components, CpBlocks::padded(components)) {}

  Index unknowns() const override { return cells_.num_rows() * components_; }

  double loss(const Vector& weights) override {
    pass_.factors().view() = rows(weights);
    return .5 * pass_.sum([&](const CpPass& p) { return cp_passes().squared_error(observed(cells_, p)); });
  }

  double linearize(const Vector& weights, Vector& gradient) override {
    pass_.factors().view() = rows(weights);
    const double sum = pass_.scatter(pass_.stride(), sums_, [&](const CpPass& p, double* out) {
      return cp_passes().gradient(observed(cells_, p), out);
    });
    unpack(gradient);
    return .5 * sum;
  }

  void normal_product(const Vector& direction, Vector& product) override {
    direction_.view() = rows(direction);
    pass_.scatter(pass_.stride(), sums_, [&](const CpPass& p, double* out) {
      cp_passes().normal_product(observed(cells_, p), direction_.data().data(), out);
      return 0.0;
    });
    unpack(product);
  }

  void normal_matrix(Matrix& matrix) override {
    const Index n = unknowns(), stride = n + kCpRowMultiple;
    wide_.assign(static_cast<std::size_t>(n * stride), 0);
    // Rows of the matrix belong to one mode, so modes can be shared out; one thread takes them all in one pass.
    const Index order = cells_.order(), together = num_threads() == 1 ? order : 1;
    parallel_blocks(
        order, together,
        [&](Index first, Index last, Index) {
          cp_passes().normal_matrix(observed(cells_, pass_.pass(0, cells_.count())), components_,
                                    static_cast<int>(first), static_cast<int>(last), wide_.data(), stride);
        },
        matrix_cost() / static_cast<double>(order));
    matrix.resize(n, n);
    constexpr Index kTile = 32;
    for (Index i0 = 0; i0 < n; i0 += kTile)
      for (Index j0 = i0; j0 < n; j0 += kTile)
        for (Index i = i0; i < std::min(n, i0 + kTile); ++i)
          for (Index j = std::max(i, j0); j < std::min(n, j0 + kTile); ++j) matrix(j, i) = wide_[i * stride + j];
  }

  void diagonal(Vector& diagonal) override {
    const Index r = components_, stride = pass_.stride();
    pass_.scatter(r * stride, blocks_, [&](const CpPass& p, double* out) {
      cp_passes().normal_blocks(observed(cells_, p), r, out);
      return 0.0;
    });
    diagonal.resize(unknowns());
    for (Index i = 0; i < cells_.num_rows(); ++i)
      for (Index a = 0; a < r; ++a) diagonal[i * r + a] = blocks_[(i * r + a) * stride + a];
  }

  void set_preconditioner(double shift) override {
    const Index r = components_, stride = pass_.stride();
    inverse_.resize(static_cast<std::size_t>(cells_.num_rows() * r * r));
    parallel_blocks(
        cells_.num_rows(), 64,
        [&](Index begin, Index end, Index) {
          Matrix block(r, r);
          for (Index i = begin; i < end; ++i) {
            for (Index a = 0; a < r; ++a)
              for (Index b = 0; b < r; ++b) block(a, b) = blocks_[(i * r + a) * stride + b];
            // Rounding can make a block of few cells indefinite: a little more is enough.
            const double floor = std::max(shift, 1e-14 * block.trace());
            block.diagonal().array() += floor > 0 ? floor : 1.0;
            Matrix lower = block;
            if (!cholesky(lower)) lower = Matrix(block.diagonal().cwiseSqrt().asDiagonal());
            Matrix inverse = Matrix::Identity(r, r);
            lower.triangularView<Eigen::Lower>().solveInPlace(inverse);
            Eigen::Map<Matrix>(inverse_.data() + i * r * r, r, r) = inverse.transpose() * inverse;
          }
        },
        static_cast<double>(r * r * r) + 500);
  }

  void precondition(const Vector& in, Vector& out) const override {
    const Index r = components_;
    out.resize(in.size());
    for (Index i = 0; i < cells_.num_rows(); ++i) {
      const double* block = inverse_.data() + i * r * r;
      const double* from = in.data() + i * r;
      for (Index a = 0; a < r; ++a) {
        double sum = 0;
        for (Index b = 0; b < r; ++b) sum += block[a * r + b] * from[b];
        out[i * r + a] = sum;
      }
    }
  }

  double matrix_cost() const override {
    const double width = static_cast<double>(cells_.order() * components_);
    return static_cast<double>(cells_.count()) * width * width / 2;
  }
  double product_cost() const override { return static_cast<double>(cells_.count() * cells_.order() * pass_.stride()); }

 private:
  Eigen::Map<const Matrix> rows(const Vector& weights) const {
    return {weights.data(), cells_.num_rows(), components_};
  }
  void unpack(Vector& out) const {
    out.resize(unknowns());
    Eigen::Map<Matrix>(out.data(), cells_.num_rows(), components_) = Eigen::Map<const Matrix, 0, Eigen::OuterStride<>>(
        sums_.data(), cells_.num_rows(), components_, Eigen::OuterStride<>(pass_.stride()));
  }

  const Cells& cells_;
  Index components_;
  CpBlocks pass_;
  AlignedRows<double> direction_;
  AlignedVector<double> sums_, blocks_, wide_;
  std::vector<double> inverse_;
};

}  // namespace

std::unique_ptr<LeastSquares> cp_least_squares(const Cells& cells, Index components) {
  return std::make_unique<CpLeastSquares>(cells, components);
}

void cp_values(const Cells& cells, Index components, const Vector& weights, std::vector<double>& x) {
  x.assign(static_cast<std::size_t>(cells.count()), 0);
  if (components == 0) return;
  CpBlocks pass = blocks_of(cells, components);
  pass.factors().view() = Eigen::Map<const Matrix>(weights.data(), cells.num_rows(), components);
  pass.sum([&](const CpPass& p) {
    cp_passes().values(p, x.data());
    return 0.0;
  });
}

void cp_one_mode(const Cells& cells, const std::vector<double>& slope, const Matrix& factors, Index mode,
                 Matrix& gradient) {
  CpBlocks pass = blocks_of(cells, factors.cols());
  pass.factors().view() = factors;
  AlignedVector<double> sums;
  pass.scatter(pass.stride(), sums, [&](CpPass p, double* out) {
    p.value = slope.data();
    cp_passes().one_mode(p, static_cast<int>(mode), out);
    return 0.0;
  });
  gradient = Eigen::Map<const Matrix, 0, Eigen::OuterStride<>>(sums.data() + cells.first_row[mode] * pass.stride(),
                                                               cells.shape[mode], factors.cols(),
                                                               Eigen::OuterStride<>(pass.stride()));
}

}  // namespace rankflow::grow
