// From a gradient to an update of all factors.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "linalg/aligned.h"
#include "linalg/vector_passes.h"
#include "rankflow/archive.h"
#include "rankflow/descent.h"

namespace rankflow::descent {

template <class T>
class Updater {
 public:
  /// size: numbers in all factors together.
  Updater(const DescentOptions& options, Index size) : Updater(options, std::vector<Index>{size}) {}
  /// Factors that lie apart, each with its size.
  Updater(const DescentOptions& options, std::vector<Index> sizes);

  /// Moves x; returns the size of the step that was taken. more: squared norm of a gradient beside this one.
  double update(std::span<T* const> x, std::span<const T* const> gradient, double more = 0);
  double update(T* x, const T* gradient) { return update(std::span(&x, 1), std::span(&gradient, 1)); }
  /// x -= step gradient.
  void subtract(std::span<T* const> x, std::span<const T* const> gradient, double step);
  void subtract(T* x, const T* gradient, double step) { subtract(std::span(&x, 1), std::span(&gradient, 1), step); }
  double squared_norm(std::span<const T* const> gradient);
  void save(Archive& archive) const;
  /// Throws InputError where the archive does not fit.
  void load(const Archive& archive);

 private:
  double squared_norm(const T* gradient, Index size);
  void subtract(T* x, const T* gradient, double step, Index size);
  double group_rmsprop(std::span<T* const> x, std::span<const T* const> gradient, double more);
  void adam(T* x, const T* gradient, Index part, Index size);
  void add_velocity(T* x, const T* gradient, Index part, Index size);

  DescentOptions options_;
  std::vector<Index> sizes_, begin_;  // of the parts, and where each begins in the moments
  VectorPasses<T> passes_ = vector_passes<T>();
  AlignedVector<T> first_, second_;  // momentum: velocity; adam: moments
  std::vector<double> norms_;        // of blocks
  double mean_square_ = 0;           // v_t of group_rmsprop
  double power1_ = 1, power2_ = 1;   // momentum^t and beta^t
};

}  // namespace rankflow::descent
