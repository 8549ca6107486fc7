// Gradient descent on the weights of a factorization of an array, as the papers run it: one fit of a completion.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "rankflow/archive.h"
#include "rankflow/cp_factorization.h"
#include "rankflow/descent.h"
#include "rankflow/fit.h"
#include "rankflow/tensor_problem.h"
#include "rankflow/tree_factorization.h"

namespace rankflow {

struct ArrayDescentOptions {
  DescentOptions descent;
  Index width = 0;   // components, or the width of every inner node; 0 = enough for any array of the shape, if small
  double scale = 0;  // root mean square of the tensor at the start, in units of that of the values; 0 = 1e-6
  std::uint64_t seed = 0;
};

/// Who watches a fit, and where its state goes and comes from.
struct ArrayDescentWatch {
  Observer observer;
  std::function<bool()> save_due = [] { return false; };
  std::function<void(Archive)> save = [](Archive) {};  // also after an observer said finish
  const Archive* resume = nullptr;                     // what `save` was given by a fit of the same data and options
};

template <class Model>
struct ArrayDescentResult {
  Model model;  // of the moment that was best on the validation part; without one of the last
  Stop stop = Stop::not_run;
  std::string message = "the fit has not run";
  Index iterations = 0, best_iteration = 0;
  double train_rmse = kNaN, validation_rmse = kNaN;
};

/// Starts next to zero. `validation` chooses the moment; null = `iterations` updates of a fit before, where that is not
/// 0, or until the loss is matched. Values are brought to unit root mean square for it. Throws InputError for sizes
/// that do not fit into memory, OptionError.
ArrayDescentResult<CpFactorization<double>> descend_cp(const TensorProblem<double>& train,
                                                       const TensorProblem<double>* validation,
                                                       const ArrayDescentOptions& options, Index iterations,
                                                       const ArrayDescentWatch& watch);
ArrayDescentResult<TreeFactorization<double>> descend_tree(const TensorProblem<double>& train,
                                                           const TensorProblem<double>* validation,
                                                           const ModeTree& tree, const ArrayDescentOptions& options,
                                                           Index iterations, const ArrayDescentWatch& watch);

}  // namespace rankflow
