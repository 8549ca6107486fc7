// The effective rank of a spectrum.
// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "rankflow/fit.h"

namespace rankflow {

double effective_rank(const Vector& singular_values) {
  const double total = singular_values.sum();
  if (!(total > 0)) return 0;
  double entropy = 0;
  for (const double s : singular_values) {
    const double p = s / total;
    if (p > 0) entropy -= p * std::log(p);
  }
  return std::exp(entropy);
}

}  // namespace rankflow
