// Growing tree: completes a tensor by a hierarchical factorization over a given mode tree, whose widths are found.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>

#include "rankflow/archive.h"
#include "rankflow/grow.h"
#include "rankflow/tensor_problem.h"
#include "rankflow/tree_factorization.h"

namespace rankflow {

/// Widths that the fit needed: some may be redundant. The hierarchical rank is that of the model's matricizations.
struct GrowTreeResult : GrowReport {
  TreeFactorization<double> model;
};

/// As GrowCp. A GrowStep's components are the largest width, its norms those of the root's local components.
class GrowTree {
 public:
  GrowTree(const TensorProblem<double>& train, const TensorProblem<double>* validation, const ModeTree& tree,
           const GrowOptions& options);
  /// Fits again on more observations what was found on a part of them.
  GrowTree(const TensorProblem<double>& observations, const GrowTreeResult& validated, const GrowOptions& options);
  ~GrowTree();
  GrowTree(GrowTree&&) noexcept;

  bool step();
  GrowStep last_step() const;
  Archive state() const;
  void restore(const Archive& state);
  GrowTreeResult result() const;
  void finish(Stop why);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

GrowTreeResult fit_grow_tree(const TensorProblem<double>& train, const TensorProblem<double>* validation,
                             const ModeTree& tree, const GrowOptions& options = {},
                             std::span<const GrowWatcher> watchers = {});
GrowTreeResult refit_grow_tree(const TensorProblem<double>& observations, const GrowTreeResult& validated,
                               const GrowOptions& options = {}, std::span<const GrowWatcher> watchers = {});

}  // namespace rankflow
