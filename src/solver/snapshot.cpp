// A snapshot computes what it is asked for once.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/snapshot.h"

#include "linalg/decompositions.h"

namespace rankflow {

const Matrix& Snapshot::end_matrix() {
  if (!end_matrix_) end_matrix_ = compute_end_matrix();
  return *end_matrix_;
}

const Matrix& Snapshot::gradient() {
  if (!gradient_) gradient_ = compute_gradient();
  return *gradient_;
}

const Vector& Snapshot::singular_values() {
  if (spectrum_) return spectrum_->s;
  if (!singular_values_) singular_values_ = compute_singular_values();
  return *singular_values_;
}

const Spectrum& Snapshot::spectrum() {
  if (!spectrum_) spectrum_ = compute_spectrum();
  return *spectrum_;
}

const std::vector<Matrix>& Snapshot::factors() {
  if (!factors_) factors_ = compute_factors();
  return *factors_;
}

void Snapshot::forget() {
  end_matrix_.reset();
  gradient_.reset();
  singular_values_.reset();
  spectrum_.reset();
  factors_.reset();
}

Spectrum Snapshot::compute_spectrum() {
  Svd<double> parts = svd<double>(end_matrix());
  return {std::move(parts.u), std::move(parts.v), std::move(parts.s)};
}

Vector Snapshot::compute_singular_values() {
  return rankflow::singular_values(end_matrix());
}

}  // namespace rankflow
