// A snapshot of a tensor's factorization computes what it is asked for once.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/tensor_snapshot.h"

#include "rankflow/error.h"

namespace rankflow {

void TensorSnapshot::make_model() {
  if (made_) return;
  compute_model(cp_, tree_);
  RANKFLOW_ASSERT(cp_.has_value() != tree_.has_value(), "a snapshot has one model");
  made_ = true;
}

const CpFactorization<double>* TensorSnapshot::cp() {
  make_model();
  return cp_ ? &*cp_ : nullptr;
}

const TreeFactorization<double>* TensorSnapshot::tree() {
  make_model();
  return tree_ ? &*tree_ : nullptr;
}

const Vector& TensorSnapshot::cells() {
  make_model();
  if (!cells_) cells_ = cp_ ? cp_->dense() : tree_->dense();
  return *cells_;
}

const std::vector<Matrix>& TensorSnapshot::gradient() {
  if (!gradient_) gradient_ = compute_gradient();
  return *gradient_;
}

}  // namespace rankflow
