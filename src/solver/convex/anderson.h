// Anderson's acceleration of a fixed-point iteration s <- s + f(s): the next point is extrapolated from the last few.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "rankflow/archive.h"

namespace rankflow::convex {

/// Type II (Walker and Ni 2011): with differences dS, dF of the last points and of their f, the next point is
/// s + f - (dS + dF) theta, theta = argmin |f - dF theta|. Near a solution, once the rank has settled, this does what a
/// Krylov method does.
class Anderson {
 public:
  explicit Anderson(Index memory) : memory_(memory) {}
  void reset();
  Vector next(const Vector& s, const Vector& f);

  void save(Archive& to, const std::string& prefix) const;
  void load(const Archive& from, const std::string& prefix, Index size);

 private:
  Index memory_;
  std::vector<Vector> ds_, df_;
  Vector last_s_, last_f_;
};

}  // namespace rankflow::convex
