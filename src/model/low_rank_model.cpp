// Evaluation of the low-rank model.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/low_rank_model.h"

namespace rankflow {

Index LowRankModel::rank(double relative) const {
  if (s.size() == 0 || !(s[0] > 0)) return 0;
  return (s.array() > relative * s[0]).count();
}

double LowRankModel::operator()(Index i, Index j) const {
  double value = mean + row_bias[i] + column_bias[j];
  for (Index k = 0; k < s.size(); ++k) value += u(i, k) * s[k] * v(j, k);
  return value;
}

}  // namespace rankflow
