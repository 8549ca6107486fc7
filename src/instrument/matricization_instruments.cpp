// Instruments that look at matricizations (unfoldings) of the end tensor, and at its tensor rank.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "instrument/tensor_catalogue.h"
#include "rankflow/error.h"
#include "rankflow/tree_ranks.h"

namespace rankflow {
namespace {

using Made = TensorInstrumentKind::Made;

constexpr Index kShown = 10;
constexpr double kFitCutoff = 1e-3;  // what a fit that has converged leaves lies below it

void append_first(const Vector& s, Index k, std::vector<double>& out) {
  for (Index r = 0; r < k; ++r) out.push_back(r < s.size() ? s[r] : 0);
}

Made matricization_singular_values(const TensorInstrumentRequest& request) {
  request.require_cells();
  const std::vector<Index> modes = request.modes(0), shape = request.subject.shape;
  const Index k = request.count(1, kShown);
  const std::string label = mode_label(modes, request.order());
  Made made;
  for (Index r = 1; r <= k; ++r) made.columns.push_back(fmt::format("matricization_{}_{}", label, r));
  std::vector<double> truth;
  if (request.reference().truth.size() > 0) {
    for (Index r = 1; r <= k; ++r) made.columns.push_back(fmt::format("truth_matricization_{}_{}", label, r));
    append_first(unfolding_spectrum(request.reference().truth, shape, modes), k, truth);
  }
  made.measure = [modes, shape, k, truth](TensorSnapshot& snapshot, std::vector<double>& out) {
    append_first(unfolding_spectrum(snapshot.cells(), shape, modes), k, out);
    out.insert(out.end(), truth.begin(), truth.end());
  };
  return made;
}

Made hierarchical_rank_of(const TensorInstrumentRequest& request) {
  request.require_tree();
  request.require_cells();
  const double cutoff = request.positive(0, kFitCutoff);
  const std::vector<Index> shape = request.subject.shape;
  std::vector<std::vector<Index>> nodes;
  Made made;
  for (Index node = 0; node < request.subject.tree->root(); ++node) {
    nodes.push_back(request.subject.tree->modes(node));
    const std::string name = "rank_" + mode_label(nodes.back(), request.order());
    // A node with a single child sees what its child sees.
    if (std::find(made.columns.begin(), made.columns.end(), name) != made.columns.end())
      nodes.pop_back();
    else
      made.columns.push_back(name);
  }
  made.measure = [nodes, shape, cutoff](TensorSnapshot& snapshot, std::vector<double>& out) {
    for (const std::vector<Index>& modes : nodes)
      out.push_back(static_cast<double>(numerical_rank(unfolding_spectrum(snapshot.cells(), shape, modes), cutoff)));
  };
  return made;
}

Made tensor_rank(const TensorInstrumentRequest& request) {
  request.require_cells();
  const double tolerance = request.positive(0, 1e-6);
  return {{request.name},
          [tolerance, shape = request.subject.shape](TensorSnapshot& snapshot, std::vector<double>& out) {
            out.push_back(static_cast<double>(estimate_tensor_rank(snapshot.cells(), shape, tolerance)));
          }};
}

}  // namespace

std::vector<TensorInstrumentKind> matricization_instruments() {
  return {
      {"matricization_singular_values", ":MODES[:k]",
       "matricization_MODES_1, ..., _k (10 without k): singular values of the end tensor unfolded into these modes by "
       "the others, such as 0,1 (columns matricization_01_r); where the truth is known also its own, "
       "truth_matricization_MODES_r. Any modes, nodes of a tree or not",
       matricization_singular_values},
      {"hierarchical_rank", "[:cutoff]",
       "rank_MODES for every node of the tree below the root: number of singular values of the matricization above "
       "cutoff (1e-3 without it) times the largest",
       hierarchical_rank_of},
      {"tensor_rank", "[:tolerance]",
       "least number of outer products with which alternating least squares comes below a mean square difference of "
       "tolerance (1e-6 without it), by bisection: an estimate from above (Razin and Cohen 2020). Costly: record "
       "seldom",
       tensor_rank},
  };
}

}  // namespace rankflow
