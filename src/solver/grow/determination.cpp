// Power iteration for the pencil of two Gauss-Newton matrices: on cells drawn at random, and on the observed ones.
// SPDX-License-Identifier: Apache-2.0
#include "solver/grow/determination.h"

#include <algorithm>
#include <cmath>

#include "rankflow/rng.h"
#include "solver/grow/normal_equations.h"

namespace rankflow::grow {
namespace {

constexpr std::uint64_t kStream = 0x64657465;
constexpr Index kCellsARow = 6, kRounds = 8, kMostProducts = 200;
// Added to J^T W J, relative to its largest diagonal element: below this a direction counts as unseen.
constexpr double kShift = 1e-12;
// Weights that move typical cells less than this, relative to those that move them most, are not taken for more.
constexpr double kUnmoving = 1e-20;

// Some cells for every index of every mode, the other indices drawn uniformly.
Cells typical_cells(const Cells& like, std::uint64_t seed) {
  Cells cells;
  cells.shape = like.shape, cells.first_row = like.first_row;
  Rng rng(seed, kStream);
  for (Index n = 0; n < like.order(); ++n)
    for (Index i = 0; i < like.shape[n]; ++i)
      for (Index repeat = 0; repeat < kCellsARow; ++repeat)
        for (Index m = 0; m < like.order(); ++m) {
          const Index at = m == n ? i : static_cast<Index>(rng.below(static_cast<std::uint64_t>(like.shape[m])));
          cells.row.push_back(static_cast<std::int32_t>(cells.first_row[m] + at));
        }
  cells.value.assign(cells.row.size() / static_cast<std::size_t>(like.order()), 0);
  return cells;
}

// The same in variables y = sqrt(d) * weights: each moves a typical cell as much as another.
class Scaled final : public LeastSquares {
 public:
  Scaled(LeastSquares& problem, const Vector& d) : problem_(problem), inverse_root_(d.cwiseSqrt().cwiseInverse()) {}
  Index unknowns() const override { return problem_.unknowns(); }
  double loss(const Vector& y) override { return problem_.loss(scaled(y)); }
  double linearize(const Vector& y, Vector& gradient) override {
    const double value = problem_.linearize(scaled(y), gradient);
    gradient = scaled(gradient);
    return value;
  }
  void normal_product(const Vector& direction, Vector& product) override {
    problem_.normal_product(scaled(direction), product);
    product = scaled(product);
  }
  void normal_matrix(Matrix& matrix) override {
    problem_.normal_matrix(matrix);
    matrix = inverse_root_.asDiagonal() * matrix * inverse_root_.asDiagonal();
  }
  void diagonal(Vector& diagonal) override {
    problem_.diagonal(diagonal);
    diagonal = scaled(scaled(diagonal));
  }
  void set_preconditioner(double) override { problem_.set_preconditioner(0); }
  void precondition(const Vector& in, Vector& out) const override {
    problem_.precondition(in.cwiseQuotient(inverse_root_), out);
    out = out.cwiseQuotient(inverse_root_);
  }
  double matrix_cost() const override { return problem_.matrix_cost(); }
  double product_cost() const override { return problem_.product_cost(); }

 private:
  Vector scaled(const Vector& y) const { return inverse_root_.cwiseProduct(y); }
  LeastSquares& problem_;
  Vector inverse_root_;
};

}  // namespace

double amplification(const Family& family, const Cells& cells, const Point& point, std::uint64_t seed,
                     const Budget& budget) {
  if (point.weights.size() == 0) return 1;
  const Cells typical = typical_cells(cells, seed);
  const auto on_observed = family.least_squares(cells, point), on_typical = family.least_squares(typical, point);
  Vector d, unused, z(point.weights.size()), elsewhere, observed;
  on_observed->linearize(point.weights, unused);
  on_typical->linearize(point.weights, unused);
  on_typical->diagonal(d);
  if (!(d.maxCoeff() > 0)) return kNaN;
  d = d.cwiseMax(kUnmoving * d.maxCoeff());
  Scaled seen(*on_observed, d), everywhere(*on_typical, d);
  NormalEquations equations(seen);
  equations.refresh();
  double shift = kShift * equations.diagonal().maxCoeff();
  Rng rng(seed, kStream, 1);
  for (Index k = 0; k < z.size(); ++k) z[k] = rng.normal();
  double most = 0;
  for (Index round = 0; round < kRounds && !budget.spent(); ++round) {
    everywhere.normal_product(z, elsewhere);
    while (!equations.solve(elsewhere, shift, 1e-6, kMostProducts, z)) {
      shift *= 10;
      if (!std::isfinite(shift)) return kNaN;
    }
    const double norm = z.norm();
    if (!(norm > 0)) break;
    z /= norm;
    everywhere.normal_product(z, elsewhere);
    seen.normal_product(z, observed);
    // Below the shift, what is seen is rounding.
    const double change = std::max(z.dot(observed), shift) / static_cast<double>(cells.count());
    most = std::max(most, z.dot(elsewhere) / static_cast<double>(typical.count()) / change);
  }
  return std::sqrt(most);
}

}  // namespace rankflow::grow
