// From a gradient to an update of all factors.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "linalg/aligned.h"
#include "linalg/vector_passes.h"
#include "rankflow/archive.h"
#include "rankflow/descent.h"

namespace rankflow::descent {

template <class T>
class Updater {
 public:
  /// size: numbers in all factors together.
  Updater(const DescentOptions& options, Index size);

  /// Moves x; returns the size of the step that was taken.
  double update(T* x, const T* gradient);
  /// x -= step gradient.
  void subtract(T* x, const T* gradient, double step);
  void save(Archive& archive) const;
  /// Throws InputError where the archive does not fit.
  void load(const Archive& archive);

 private:
  double squared_norm(const T* gradient);
  double group_rmsprop(T* x, const T* gradient);
  void adam(T* x, const T* gradient);

  DescentOptions options_;
  Index size_;
  VectorPasses<T> passes_ = vector_passes<T>();
  AlignedVector<T> first_, second_;  // momentum: velocity; adam: moments
  std::vector<double> norms_;        // of blocks
  double mean_square_ = 0;           // v_t of group_rmsprop
  double power1_ = 1, power2_ = 1;   // momentum^t and beta^t
};

}  // namespace rankflow::descent
