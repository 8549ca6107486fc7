// Groups of cells that share all other indices, and the leading eigenvectors of what their pairs say.
// SPDX-License-Identifier: Apache-2.0
#include "solver/list_cp/spectral_start.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "linalg/decompositions.h"
#include "rankflow/rng.h"

namespace rankflow::list_cp {
namespace {

constexpr std::uint64_t kStream = 0x6C737031;
constexpr Index kSteps = 50;   // of Lanczos' method
constexpr Index kOffered = 3;  // leading eigenvectors
// Root mean squares that residuals are cut at: products of factors have heavy tails, and a few large cells would have
// the leading eigenvectors to themselves.
constexpr double kClip = 1;
constexpr double kFewestPairs = 8;  // of cells, for each index of the mode: fewer show nothing

// Cells with the same indices of some modes, groups of one left out. index: of the mode that is looked at.
struct Groups {
  std::vector<Index> begin = {0};
  std::vector<std::int32_t> index;
  std::vector<float> value;
  double pairs = 0;
};

std::uint64_t mixed(std::uint64_t x) {  // Steele, Lea, Flood 2014 (SplitMix64)
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

// Cells by the indices that they share: 32 bits of a hash, then the cell's number. Cells that share a hash alone are
// noise among many pairs.
std::vector<std::uint64_t> sorted_by(const Tensor& tensor, const std::vector<float>& residual,
                                     std::span<const Index> shared) {
  std::vector<std::uint64_t> keys;
  keys.reserve(residual.size());
  for (std::size_t k = 0; k < residual.size(); ++k) {
    if (std::isnan(residual[k])) continue;
    std::uint64_t hash = 0;
    for (const Index n : shared) hash = mixed(hash ^ static_cast<std::uint64_t>(tensor.index[n][k]));
    keys.push_back((hash & ~std::uint64_t{0xFFFFFFFF}) | k);
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

// Values are residuals, cut at `clip`, times the vectors that are found.
Groups groups_of(const Tensor& tensor, const std::vector<float>& residual, double clip, const SpectralStart& start,
                 Index mode, std::span<const Index> shared) {
  const std::vector<std::uint64_t> keys = sorted_by(tensor, residual, shared);
  Groups groups;
  for (std::size_t from = 0, to = 0; from < keys.size(); from = to) {
    while (to < keys.size() && keys[to] >> 32 == keys[from] >> 32) ++to;
    if (to - from < 2) continue;
    for (std::size_t q = from; q < to; ++q) {
      const std::size_t k = keys[q] & 0xFFFFFFFF;
      double value = std::clamp(static_cast<double>(residual[k]), -clip, clip);
      for (const Index n : start.found) value *= start.vectors[n][tensor.index[n][k]];
      groups.index.push_back(tensor.index[mode][k]);
      groups.value.push_back(static_cast<float>(value));
    }
    groups.begin.push_back(static_cast<Index>(groups.index.size()));
    groups.pairs += static_cast<double>((to - from) * (to - from - 1)) / 2;
  }
  return groups;
}

// y = H u, H_ij = sum over pairs of cells of a group, at indices i and j, of the product of their values.
Vector pair_product(const Groups& groups, const Vector& u) {
  Vector y = Vector::Zero(u.size());
  for (std::size_t g = 0; g + 1 < groups.begin.size(); ++g) {
    double sum = 0;
    for (Index q = groups.begin[g]; q < groups.begin[g + 1]; ++q)
      sum += static_cast<double>(groups.value[q]) * u[groups.index[q]];
    for (Index q = groups.begin[g]; q < groups.begin[g + 1]; ++q) {
      const double value = groups.value[q];
      y[groups.index[q]] += value * (sum - value * u[groups.index[q]]);
    }
  }
  return y;
}

// Leading eigenvectors of H with positive eigenvalues, the largest first, by Lanczos' method with full
// orthogonalization: near the noise eigenvalues are close, where subspace iteration would take long.
Matrix leading(const Groups& groups, Index size, Rng rng) {
  const Index steps = std::min(kSteps, size);
  Eigen::MatrixXd basis(size, steps);
  Matrix small = Matrix::Zero(steps, steps);
  Vector next(size);
  for (double& x : next) x = rng.normal();
  Index made = 0;
  while (made < steps) {
    const double norm = next.norm();
    if (!(norm > 1e-10 * (made == 0 ? norm : std::abs(small(0, 0)) + 1e-300))) break;
    basis.col(made) = next / norm;
    next = pair_product(groups, basis.col(made));
    for (int twice = 0; twice < 2; ++twice) {
      const Vector along = basis.leftCols(made + 1).transpose() * next;
      small.col(made).head(made + 1) += along;
      next -= basis.leftCols(made + 1) * along;
    }
    ++made;
  }
  const Matrix square = small.topLeftCorner(made, made).selfadjointView<Eigen::Upper>();
  const SymmetricEigen eigen = symmetric_eigen(square);
  std::vector<Index> order(static_cast<std::size_t>(made));
  std::iota(order.begin(), order.end(), Index{0});
  std::sort(order.begin(), order.end(), [&](Index a, Index b) { return eigen.values[a] > eigen.values[b]; });
  std::erase_if(order, [&](Index k) { return !(eigen.values[k] > 0); });
  order.resize(std::min<std::size_t>(order.size(), kOffered));
  return basis.leftCols(made) * eigen.vectors(Eigen::all, order);
}

}  // namespace

std::vector<SpectralStart> spectral_starts(const Tensor& tensor, const std::vector<float>& residual,
                                           std::uint64_t seed) {
  const Index order = tensor.order();
  std::vector<Index> modes(static_cast<std::size_t>(order));
  std::iota(modes.begin(), modes.end(), Index{0});
  std::stable_sort(modes.begin(), modes.end(), [&](Index a, Index b) { return tensor.size(a) > tensor.size(b); });
  SpectralStart random;
  for (Index n = 0; n < order; ++n) {
    Rng rng(seed, kStream, static_cast<std::uint64_t>(n));
    Vector& u = random.vectors.emplace_back(tensor.size(n));
    for (double& x : u) x = rng.normal();
  }
  double squares = 0, count = 0;
  for (const float e : residual)
    if (!std::isnan(e)) squares += static_cast<double>(e) * static_cast<double>(e), ++count;
  const double clip = kClip * std::sqrt(squares / std::max(count, 1.0));
  std::vector<SpectralStart> starts(1, random);
  for (Index depth = 0; depth + 1 < order; ++depth) {
    const Index mode = modes[depth], size = tensor.size(mode);
    std::vector<SpectralStart> longer;
    for (const SpectralStart& start : starts) {
      const Groups groups = groups_of(tensor, residual, clip, start, mode, std::span(modes).subspan(depth + 1));
      if (groups.pairs < kFewestPairs * static_cast<double>(size)) continue;
      const Matrix u = leading(groups, size, Rng(seed, kStream, static_cast<std::uint64_t>(order + depth)));
      const Index taken = std::min<Index>(u.cols(), depth == 0 ? kOffered : 1);
      for (Index k = 0; k < taken; ++k) {
        SpectralStart next = start;
        next.vectors[mode] = u.col(k) * std::sqrt(static_cast<double>(size));
        next.found.push_back(mode);
        longer.push_back(std::move(next));
      }
    }
    if (longer.empty()) break;
    starts = std::move(longer);
  }
  std::erase_if(starts, [](const SpectralStart& start) { return start.found.empty(); });
  return starts;
}

}  // namespace rankflow::list_cp
