// The mean of many products u v^T without keeping the samples: exact where the matrix is small, a sketch otherwise.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "rankflow/archive.h"
#include "rankflow/types.h"

namespace rankflow::posterior {

/// Accumulates M = sum w_s u_s v_s^T. Sketch: Y = M Omega (m x k) and Z = Psi M (l x n) with fixed Gaussian test
/// matrices, l = 2 k + 1 (Tropp, Yurtsever, Udell, Cevher 2017). Memory m k + n l whatever the number of samples.
template <class T>
class MeanSketch {
 public:
  /// rank: how many singular values will be asked for at most.
  MeanSketch(Index rows, Index columns, Index rank, std::uint64_t seed);
  /// M += weight u v^T; u: m x d, v: n x d. O((m + n) d k).
  template <class Factor>
  void add(const Factor& u, const Factor& v, double weight);
  struct LowRank {
    Matrix u, v;
    Vector s;
  };
  /// Best rank-`rank` approximation of scale * M that the sketch knows.
  LowRank approximation(Index rank, double scale) const;

  void save(Archive& archive, const std::string& prefix) const;
  void load(const Archive& archive, const std::string& prefix);

 private:
  bool exact_;
  Index rows_, columns_;
  MatrixOf<T> dense_;            // exact: M
  MatrixOf<T> omega_, psi_;      // n x k and m x l (Psi^T)
  MatrixOf<T> range_, corange_;  // Y: m x k, Z^T: n x l
};

}  // namespace rankflow::posterior
