// Entries, dense matrices, rank-one matrices and full observation as linear measurements.
// SPDX-License-Identifier: Apache-2.0
#include "solver/flow/measurements.h"

namespace rankflow::flow {
namespace {

template <class T>
Vector in_double(const VectorOf<T>& values) {
  return values.template cast<double>();
}

// O(m r) for each of the two.
template <class T>
class Entries final : public Measurements {
 public:
  explicit Entries(const MatrixProblem<T>& problem)
      : list_(problem.entries), rows_(problem.num_rows), columns_(problem.num_columns) {
    row_counts_ = row_weights_ = Vector::Zero(rows_);
    column_counts_ = column_weights_ = Vector::Zero(columns_);
    for (Index k = 0; k < count(); ++k) {
      const double weight = list_.weight.empty() ? 1.0 : static_cast<double>(list_.weight[k]);
      row_counts_[list_.row[k]] += 1;
      row_weights_[list_.row[k]] += weight;
      column_counts_[list_.column[k]] += 1;
      column_weights_[list_.column[k]] += weight;
    }
  }
  Index count() const override { return list_.count(); }
  Vector values() const override {
    return in_double<T>(Eigen::Map<const VectorOf<T>>(list_.value.data(), list_.count()));
  }
  Vector of(const Matrix& left, const Matrix& right) override {
    Vector result(count());
    for (Index k = 0; k < count(); ++k) result[k] = left.row(list_.row[k]).dot(right.row(list_.column[k]));
    return result;
  }
  Matrix back(const Vector& e, const Matrix& x, bool transposed) override {
    Matrix result = Matrix::Zero(transposed ? columns_ : rows_, x.cols());
    const auto& to = transposed ? list_.column : list_.row;
    const auto& from = transposed ? list_.row : list_.column;
    for (Index k = 0; k < count(); ++k) result.row(to[k]) += e[k] * x.row(from[k]);
    return result;
  }
  Vector weights() const override {
    return in_double<T>(Eigen::Map<const VectorOf<T>>(list_.weight.data(), static_cast<Index>(list_.weight.size())));
  }
  Vector row_weights() const override { return row_weights_; }
  Vector column_weights() const override { return column_weights_; }
  Index row_count(Index i) const override { return static_cast<Index>(row_counts_[i]); }
  Index column_count(Index j) const override { return static_cast<Index>(column_counts_[j]); }

 private:
  const EntryList<T>& list_;
  Index rows_, columns_;
  Vector row_counts_, column_counts_, row_weights_, column_weights_;
};

// One pass over all A_k, O(m rows columns), for `of`, and one for all products with the same e.
template <class T>
class DenseMeasurements final : public Measurements {
 public:
  explicit DenseMeasurements(const MatrixProblem<T>& problem) : problem_(problem) {}
  Index count() const override { return problem_.values.size(); }
  Vector values() const override { return in_double<T>(problem_.values); }
  Vector of(const Matrix& left, const Matrix& right) override {
    const MatrixOf<T> w = (left * right.transpose()).template cast<T>();
    const VectorOf<T> products = problem_.matrices * Eigen::Map<const VectorOf<T>>(w.data(), w.size());
    return in_double<T>(products);
  }
  Matrix back(const Vector& e, const Matrix& x, bool transposed) override {
    if (e_.size() != e.size() || e_ != e) {
      const VectorOf<T> sum = problem_.matrices.transpose() * e.template cast<T>();
      sum_ = Eigen::Map<const MatrixOf<T>>(sum.data(), problem_.num_rows, problem_.num_columns).template cast<double>();
      e_ = e;
    }
    return transposed ? Matrix(sum_.transpose() * x) : Matrix(sum_ * x);
  }
  Vector row_weights() const override { return squares().rowwise().sum(); }
  Vector column_weights() const override { return squares().colwise().sum(); }

 private:
  Matrix squares() const {
    const Vector all = problem_.matrices.colwise().squaredNorm().transpose().template cast<double>();
    return Eigen::Map<const Matrix>(all.data(), problem_.num_rows, problem_.num_columns);
  }

  const MatrixProblem<T>& problem_;
  Vector e_;
  Matrix sum_;  // sum_k e_k A_k
};

// O(m (rows + columns) r) for each.
template <class T>
class RankOne final : public Measurements {
 public:
  explicit RankOne(const MatrixProblem<T>& problem)
      : a_(problem.left.template cast<double>()),
        b_(problem.right.template cast<double>()),
        values_(in_double<T>(problem.values)) {}
  Index count() const override { return values_.size(); }
  Vector values() const override { return values_; }
  Vector of(const Matrix& left, const Matrix& right) override {
    const Matrix p = a_ * left, q = b_ * right;
    return p.cwiseProduct(q).rowwise().sum();
  }
  Matrix back(const Vector& e, const Matrix& x, bool transposed) override {
    const Matrix &to = transposed ? b_ : a_, &from = transposed ? a_ : b_;
    const Matrix weighted = e.asDiagonal() * (from * x);
    return to.transpose() * weighted;
  }
  Vector row_weights() const override { return a_.cwiseAbs2().transpose() * b_.rowwise().squaredNorm(); }
  Vector column_weights() const override { return b_.cwiseAbs2().transpose() * a_.rowwise().squaredNorm(); }

 private:
  Matrix a_, b_;
  Vector values_;
};

// The measurements are the entries row by row: O(rows columns r) for each.
template <class T>
class Full final : public Measurements {
 public:
  explicit Full(const MatrixProblem<T>& problem) : y_(problem.target.template cast<double>()) {}
  Index count() const override { return y_.size(); }
  Vector values() const override { return Eigen::Map<const Vector>(y_.data(), y_.size()); }
  Vector of(const Matrix& left, const Matrix& right) override {
    const Matrix w = left * right.transpose();
    return Eigen::Map<const Vector>(w.data(), w.size());
  }
  Matrix back(const Vector& e, const Matrix& x, bool transposed) override {
    const Eigen::Map<const Matrix> g(e.data(), y_.rows(), y_.cols());
    return transposed ? Matrix(g.transpose() * x) : Matrix(g * x);
  }
  Vector row_weights() const override { return Vector::Constant(y_.rows(), static_cast<double>(y_.cols())); }
  Vector column_weights() const override { return Vector::Constant(y_.cols(), static_cast<double>(y_.rows())); }
  Index row_count(Index) const override { return y_.cols(); }
  Index column_count(Index) const override { return y_.rows(); }

 private:
  Matrix y_;
};

}  // namespace

template <class T>
std::unique_ptr<Measurements> make_measurements(const MatrixProblem<T>& problem) {
  switch (problem.measurement) {
    case Measurement::entries:
      return std::make_unique<Entries<T>>(problem);
    case Measurement::dense:
      return std::make_unique<DenseMeasurements<T>>(problem);
    case Measurement::rank_one:
      return std::make_unique<RankOne<T>>(problem);
    case Measurement::full:
      break;
  }
  return std::make_unique<Full<T>>(problem);
}

template std::unique_ptr<Measurements> make_measurements<double>(const MatrixProblem<double>&);
template std::unique_ptr<Measurements> make_measurements<float>(const MatrixProblem<float>&);

}  // namespace rankflow::flow
