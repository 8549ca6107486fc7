// Which modes belong together: a mode tree from the observed cells, before any tensor is fitted.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "rankflow/mode_tree.h"
#include "rankflow/tensor_problem.h"
#include "rankflow/types.h"

namespace rankflow {

/// How well the unfolding of some modes by the others is completed as a matrix of rank 1, 2, ..., 8. A tenth of the
/// observations is held out; errors are root mean squares there without the largest quarter, relative to the values.
struct SplitFit {
  double score = 0;     // sum over ranks of log(least error so far)
  Index rank = 0;       // the smallest within 10 % of the least error: a hint for the width above the node
  double error = kNaN;  // there
};

struct TreeChoice {
  ModeTree tree;
  std::vector<SplitFit> split;  // by node; leaves and the root did not enter the choice and have none
};

/// The tree of binary splits whose unfoldings have the least sum of scores, each compared with those of other
/// unfoldings of its shape: a split of the true tree has low rank and is completed soon, other splits have up to the
/// product of two such ranks. Exact search up to 7 modes; beyond that the best pair of groups is joined until 7 are
/// left. Where the root is does not change which splits a tree has: it is put where the tree is lowest, so that a root
/// may have three children. Only cells (TensorMeasurement::entries), up to 16 modes; arrays with many cells are judged
/// by their most observed indices. Planted trees of order 4 and 6 are found from half the cells; at order 8 and more
/// with short modes single splits may be wrong: the unfolding of a pair has few observations a column there.
template <class T>
TreeChoice choose_tree(const TensorProblem<T>& problem);

}  // namespace rankflow
