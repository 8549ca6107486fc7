// The tensor behind a run, what is measured of it, and what is known about it beforehand.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "experiment/run_config.h"
#include "rankflow/tensor_instrument.h"

namespace rankflow::experiment {

struct TensorDataSet {
  TensorProblem<double> problem;
  TensorReference reference;              // `observed` is empty: data sets may move
  std::map<std::string, double> numbers;  // "linear_error", "truth_component_1", "count": for claims and figures
};

/// Deterministic: keyed by the options' seeds. Throws InputError for files, OptionError for what cannot be made.
TensorDataSet make_tensor_data(const DataOptions& data, const ProblemOptions& problem);
/// The shape alone; reads a file.
std::vector<Index> tensor_shape(const DataOptions& data);
/// Names of `numbers` that a data set of this kind has.
std::vector<std::string> tensor_data_numbers(const DataOptions& data);

template <class T>
TensorProblem<T> convert(const TensorProblem<double>& problem);

}  // namespace rankflow::experiment
