// One point of a path: the weighted least squares problem at one eps, from an iterate to the next.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "rankflow/dense_array.h"
#include "rankflow/overlap.h"
#include "solver/overlap/mode_basis.h"
#include "solver/overlap/pair_penalty.h"

namespace rankflow::overlap {

/// Arrays that fits on different parts share.
template <class T>
struct WorkSpace {
  explicit WorkSpace(Index cells);
  std::vector<T> penalty, inverse, residual, direction, turned, image, spare, more;
};

/// Which unfoldings there are: single modes first, then pairs (first < second).
struct Unfoldings {
  std::vector<Index> shape;
  std::vector<std::pair<Index, Index>> pairs;
  Index count() const { return static_cast<Index>(shape.size() + pairs.size()); }
};
/// All pairs of modes with at most `limit` indices together, for order 4 and more; none where that makes more
/// unfoldings than a search over their weights can go through.
Unfoldings choose_unfoldings(const std::vector<Index>& shape, Index limit);

/// What a point of the path is solved with.
struct Point {
  double eps = 1;
  OverlapSetting setting;
  double power = 0;
  Index iterations = 8;
  double tolerance = 1e-3;  // of the preconditioned residual's norm, relative to the start
};

/// One step towards the minimum over X of
///   sum over M (X - Y)^2 + sum_S a_S k c_S eps^(2-p) f(C_S + eps^2),   C_S = X_(S) X_(S)^T / c_S,
/// c_S the number of columns of the unfolding X_(S), f(A) = log det A for p = 0 and 2/p trace A^(p/2) otherwise: the
/// penalty is replaced by the quadratic one that touches it from above (Mohan and Fazel 2012, for one unfolding),
///   sum_S <X_(S), W_S X_(S)>,   W_S = a_S k eps^(2-p) (C_S + eps^2)^(p/2-1)   with C_S of the last iterate.
/// No eigenvalue of W_S exceeds a_S k, so a few steps of conjugate gradients do, preconditioned in the coordinates of
/// the single modes' eigenvectors.
template <class T>
class Smoother {
 public:
  /// `y` (scaled values, any number where nothing is observed) and `work` must outlive the object.
  Smoother(const Unfoldings& unfoldings, const std::vector<T>& y, CellMask use, const OverlapOptions& options,
           WorkSpace<T>& work);

  void start(std::vector<T> x0);
  void step(const Point& point);
  const std::vector<T>& x() const { return x_; }
  const CellMask& use() const { return use_; }

  /// What the next step depends on.
  void save(Archive& to, const std::string& prefix) const;
  void load(const Archive& from, const std::string& prefix);

 private:
  void weigh(const Point& point);
  void turn(const T* from, T* to, bool forward);
  void iterate(const Point& point);
  void masked(const T* from, T* to) const;

  Unfoldings unfoldings_;
  const std::vector<T>& y_;
  CellMask use_;
  double density_ = 1;
  WorkSpace<T>& work_;
  std::vector<ModeBasis<T>> bases_;
  std::vector<PairPenalty<T>> pairs_;
  std::vector<T> x_;
};

}  // namespace rankflow::overlap
