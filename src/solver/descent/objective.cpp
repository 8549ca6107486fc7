// Which way of evaluating fits a problem.
// SPDX-License-Identifier: Apache-2.0
#include "solver/descent/objective.h"

#include <algorithm>

namespace rankflow::descent {

template <class T>
std::unique_ptr<Objective<T>> make_objective(const MatrixProblem<T>& problem, const std::vector<Index>& dims) {
  if (*std::max_element(dims.begin(), dims.end()) <= kSmall) return make_small_objective(problem, dims);
  if (problem.measurement == Measurement::entries && dims.size() > 2) return make_entry_objective(problem, dims);
  return make_dense_objective(problem, dims);
}

template std::unique_ptr<Objective<double>> make_objective<double>(const MatrixProblem<double>&,
                                                                   const std::vector<Index>&);
template std::unique_ptr<Objective<float>> make_objective<float>(const MatrixProblem<float>&,
                                                                 const std::vector<Index>&);

}  // namespace rankflow::descent
