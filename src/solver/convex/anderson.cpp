// Anderson's acceleration by normal equations with a cut-off.
// SPDX-License-Identifier: Apache-2.0
#include "solver/convex/anderson.h"

#include "linalg/decompositions.h"
#include "rankflow/error.h"

namespace rankflow::convex {
namespace {

constexpr double kCutOff = 1e-13;  // of the eigenvalues of dF^T dF, relative to the largest

Vector least_squares(const std::vector<Vector>& columns, const Vector& target) {
  const Index k = static_cast<Index>(columns.size());
  Matrix gram(k, k);
  Vector rhs(k), scale(k);
  for (Index a = 0; a < k; ++a) scale[a] = 1 / std::max(1e-300, columns[a].norm());
  for (Index a = 0; a < k; ++a) {
    rhs[a] = scale[a] * columns[a].dot(target);
    for (Index b = 0; b <= a; ++b) gram(a, b) = gram(b, a) = scale[a] * scale[b] * columns[a].dot(columns[b]);
  }
  const SymmetricEigen eigen = symmetric_eigen(gram);
  Vector along = eigen.vectors.transpose() * rhs;
  for (Index a = 0; a < k; ++a)
    along[a] = eigen.values[a] > kCutOff * eigen.values[k - 1] ? along[a] / eigen.values[a] : 0;
  return scale.asDiagonal() * (eigen.vectors * along);
}

}  // namespace

void Anderson::reset() {
  ds_.clear();
  df_.clear();
  last_s_.resize(0);
}

Vector Anderson::next(const Vector& s, const Vector& f) {
  if (last_s_.size() > 0) {
    ds_.push_back(s - last_s_);
    df_.push_back(f - last_f_);
    if (static_cast<Index>(ds_.size()) > memory_) {
      ds_.erase(ds_.begin());
      df_.erase(df_.begin());
    }
  }
  last_s_ = s;
  last_f_ = f;
  Vector result = s + f;
  if (ds_.empty()) return result;
  const Vector theta = least_squares(df_, f);
  for (std::size_t k = 0; k < ds_.size(); ++k) result -= theta[static_cast<Index>(k)] * (ds_[k] + df_[k]);
  return result;
}

void Anderson::save(Archive& to, const std::string& prefix) const {
  const Index size = last_s_.size(), count = static_cast<Index>(ds_.size());
  Matrix ds(count, size), df(count, size);
  for (Index k = 0; k < count; ++k) {
    ds.row(k) = ds_[k].transpose();
    df.row(k) = df_[k].transpose();
  }
  to.set(prefix + ".ds", ds);
  to.set(prefix + ".df", df);
  to.set(prefix + ".last_s", last_s_);
  to.set(prefix + ".last_f", size > 0 ? last_f_ : Vector(0));
}

void Anderson::load(const Archive& from, const std::string& prefix, Index size) {
  reset();
  last_s_ = from.get_vector(prefix + ".last_s");
  if (last_s_.size() == 0) return;
  if (last_s_.size() != size) throw InputError(prefix + ".last_s", "the state belongs to a problem of another size");
  last_f_ = from.get_vector(prefix + ".last_f", size);
  const Matrix ds = from.get_matrix(prefix + ".ds", -1, size), df = from.get_matrix(prefix + ".df", ds.rows(), size);
  for (Index k = 0; k < ds.rows(); ++k) {
    ds_.push_back(ds.row(k).transpose());
    df_.push_back(df.row(k).transpose());
  }
}

}  // namespace rankflow::convex
