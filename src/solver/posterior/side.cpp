// The conditionals of one side of the posterior.
// SPDX-License-Identifier: Apache-2.0
#include "solver/posterior/side.h"

#include <cmath>

#include "base/threads.h"
#include "linalg/decompositions.h"
#include "linalg/line_update.h"
#include "rankflow/error.h"
#include "rankflow/rng.h"

namespace rankflow::posterior {
namespace {

constexpr double kConstantPrecision = 2;  // beta_0
constexpr double kNoiseDegrees = 10;      // nu of the line noise
constexpr Index kLinesPerBlock = 256;
constexpr Index kEntriesPerRange = 8192;

Matrix standard_normal(Index rows, Index columns, Rng& rng) {
  Matrix z(rows, columns);
  for (Index i = 0; i < z.size(); ++i) z.data()[i] = rng.normal();
  return z;
}

void require(bool ok, const char* what) {
  RANKFLOW_ASSERT(ok, std::string(what) + " is not positive definite");
}

// W ~ Wishart(scale l l^T, degrees) by Bartlett's decomposition.
Matrix draw_wishart(const Matrix& l, double degrees, Rng& rng) {
  const Index d = l.rows();
  Matrix a = Matrix::Zero(d, d);
  for (Index i = 0; i < d; ++i) {
    a(i, i) = std::sqrt(2 * rng.gamma((degrees - static_cast<double>(i)) / 2));
    for (Index j = 0; j < i; ++j) a(i, j) = rng.normal();
  }
  const Matrix la = l * a;
  return la * la.transpose();
}

struct Moments {
  Matrix vectors, features;  // X^T X and F^T X
  Moments& operator+=(const Moments& other) {
    vectors += other.vectors;
    features += other.features;
    return *this;
  }
};

template <class T>
Moments moments(const Side<T>& side) {
  const auto x = side.vectors.view();
  const Index d = side.dimension(), p = side.features.cols();
  return parallel_sum(
      side.size(), kLinesPerBlock, Moments{Matrix::Zero(d, d), Matrix::Zero(p, d)},
      [&](Index begin, Index end) {
        const MatrixOf<T> block = x.middleRows(begin, end - begin);
        const MatrixOf<T> gram = block.transpose() * block;
        const MatrixOf<T> cross = side.features.middleRows(begin, end - begin).transpose() * block;
        return Moments{gram.template cast<double>(), cross.template cast<double>()};
      },
      0.1 * static_cast<double>(d * (d + p)));
}

}  // namespace

template <class T>
void draw_prior(Side<T>& side, std::uint64_t seed, std::uint64_t sweep) {
  Rng rng(seed, static_cast<std::uint64_t>(Stream::prior), sweep, static_cast<std::uint64_t>(side.index));
  const Index d = side.dimension(), p = side.features.cols();
  Prior& prior = side.prior;
  const Moments sums = moments(side);

  // K = F^T F + prior precisions; M = K^-1 F^T X; S = X^T X - M^T K M = X^T X - (F^T X)^T M.
  Matrix k = side.feature_gram;
  k(0, 0) += kConstantPrecision;
  for (Index i = 1; i < p; ++i) k(i, i) += prior.feature_decay;
  require(cholesky(k), "the features' Gram matrix");
  const auto solve_transposed = [&](const Matrix& b) -> Matrix {
    return k.transpose().triangularView<Eigen::Upper>().solve(b);
  };
  const Matrix half = k.triangularView<Eigen::Lower>().solve(sums.features);         // L^-1 F^T X
  const Matrix mean = solve_transposed(half);                                        // M
  Matrix scatter = Matrix::Identity(d, d) + sums.vectors - half.transpose() * half;  // W_0^-1 + S
  scatter = (0.5 * (scatter + scatter.transpose())).eval();

  // Lambda ~ Wishart(scatter^-1, d + lines). With scatter = L L^T, scatter^-1 = (L^-T)(L^-T)^T.
  require(cholesky(scatter), "the scatter of the vectors");
  const Matrix root = scatter.transpose().triangularView<Eigen::Upper>().solve(Matrix::Identity(d, d));
  prior.precision = draw_wishart(root, static_cast<double>(d + side.size()), rng);

  // B = M + K^-T/2 Z Lambda^-1/2
  Matrix lambda = prior.precision;
  require(cholesky(lambda), "the prior precision");
  const Matrix z = standard_normal(d, p, rng);
  const Matrix right = lambda.transpose().triangularView<Eigen::Upper>().solve(z);  // columns of covariance Lambda^-1
  prior.coefficients = mean + solve_transposed(right.transpose());

  if (p > 1) {  // lambda_B ~ gamma(1 + (p-1) d / 2, 1 + tr(B_f Lambda B_f^T) / 2)
    const Matrix b = prior.coefficients.bottomRows(p - 1);
    const double rate = 1 + 0.5 * (b * prior.precision).cwiseProduct(b).sum();
    prior.feature_decay = rng.gamma(1 + 0.5 * static_cast<double>((p - 1) * d)) / rate;
  }
}

template <class T>
void draw_lines(Side<T>& side, const Side<T>& other, double alpha, double center, double scale, std::uint64_t seed,
                std::uint64_t sweep, std::vector<double>& squares) {
  const int d = side.dimension(), stride = static_cast<int>(side.vectors.stride());
  const Lines<T>& lines = *side.lines;
  squares.resize(side.size());

  // Lambda in the kernel's padded layout, and Lambda B^T f_i for every line through one p x d matrix.
  AlignedRows<T> precision(stride, stride, stride);
  for (Index i = 0; i < stride; ++i)
    for (Index j = 0; j < stride; ++j)
      precision.row(i)[j] = i < d && j < d ? static_cast<T>(side.prior.precision(i, j)) : static_cast<T>(i == j);
  const Matrix product = side.prior.coefficients * side.prior.precision;
  const MatrixOf<T> pull = product.cast<T>();

  const LineUpdateFunction<T> update = line_update<T>();
  const std::vector<Index> ranges = balanced_ranges(lines.begin, kEntriesPerRange);
  parallel_blocks(static_cast<Index>(ranges.size()) - 1, 1, [&](Index, Index, Index range) {
    const Index begin = ranges[range], end = ranges[range + 1];
    AlignedVector<T> work(line_update_work(stride));
    AlignedRows<T> rhs(end - begin, d, stride);
    rhs.view() = side.features.middleRows(begin, end - begin) * pull;
    AlignedVector<T> normals(stride);
    for (Index i = begin; i < end; ++i) {
      Rng rng(seed, static_cast<std::uint64_t>(Stream::line) + 100 * static_cast<std::uint64_t>(side.index), sweep,
              static_cast<std::uint64_t>(i));
      for (int k = 0; k < d; ++k) normals[k] = static_cast<T>(rng.normal());
      LineUpdate<T> in;
      in.dimension = d;
      in.stride = stride;
      in.count = lines.count(i);
      in.other = lines.other.data() + lines.begin[i];
      in.value = lines.value.data() + lines.begin[i];
      in.weight = lines.weight.empty() ? nullptr : lines.weight.data() + lines.begin[i];
      in.center = static_cast<T>(center);
      in.inverse_scale = static_cast<T>(1 / scale);
      in.design = other.vectors.data().data();
      in.precision = other.noise.data();
      in.scale = static_cast<T>(alpha) * side.noise[i];
      in.prior = precision.data().data();
      in.prior_rhs = rhs.row(i - begin);
      in.normals = normals.data();
      in.mean = side.means.row(i);
      in.sample = side.vectors.row(i);
      in.work = work.data();
      squares[i] = update(in);
    }
  });
}

template <class T>
void draw_noise(Side<T>& side, double alpha, const std::vector<double>& squares, std::uint64_t seed,
                std::uint64_t sweep) {
  parallel_blocks(
      side.size(), kLinesPerBlock,
      [&](Index begin, Index end, Index) {
        for (Index i = begin; i < end; ++i) {
          Rng rng(seed, static_cast<std::uint64_t>(Stream::noise) + 100 * static_cast<std::uint64_t>(side.index), sweep,
                  static_cast<std::uint64_t>(i));
          const double shape = 0.5 * (kNoiseDegrees + static_cast<double>(side.lines->count(i)));
          side.noise[i] = static_cast<T>(rng.gamma(shape) / (0.5 * (kNoiseDegrees + alpha * squares[i])));
        }
      },
      120);
}

#define RANKFLOW_INSTANTIATE(T)                                                                               \
  template void draw_prior<T>(Side<T>&, std::uint64_t, std::uint64_t);                                        \
  template void draw_lines<T>(Side<T>&, const Side<T>&, double, double, double, std::uint64_t, std::uint64_t, \
                              std::vector<double>&);                                                          \
  template void draw_noise<T>(Side<T>&, double, const std::vector<double>&, std::uint64_t, std::uint64_t);
RANKFLOW_INSTANTIATE(double)
RANKFLOW_INSTANTIATE(float)

}  // namespace rankflow::posterior
