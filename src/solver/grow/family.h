// What the growing engine asks of a kind of factorization: how it is evaluated, what can enter, what can be removed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "solver/grow/budget.h"
#include "solver/grow/cells.h"
#include "solver/grow/least_squares.h"

namespace rankflow::grow {

/// One factorization: all weights in one vector, and the numbers that say how they are arranged (CP: R; tree: the
/// widths of the inner nodes).
struct Point {
  std::vector<Index> widths;
  Vector weights;
};

/// Something that could enter: the slope of the loss along its unit tensor, and the point with it.
struct Candidate {
  double gamma = 0;  // sum_k w_k e_k c_k for the unit tensor c
  Point extended;
};

/// Which random numbers a search for directions uses.
struct DrawKey {
  std::uint64_t seed = 0;
  Index attempt = 0, round = 0;
};

class Family {
 public:
  virtual ~Family() = default;
  /// The zero tensor.
  virtual Point nothing() const = 0;
  /// What a state claims has to fit: widths allowed and as many weights as they need.
  virtual bool valid(const Point& point) const = 0;
  virtual std::unique_ptr<LeastSquares> least_squares(const Cells& cells, const Point& like) const = 0;
  virtual void values(const Cells& cells, const Point& point, std::vector<double>& x) const = 0;
  /// Directions of steepest descent at `point`, best first. slope_k = w_k (y_k - x_k). Empty if nothing is left to
  /// gain.
  virtual std::vector<Candidate> directions(const Cells& cells, const Point& point, const std::vector<double>& slope,
                                            const DrawKey& key, const Budget& budget) const = 0;
  /// Changes the weights, not the tensor, so that what belongs together has equal norms.
  virtual void balance(const std::vector<Index>& widths, Vector& weights) const = 0;
  /// Dimension of the set of tensors with these widths.
  virtual double degrees_of_freedom(const std::vector<Index>& widths) const = 0;
  /// Degrees of freedom that an attempt may take, as a share of the observations.
  virtual double most_freedom(Index /*attempt*/) const { return 1; }
  /// What pruning may try to do without: the size of each removable part.
  virtual std::vector<double> part_sizes(const Cells& cells, const Point& point) const = 0;
  virtual Point without(const Point& point, Index part) const = 0;
  /// Numbers for records.
  virtual Index num_components(const Point& point) const = 0;
  virtual std::vector<double> component_norms(const Point& point) const = 0;  // descending
};

}  // namespace rankflow::grow
