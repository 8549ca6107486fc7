// Dense sensing in one pass over the matrices: z_k = <A_k, W>, then E += slope_k A_k while A_k is still in the cache.
// Any number of end matrices share the pass.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "linalg/aligned.h"
#include "linalg/vector_passes.h"
#include "solver/descent/objective.h"
#include "solver/descent/residual.h"

namespace rankflow::descent {

template <class T>
class SensingPass {
 public:
  /// `problem` must outlive it. `most_runs`: how many end matrices a pass may have.
  SensingPass(const MatrixProblem<T>& problem, Index most_runs);
  /// Fills in e and loss of every run. The same bits for any number of threads; reads each matrix once from memory.
  void run(std::span<SensingRun<T>* const> runs);

 private:
  void run_block(std::span<SensingRun<T>* const> runs, Index first, Index last, Index block);

  const MatrixProblem<T>& problem_;
  Residual<T> residual_;
  VectorPasses<T> passes_ = vector_passes<T>();
  Index cells_, padded_cells_, block_size_, num_blocks_, most_runs_;
  AlignedVector<T> partial_;   // (block, run): its part of E
  std::vector<double> costs_;  // (block, run): its part of the loss
};

}  // namespace rankflow::descent
