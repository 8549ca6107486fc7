// What the second moments of a completed array say about its multilinear rank.
// SPDX-License-Identifier: Apache-2.0
#include "solver/overlap/unfolding_ranks.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace rankflow::overlap {
namespace {

void describe(OverlapUnfolding& unfolding, Vector moments, double columns, double eps, double scale) {
  std::sort(moments.data(), moments.data() + moments.size(), std::greater<>());
  unfolding.rank =
      std::count_if(moments.data(), moments.data() + moments.size(), [&](double l) { return l > eps * eps; });
  unfolding.singular_values = (moments.cwiseMax(0.0) * columns).cwiseSqrt() * scale;
}

}  // namespace

std::vector<OverlapUnfolding> ranks_of_unfoldings(const Unfoldings& unfoldings, const std::vector<double>& weight,
                                                  const std::vector<float>& x, double eps, double scale,
                                                  const OverlapOptions& options) {
  std::vector<OverlapUnfolding> all;
  const auto cells = static_cast<double>(x.size());
  std::vector<float> work(x.size());
  for (Index n = 0; n < static_cast<Index>(unfoldings.shape.size()); ++n) {
    const Index size = unfoldings.shape[n], leading = size <= options.full_below ? size : options.leading;
    ModeBasis<float> basis(view_along(unfoldings.shape, n), leading, options.seed, n);
    basis.update(x.data(), work.data());
    OverlapUnfolding unfolding;
    unfolding.modes = {n};
    const Index known = std::min(leading, size);
    describe(unfolding, known == size ? basis.values() : Vector(basis.values().head(known)),
             cells / static_cast<double>(size), eps, scale);
    all.push_back(std::move(unfolding));
  }
  for (const auto& [first, second] : unfoldings.pairs) {
    PairPenalty<float> pair(unfoldings.shape, first, second);
    const Vector moments = pair.moments(x.data(), work.data());
    OverlapUnfolding unfolding;
    unfolding.modes = {first, second};
    describe(unfolding, moments, cells / static_cast<double>(moments.size()), eps, scale);
    all.push_back(std::move(unfolding));
  }
  for (std::size_t k = 0; k < all.size(); ++k) all[k].weight = weight[k];
  return all;
}

}  // namespace rankflow::overlap
