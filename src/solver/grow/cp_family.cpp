// CP factorizations as points: the stacked factors, row by row.
// SPDX-License-Identifier: Apache-2.0
#include "solver/grow/cp_family.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "solver/grow/cp_least_squares.h"

namespace rankflow::grow {
namespace {

constexpr Index kCandidates = 6;  // of the directions found, as many are offered

class CpFamily final : public Family {
 public:
  explicit CpFamily(std::vector<Index> shape) : shape_(std::move(shape)), first_row_{0} {
    for (const Index size : shape_) first_row_.push_back(first_row_.back() + size);
  }

  Point nothing() const override { return {{0}, Vector()}; }
  bool valid(const Point& point) const override {
    return point.widths.size() == 1 && point.widths[0] >= 0 && point.weights.size() == rows() * point.widths[0] &&
           point.weights.allFinite();
  }
  std::unique_ptr<LeastSquares> least_squares(const Cells& cells, const Point& like) const override {
    return cp_least_squares(cells, like.widths[0]);
  }
  void values(const Cells& cells, const Point& point, std::vector<double>& x) const override {
    cp_values(cells, point.widths[0], point.weights, x);
  }

  std::vector<Candidate> directions(const Cells& cells, const Point& point, const std::vector<double>& slope,
                                    const DrawKey& key, const Budget& budget) const override {
    const CpDirections found = cp_directions(cells, slope, key, budget);
    std::vector<Candidate> candidates;
    std::vector<double> on_cells;
    for (Index k = 0; k < std::min(kCandidates, found.gamma.size()); ++k) {
      const Vector column = found.vectors.col(k);
      cp_values(cells, 1, column, on_cells);
      double squares = 0;
      for (Index i = 0; i < cells.count(); ++i) squares += cells.weight_of(i) * on_cells[i] * on_cells[i];
      // The best multiple on the observed cells, shared out evenly.
      const double size = std::pow(found.gamma[k] / squares, 1 / static_cast<double>(shape_.size()));
      candidates.push_back({found.gamma[k], with_column(point, size * column)});
    }
    return candidates;
  }

  void balance(const std::vector<Index>& widths, Vector& weights) const override {
    const Index r = widths[0], order = static_cast<Index>(shape_.size());
    Eigen::Map<Matrix> stacked(weights.data(), rows(), r);
    Matrix norms(order, r);
    for (Index n = 0; n < order; ++n) norms.row(n) = mode(stacked, n).colwise().norm();
    for (Index c = 0; c < r; ++c) {
      const double smallest = norms.col(c).minCoeff();
      if (!(smallest > 0)) {
        stacked.col(c).setZero();
        continue;
      }
      const double common = std::exp(norms.col(c).array().log().mean());
      for (Index n = 0; n < order; ++n) mode(stacked, n).col(c) *= common / norms(n, c);
    }
  }

  double degrees_of_freedom(const std::vector<Index>& widths) const override {
    return static_cast<double>(widths[0]) * static_cast<double>(rows() - static_cast<Index>(shape_.size()) + 1);
  }

  std::vector<double> part_sizes(const Cells& cells, const Point& point) const override {
    std::vector<double> sizes, on_cells;
    const Eigen::Map<const Matrix> stacked(point.weights.data(), rows(), point.widths[0]);
    for (Index c = 0; c < point.widths[0]; ++c) {
      cp_values(cells, 1, stacked.col(c), on_cells);
      double squares = 0;
      for (Index k = 0; k < cells.count(); ++k) squares += cells.weight_of(k) * on_cells[k] * on_cells[k];
      sizes.push_back(std::sqrt(squares));
    }
    return sizes;
  }

  Point without(const Point& point, Index part) const override {
    const Index r = point.widths[0];
    const Eigen::Map<const Matrix> old(point.weights.data(), rows(), r);
    Point less{{r - 1}, Vector(rows() * (r - 1))};
    Eigen::Map<Matrix> stacked(less.weights.data(), rows(), r - 1);
    stacked.leftCols(part) = old.leftCols(part);
    stacked.rightCols(r - 1 - part) = old.rightCols(r - 1 - part);
    return less;
  }

  Index num_components(const Point& point) const override { return point.widths[0]; }

  std::vector<double> component_norms(const Point& point) const override {
    const Eigen::Map<const Matrix> stacked(point.weights.data(), rows(), point.widths[0]);
    Vector norms = Vector::Ones(point.widths[0]);
    for (std::size_t n = 0; n < shape_.size(); ++n)
      norms.array() *= stacked.middleRows(first_row_[n], shape_[n]).colwise().norm().transpose().array();
    std::sort(norms.begin(), norms.end(), std::greater<>());
    return {norms.begin(), norms.end()};
  }

 private:
  Index rows() const { return first_row_.back(); }
  Eigen::Ref<Matrix> mode(Eigen::Map<Matrix>& stacked, Index n) const {
    return stacked.middleRows(first_row_[n], shape_[n]);
  }
  Point with_column(const Point& point, const Vector& column) const {
    const Index r = point.widths[0];
    Point more{{r + 1}, Vector(rows() * (r + 1))};
    Eigen::Map<Matrix> stacked(more.weights.data(), rows(), r + 1);
    stacked.leftCols(r) = Eigen::Map<const Matrix>(point.weights.data(), rows(), r);
    stacked.col(r) = column;
    return more;
  }

  std::vector<Index> shape_, first_row_;
};

}  // namespace

std::unique_ptr<Family> cp_family(const std::vector<Index>& shape) {
  return std::make_unique<CpFamily>(shape);
}

CpFactorization<double> to_cp(const std::vector<Index>& shape, const Point& point, double scale) {
  CpFactorization<double> model;
  const Index r = point.widths[0];
  const double each = std::pow(scale, 1 / static_cast<double>(shape.size()));
  Index row = 0;
  for (const Index size : shape) {
    model.factors.push_back(each * Eigen::Map<const Matrix>(point.weights.data() + row * r, size, r));
    row += size;
  }
  return model;
}

Point from_cp(const CpFactorization<double>& model, double scale) {
  Point point{{model.factors.front().cols()}, Vector()};
  const double each = std::pow(scale, -1 / static_cast<double>(model.factors.size()));
  Index size = 0;
  for (const Matrix& factor : model.factors) size += factor.size();
  point.weights.resize(size);
  Index at = 0;
  for (const Matrix& factor : model.factors) {
    point.weights.segment(at, factor.size()) = each * Eigen::Map<const Vector>(factor.data(), factor.size());
    at += factor.size();
  }
  return point;
}

}  // namespace rankflow::grow
