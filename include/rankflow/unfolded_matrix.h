// An array completed through one of its unfoldings: a matrix of low rank whose rows are some of the modes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rankflow/flow.h"
#include "rankflow/tensor_problem.h"

namespace rankflow {

/// The rows (or columns) of an unfolding: combinations of the indices of some modes that occur among the observations.
struct UnfoldedSide {
  std::vector<Index> modes;   // ascending
  std::vector<Index> stride;  // by mode, of the combined index; the last mode is fastest
  std::vector<Index> keys;    // combined indices that occur, ascending

  /// Row of a cell; -1 if its combination does not occur.
  std::int32_t place(std::span<const std::int32_t> index) const;
};

/// A cell whose row or column does not occur is predicted by the other side's bias.
struct UnfoldedMatrix {
  std::vector<Index> shape;
  UnfoldedSide rows, columns;
  LowRankModel model;

  double entry(std::span<const std::int32_t> index) const;
};

struct UnfoldedResult {
  UnfoldedMatrix model;
  Stop stop = Stop::not_run;
  std::string message = "the fit has not run";
  Index iterations = 0;
  double train_rmse = kNaN, validation_rmse = kNaN;
  FlowPath path;
  Centering centering = Centering::none;
  bool solved = false;  // as FlowResult
};

/// Fits the end-to-end flow to the unfolding. `validation` chooses path and moment; null = none. Throws InputError for
/// anything but squared loss on entries, OptionError for row modes that are no proper subset of the modes.
UnfoldedResult fit_unfolded(const TensorProblem<double>& train, const TensorProblem<double>* validation,
                            const std::vector<Index>& row_modes, const FlowOptions& options,
                            std::span<const Observer> observers = {});
/// The same unfolding, centering and path on more observations.
UnfoldedResult refit_unfolded(const TensorProblem<double>& observations, const UnfoldedResult& validated,
                              const FlowOptions& options, std::span<const Observer> observers = {});

/// Every unfolding with rows of one mode, and from order 4 on of two (one of each pair of complements).
std::vector<std::vector<Index>> unfoldings(Index order);

}  // namespace rankflow
