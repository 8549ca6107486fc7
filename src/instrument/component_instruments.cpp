// Instruments that look at the sizes of components: outer products of a CP factorization, local components of a tree.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "instrument/tensor_catalogue.h"

namespace rankflow {
namespace {

using Made = TensorInstrumentKind::Made;

constexpr Index kShown = 10;

// The k largest, descending; what is not there is 0.
void append_largest(Vector norms, Index k, std::vector<double>& out) {
  std::sort(norms.begin(), norms.end(), std::greater<>());
  for (Index r = 0; r < k; ++r) out.push_back(r < norms.size() ? norms[r] : 0);
}

Made component_norms(const TensorInstrumentRequest& request) {
  request.require_cp();
  const Index k = request.count(0, kShown);
  Made made;
  for (Index r = 1; r <= k; ++r) made.columns.push_back(fmt::format("component_{}", r));
  made.measure = [k](TensorSnapshot& snapshot, std::vector<double>& out) {
    append_largest(snapshot.cp()->component_norms(), k, out);
  };
  return made;
}

Made local_component_norms(const TensorInstrumentRequest& request) {
  const Index node = request.node(0), k = request.count(1, kShown);
  Made made;
  for (Index r = 1; r <= k; ++r) made.columns.push_back(fmt::format("local_{}_{}", request.node_label(node), r));
  made.measure = [node, k](TensorSnapshot& snapshot, std::vector<double>& out) {
    append_largest(snapshot.tree()->local_component_norms(node), k, out);
  };
  return made;
}

}  // namespace

std::vector<TensorInstrumentKind> component_instruments() {
  return {
      {"component_norms", "[:k]",
       "component_1, ..., component_k (10 without k), descending: sigma_r = |w_r^1| ... |w_r^N| of the outer products "
       "of "
       "a CP factorization (Razin, Maman, Cohen 2021)",
       component_norms},
      {"local_component_norms", "[:NODE[:k]]",
       "local_NODE_1, ..., local_NODE_k (10 without k), descending: of the local components at an inner node of the "
       "tree, "
       "the product of the norms of their weight vectors (Razin, Maman, Cohen 2022). NODE is the set of modes below "
       "it, "
       "such as 0,1 (columns local_01_r), or root",
       local_component_norms},
  };
}

}  // namespace rankflow
