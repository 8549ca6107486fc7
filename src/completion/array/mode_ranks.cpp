// Ranks of the unfoldings of a sum of outer products.
// SPDX-License-Identifier: Apache-2.0
#include "completion/array/mode_ranks.h"

#include <algorithm>

#include "linalg/decompositions.h"

namespace rankflow::completion {

std::vector<Index> mode_ranks(const CpFactorization<double>& model, double cut) {
  std::vector<Index> ranks;
  const Index components = model.components();
  for (std::size_t n = 0; n < model.factors.size(); ++n) {
    if (components == 0) {
      ranks.push_back(0);
      continue;
    }
    Matrix gram = Matrix::Ones(components, components);
    for (std::size_t m = 0; m < model.factors.size(); ++m)
      if (m != n) gram.array() *= (model.factors[m].transpose() * model.factors[m]).array();
    const SymmetricEigen eigen = symmetric_eigen(gram);
    const Vector root = eigen.values.cwiseMax(0).cwiseSqrt();
    const Vector s = singular_values(model.factors[n] * eigen.vectors * root.asDiagonal());
    ranks.push_back(s[0] > 0 ? (s.array() > cut * s[0]).count() : 0);
  }
  return ranks;
}

}  // namespace rankflow::completion
