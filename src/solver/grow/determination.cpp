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

}  // namespace

double amplification(const Family& family, const Cells& cells, const Point& solution, std::uint64_t seed,
                     const Budget& budget) {
  if (solution.weights.size() == 0) return 1;
  const Point point = family.evened(solution);
  const Cells typical = typical_cells(cells, seed);
  const auto seen = family.least_squares(cells, point);
  const auto everywhere = family.least_squares(typical, point);
  Vector unused, z(point.weights.size()), elsewhere, observed;
  seen->linearize(point.weights, unused);
  everywhere->linearize(point.weights, unused);
  NormalEquations equations(*seen);
  equations.refresh();
  double shift = kShift * equations.diagonal().maxCoeff();
  Rng rng(seed, kStream, 1);
  for (Index k = 0; k < z.size(); ++k) z[k] = rng.normal();
  double most = 0;
  for (Index round = 0; round < kRounds && !budget.spent(); ++round) {
    everywhere->normal_product(z, elsewhere);
    while (!equations.solve(elsewhere, shift, 1e-6, kMostProducts, z)) {
      shift *= 10;
      if (!std::isfinite(shift)) return kNaN;
    }
    const double norm = z.norm();
    if (!(norm > 0)) break;
    z /= norm;
    everywhere->normal_product(z, elsewhere);
    seen->normal_product(z, observed);
    // Below the shift, what is seen is rounding.
    const double on_observed = std::max(z.dot(observed), shift) / static_cast<double>(cells.count());
    most = std::max(most, z.dot(elsewhere) / static_cast<double>(typical.count()) / on_observed);
  }
  return std::sqrt(most);
}

}  // namespace rankflow::grow
