// Alternating power iteration for rank-one tensors u^1 o ... o u^N with the largest <slope, u^1 o ... o u^N>.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <numeric>

#include "rankflow/rng.h"
#include "solver/grow/cp_family.h"
#include "solver/grow/cp_least_squares.h"

namespace rankflow::grow {
namespace {

constexpr Index kStarts = 20, kSweeps = 12;
constexpr double kEnough = 1e-4;  // relative growth of gamma
constexpr double kSame = .95;     // |cosine| from which two directions are one
constexpr std::uint64_t kStream = 0x67726f77;

// Divides the columns of one mode by their norms; returns the norms.
Vector normalize_columns(Eigen::Ref<Matrix> block) {
  Vector norms = block.colwise().norm().transpose();
  for (Index s = 0; s < block.cols(); ++s)
    if (norms[s] > 0) block.col(s) /= norms[s];
  return norms;
}

}  // namespace

CpDirections cp_directions(const Cells& cells, const std::vector<double>& slope, const DrawKey& key,
                           const Budget& budget) {
  const Index order = cells.order();
  Matrix u(cells.num_rows(), kStarts);
  Rng rng(key.seed, kStream, static_cast<std::uint64_t>(key.attempt), static_cast<std::uint64_t>(key.round));
  for (Index k = 0; k < u.size(); ++k) u.data()[k] = rng.normal();
  const auto block = [&](Index n) { return u.middleRows(cells.first_row[n], cells.shape[n]); };
  for (Index n = 0; n < order; ++n) normalize_columns(block(n));

  Vector gamma = Vector::Zero(kStarts);
  Matrix next;
  for (Index sweep = 0; sweep < kSweeps && !budget.spent(); ++sweep) {
    const Vector before = gamma;
    for (Index n = 0; n < order; ++n) {
      cp_one_mode(cells, slope, u, n, next);
      gamma = normalize_columns(next);
      block(n) = next;
    }
    if (((gamma - before).array() <= kEnough * gamma.array()).all()) break;
  }

  std::vector<Index> by_gamma(kStarts);
  std::iota(by_gamma.begin(), by_gamma.end(), Index{0});
  std::stable_sort(by_gamma.begin(), by_gamma.end(), [&](Index a, Index b) { return gamma[a] > gamma[b]; });
  std::vector<Index> kept;
  for (const Index s : by_gamma) {
    if (!(gamma[s] > 0)) continue;
    const bool known = std::any_of(kept.begin(), kept.end(), [&](Index other) {
      double cosine = 1;
      for (Index n = 0; n < order; ++n) cosine *= block(n).col(s).dot(block(n).col(other));
      return std::abs(cosine) > kSame;
    });
    if (!known) kept.push_back(s);
  }
  CpDirections found{Matrix(cells.num_rows(), static_cast<Index>(kept.size())),
                     Vector(static_cast<Index>(kept.size()))};
  for (std::size_t k = 0; k < kept.size(); ++k) {
    found.vectors.col(static_cast<Index>(k)) = u.col(kept[k]);
    found.gamma[static_cast<Index>(k)] = gamma[kept[k]];
  }
  return found;
}

}  // namespace rankflow::grow
