// What all losses of CP factorizations share.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "rankflow/cp_factorization.h"
#include "rankflow/tensor_problem.h"

namespace rankflow::tensor_descent {

template <class T>
std::vector<const MatrixOf<T>*> views(const std::vector<MatrixOf<T>>& matrices) {
  std::vector<const MatrixOf<T>*> list;
  for (const MatrixOf<T>& matrix : matrices) list.push_back(&matrix);
  return list;
}

template <class T>
std::vector<MatrixOf<T>*> targets(std::vector<MatrixOf<T>>& matrices) {
  std::vector<MatrixOf<T>*> list;
  for (MatrixOf<T>& matrix : matrices) list.push_back(&matrix);
  return list;
}

/// Throws InputError where the model is not one of the problem's tensor.
template <class T>
void check_model(const TensorProblem<T>& problem, const CpFactorization<T>& model);

}  // namespace rankflow::tensor_descent
