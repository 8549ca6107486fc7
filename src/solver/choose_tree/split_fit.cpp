// Completion of one unfolding, rank by rank.
// SPDX-License-Identifier: Apache-2.0
#include "solver/choose_tree/split_fit.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "solver/convex/alternating_ridge.h"
#include "solver/convex/top_singular.h"

namespace rankflow::choose_tree_parts {
namespace {

using convex::Product;
using convex::SparseResidual;

constexpr Index kMostRank = 8;
constexpr Index kSweeps = 6;       // of alternating ridge regression per rank
constexpr double kPenalty = .002;  // relative to the entering direction's singular value
constexpr double kLeast = 1e-6;    // held-out errors below this share of the values count as it
constexpr double kNearBest = 1.1;  // of the least held-out error

// The observations of the wanted part as entries of a matrix.
EntryList<double> unfold(const ObservedBlock& block, unsigned modes, bool held_out) {
  EntryList<double> list;
  for (std::size_t k = 0; k < block.value.size(); ++k) {
    if (block.held_out[k] != held_out) continue;
    Index row = 0, column = 0;
    for (std::size_t n = 0; n < block.shape.size(); ++n) {
      Index& at = (modes >> n & 1U) != 0 ? row : column;
      at = at * block.shape[n] + block.index[n][k];
    }
    list.row.push_back(static_cast<std::int32_t>(row));
    list.column.push_back(static_cast<std::int32_t>(column));
    list.value.push_back(block.value[k]);
  }
  return list;
}

// Root mean square of y - W without the largest quarter: lines with fewer observations than the rank say nothing about
// the others.
double trimmed_error(const EntryList<double>& entries, const Product& product) {
  std::vector<double> squares;
  for (Index k = 0; k < entries.count(); ++k) {
    double error = entries.value[k];
    for (Index r = 0; r < product.rank(); ++r)
      error -= product.u(entries.row[k], r) * product.s[r] * product.v(entries.column[k], r);
    squares.push_back(error * error);
  }
  if (squares.empty()) return 0;
  const auto kept = squares.begin() + static_cast<std::ptrdiff_t>((3 * squares.size() + 3) / 4);
  std::nth_element(squares.begin(), kept - 1, squares.end());
  return std::sqrt(std::accumulate(squares.begin(), kept, 0.0) / static_cast<double>(kept - squares.begin()));
}

// One more direction, as large as the observations say; its singular value among them.
double add_direction(const SparseResidual& residual, double share, Product& product) {
  const convex::TopSingular top = top_singular(residual, product, Matrix(residual.num_columns(), 0), 1, .1, kNaN, 0);
  if (top.s.size() == 0 || !(top.s[0] > 0)) return 0;
  const Index r = product.rank();
  product.u.conservativeResize(Eigen::NoChange, r + 1);
  product.v.conservativeResize(Eigen::NoChange, r + 1);
  product.s.conservativeResize(r + 1);
  product.u.col(r) = top.u.col(0);
  product.v.col(r) = top.v.col(0);
  product.s[r] = top.s[0] / share;
  return top.s[0];
}

}  // namespace

SplitFit fit_split(const ObservedBlock& block, unsigned modes) {
  Index rows = 1, columns = 1;
  for (std::size_t n = 0; n < block.shape.size(); ++n) ((modes >> n & 1U) != 0 ? rows : columns) *= block.shape[n];
  const Observations<double> train = make_observations<double>(rows, columns, unfold(block, modes, false));
  const EntryList<double> test = unfold(block, modes, true);
  Biases none;
  none.row = Vector::Zero(rows);
  none.column = Vector::Zero(columns);
  SparseResidual residual(train, none);
  Product product{Matrix(rows, 0), Matrix(columns, 0), Vector()};
  residual.set(product);
  const double start = trimmed_error(test, product);
  SplitFit fit;
  if (!(start > 0)) return fit;
  const double share = static_cast<double>(train.count()) / static_cast<double>(rows) / static_cast<double>(columns);
  const Index most = std::min({kMostRank, rows, columns});
  std::vector<double> errors = {1};  // by rank, relative to the values
  for (Index rank = 1; rank <= most && errors.back() > kLeast; ++rank) {
    const double size = add_direction(residual, share, product);
    if (!(size > 0)) break;
    alternate(product, train, none, kPenalty * size, kSweeps);
    residual.set(product);
    errors.push_back(trimmed_error(test, product) / start);
  }
  double least = 1;
  for (std::size_t rank = 1; rank <= static_cast<std::size_t>(kMostRank); ++rank) {
    if (rank < errors.size()) least = std::clamp(errors[rank], kLeast, least);
    fit.score += std::log(least);
  }
  fit.rank =
      std::find_if(errors.begin(), errors.end(), [&](double e) { return e <= kNearBest * least; }) - errors.begin();
  fit.error = errors[fit.rank];
  return fit;
}

}  // namespace rankflow::choose_tree_parts
