// How a deep factorization starts: the published initializations, with the scales that their authors use.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "linalg/decompositions.h"
#include "rankflow/deep_factorization.h"
#include "rankflow/error.h"
#include "rankflow/rng.h"

namespace rankflow {
namespace {

constexpr std::uint64_t kStream = 0xD33F;  // of the random numbers
constexpr int kMaxDraws = 1000;            // every second draw has the sign asked for

using Dims = std::vector<Index>;

Index depth_of(const Dims& dims) {
  return static_cast<Index>(dims.size()) - 1;
}

double root(double x, const Dims& dims) {
  return std::pow(x, 1.0 / static_cast<double>(depth_of(dims)));
}

// sqrt(d_1 ... d_{N-1}): entries of a product of N independent factors with entries of variance sigma^2 have the
// standard deviation sigma^N times this.
double paths(const Dims& dims) {
  double log = 0;
  for (std::size_t l = 1; l + 1 < dims.size(); ++l) log += std::log(static_cast<double>(dims[l]));
  return std::exp(log / 2);
}

// Standard deviation of a factor's entries, for entries drawn independently.
double entry_scale(const Dims& dims, const InitializationOptions& options) {
  switch (options.scale_of) {
    case ScaleOf::end_matrix:
      return root(options.scale, dims) / std::sqrt(static_cast<double>(dims.front()));
    case ScaleOf::entry:
      return root(options.scale / paths(dims), dims);
    case ScaleOf::factor:
      break;
  }
  return options.scale;
}

// What an identity or orthogonal factor is multiplied by.
double multiple(const Dims& dims, const InitializationOptions& options) {
  const double n = static_cast<double>(dims.front());
  switch (options.scale_of) {
    case ScaleOf::end_matrix:
      return root(options.initialization == Initialization::orthogonal ? options.scale * std::sqrt(n) : options.scale,
                  dims);
    case ScaleOf::entry: {  // c I has root mean square c sqrt(k / (rows columns)), k = min(rows, columns)
      return root(options.scale * std::sqrt(static_cast<double>(std::max(dims.front(), dims.back()))), dims);
    }
    case ScaleOf::factor:
      break;
  }
  return options.scale;
}

// Standard deviation of the entries of the end matrix that a balanced start is made of: that of a Gaussian start.
double end_scale(const Dims& dims, const InitializationOptions& options) {
  if (options.scale_of == ScaleOf::entry) return options.scale;
  return std::pow(entry_scale(dims, options), static_cast<double>(depth_of(dims))) * paths(dims);
}

Matrix random_matrix(Index rows, Index columns, std::uint64_t layer, std::uint64_t draw, double scale, bool uniform,
                     std::uint64_t seed) {
  Matrix a(rows, columns);
  for (Index i = 0; i < rows; ++i) {
    Rng rng(seed, kStream + (draw << 32), layer, static_cast<std::uint64_t>(i));
    for (Index j = 0; j < columns; ++j)
      a(i, j) = scale * (uniform ? std::sqrt(3.0) * (2 * rng.uniform() - 1) : rng.normal());
  }
  return a;
}

// Uniform over the orthogonal matrices (Mezzadri 2007): QR of a Gaussian matrix, signs such that diag(R) > 0.
Matrix random_orthogonal(Index rows, Index columns, std::uint64_t layer, std::uint64_t draw, std::uint64_t seed) {
  const bool wide = columns > rows;
  Matrix q = random_matrix(std::max(rows, columns), std::min(rows, columns), layer, draw, 1, false, seed), r;
  thin_qr(q, r);
  for (Index j = 0; j < q.cols(); ++j)
    if (r(j, j) < 0) q.col(j) *= -1;
  return wide ? Matrix(q.transpose()) : q;
}

Matrix start_factor(const Dims& dims, Index layer, std::uint64_t draw, const InitializationOptions& options) {
  const Index rows = dims[layer], columns = dims[layer - 1];
  const auto key = static_cast<std::uint64_t>(layer);
  switch (options.initialization) {
    case Initialization::gaussian:
    case Initialization::uniform:
      return random_matrix(rows, columns, key, draw, entry_scale(dims, options),
                           options.initialization == Initialization::uniform, options.seed);
    case Initialization::orthogonal:
      return multiple(dims, options) * random_orthogonal(rows, columns, key, draw, options.seed);
    default:
      break;
  }
  double factor = multiple(dims, options);
  if (options.initialization == Initialization::perturbed && layer == depth_of(dims)) factor -= options.perturbation;
  return factor * Matrix::Identity(rows, columns);
}

// Gaussian elimination with row exchanges; only signs are kept, so nothing under- or overflows.
int determinant_sign(Matrix a) {
  int sign = 1;
  for (Index k = 0; k < a.rows(); ++k) {
    Index pivot = k;
    for (Index i = k + 1; i < a.rows(); ++i)
      if (std::abs(a(i, k)) > std::abs(a(pivot, k))) pivot = i;
    if (a(pivot, k) == 0) return 0;
    if (pivot != k) {
      a.row(k).swap(a.row(pivot));
      sign = -sign;
    }
    if (a(k, k) < 0) sign = -sign;
    for (Index i = k + 1; i < a.rows(); ++i) a.row(i) -= (a(i, k) / a(k, k)) * a.row(k);
  }
  return sign;
}

// The product's determinant is the product of the factors' where all are square, which rounding does not touch.
int determinant_sign(const DeepFactorization<double>& model) {
  int sign = 1;
  for (const Matrix& factor : model.factors) {
    if (factor.rows() != factor.cols()) return determinant_sign(model.end_matrix());
    sign *= determinant_sign(factor);
  }
  return sign;
}

void check(const Dims& dims, const InitializationOptions& options) {
  if (dims.size() < 2) throw OptionError("a factorization needs at least one factor");
  if (*std::min_element(dims.begin(), dims.end()) < 1) throw OptionError("a layer of width 0 can hold nothing");
  if (!(options.scale > 0) || !std::isfinite(options.scale))
    throw OptionError(fmt::format("scale = {}: must be > 0", options.scale),
                      "a product of zeros never leaves the origin");
  if (options.initialization == Initialization::perturbed) {
    const double factor = multiple(dims, options);
    if (!(options.perturbation > 0 && options.perturbation < factor))
      throw OptionError(fmt::format("perturbation = {}: must be in (0, {:g}), the size of the other factors",
                                    options.perturbation, factor));
  }
  const int sign = options.determinant_sign;
  if (sign < -1 || sign > 1) throw OptionError(fmt::format("determinant_sign = {}: must be -1, 0 or 1", sign));
  if (sign == 0) return;
  if (dims.front() != dims.back())
    throw OptionError("determinant_sign: only a square matrix has a determinant", "leave it at 0");
  if (*std::min_element(dims.begin(), dims.end()) < dims.front())
    throw OptionError("determinant_sign: layers this narrow make the determinant 0", "use wider layers");
  const bool fixed =
      options.initialization == Initialization::identity || options.initialization == Initialization::perturbed;
  if (fixed && sign < 0)
    throw OptionError("determinant_sign = -1: an identity start has a positive determinant",
                      "start from balanced, gaussian, uniform or orthogonal");
}

}  // namespace

std::vector<OptionField> fields(InitializationOptions& o) {
  return {
      choice("initialization", o.initialization,
             {{"gaussian", Initialization::gaussian},
              {"uniform", Initialization::uniform},
              {"orthogonal", Initialization::orthogonal},
              {"identity", Initialization::identity},
              {"perturbed", Initialization::perturbed},
              {"balanced", Initialization::balanced}},
             "how the factors start"),
      field("scale", o.scale, Range{0, 1e6, true}, "size of the start, see scale_of"),
      choice("scale_of", o.scale_of,
             {{"end_matrix", ScaleOf::end_matrix}, {"entry", ScaleOf::entry}, {"factor", ScaleOf::factor}},
             "what scale is the size of: the end matrix, as Arora et al. 2019 count; its entries, as Razin and Cohen "
             "2020 do; or each factor by itself"),
      field("perturbation", o.perturbation, Range{0, 1e6},
            "perturbed start: by how much the last factor is smaller than the others"),
      field("determinant_sign", o.determinant_sign, Range{-1, 1},
            "draw again until the determinant of a square start has this sign; 0 = as it comes"),
      field("seed", o.seed, "seed of the start"),
  };
}

template <class T>
DeepFactorization<T> initialize(const std::vector<Index>& dims, const InitializationOptions& options) {
  check(dims, options);
  for (std::uint64_t draw = 0; draw < kMaxDraws; ++draw) {
    DeepFactorization<double> model;
    if (options.initialization == Initialization::balanced) {
      model = balanced_factors(
          random_matrix(dims.back(), dims.front(), 0, draw, end_scale(dims, options), false, options.seed), dims);
    } else {
      for (Index l = 1; l <= depth_of(dims); ++l) model.factors.push_back(start_factor(dims, l, draw, options));
    }
    if (options.determinant_sign != 0 && determinant_sign(model) != options.determinant_sign) continue;
    DeepFactorization<T> rounded;
    for (const Matrix& factor : model.factors) rounded.factors.push_back(factor.cast<T>());
    return rounded;
  }
  throw OptionError(fmt::format("determinant_sign = {}: no start of {} had it", options.determinant_sign, kMaxDraws));
}

template DeepFactorization<double> initialize<double>(const std::vector<Index>&, const InitializationOptions&);
template DeepFactorization<float> initialize<float>(const std::vector<Index>&, const InitializationOptions&);

}  // namespace rankflow
