// What a fit of an array says about itself: rank, components, ranks of unfoldings.
// SPDX-License-Identifier: Apache-2.0
#include "completion/array/describe.h"

#include <algorithm>
#include <numeric>

#include "completion/array/mode_ranks.h"
#include "rankflow/tree_ranks.h"

namespace rankflow::completion {
namespace {

constexpr double kDistinct = 0.05;  // of the largest component's norm
constexpr double kRankCut = 1e-3;   // of an unfolding's largest singular value

// The largest component first, columns of norm 1; each column but the last mode's has a largest entry that is positive.
std::vector<Matrix> sorted_factors(const CpFactorization<double>& model) {
  const Vector norms = model.component_norms();
  std::vector<Index> order(static_cast<std::size_t>(norms.size()));
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return norms[a] > norms[b]; });
  std::vector<Matrix> factors = model.factors;
  for (std::size_t r = 0; r < order.size(); ++r) {
    const auto to = static_cast<Index>(r);
    double sign = 1;
    for (std::size_t n = 0; n < factors.size(); ++n) {
      Vector column = model.factors[n].col(order[r]);
      if (const double norm = column.norm(); norm > 0) column /= norm;
      Index largest = 0;
      column.cwiseAbs().maxCoeff(&largest);
      const bool last = n + 1 == factors.size();
      const double turn = last ? sign : column[largest] < 0 ? -1 : 1;
      sign *= turn;
      factors[n].col(to) = turn * column;
    }
  }
  return factors;
}

}  // namespace

void describe(const ArrayFit& fit, ArrayCompletion& result) {
  result.model = fit.model;
  result.engine = fit.generalized ? "generalized_cp" : fit.list ? "list_cp" : fit.engine;
  result.train_rmse = fit.train_rmse;
  result.iterations = fit.iterations;
  result.stop = fit.stop;
  result.message = fit.message;
  result.predictor = fit.predictor;
  if (fit.cp || fit.generalized || fit.list) {
    const CpFactorization<double>& model = fit.cp     ? fit.cp->model
                                           : fit.list ? fit.list->model.components
                                                      : fit.generalized->model.components;
    const Vector norms = model.component_norms();
    result.component_norms.assign(norms.begin(), norms.end());
    std::sort(result.component_norms.rbegin(), result.component_norms.rend());
    result.factors = sorted_factors(model);
    result.rank = norms.size();
    for (const double norm : result.component_norms)
      result.distinct_components += norm > kDistinct * result.component_norms[0] ? 1 : 0;
    if (result.rank > 0) result.mode_ranks = mode_ranks(model, kRankCut);
  } else if (fit.tree) {
    const TreeFactorization<double>& model = fit.tree->model;
    result.tree = model.tree.text();
    const std::vector<Vector> spectra = unfolding_spectra(model);
    for (Index n = 0; n < model.order(); ++n) result.mode_ranks.push_back(numerical_rank(spectra[n], kRankCut));
    result.rank = *std::max_element(result.mode_ranks.begin(), result.mode_ranks.end());
    const Vector norms = model.local_component_norms(model.tree.root());
    result.component_norms.assign(norms.begin(), norms.end());
    std::sort(result.component_norms.rbegin(), result.component_norms.rend());
  } else if (fit.matrix) {
    result.rank = fit.matrix->model.model.rank(kRankCut);
  } else {
    for (const OverlapUnfolding& unfolding : fit.overlap->unfoldings)
      if (unfolding.modes.size() == 1) result.mode_ranks.push_back(unfolding.rank);
    result.rank = *std::max_element(result.mode_ranks.begin(), result.mode_ranks.end());
  }
}

}  // namespace rankflow::completion
