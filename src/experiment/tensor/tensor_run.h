// One run about a tensor: its engine moves a factorization, its instruments record.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "experiment/execute.h"
#include "experiment/run_config.h"

namespace rankflow::experiment {

struct TensorDataSet;

/// Throws OptionError for an instrument that the data cannot feed.
RunOutcome execute_tensor(const RunConfig& config, const TensorDataSet& data, const StopAsked& stop);

/// Combinations that no single range forbids. Throws OptionError.
void check_tensor_run(const RunConfig& config);
/// The columns of the run's trajectory. Throws OptionError for instruments that do not exist.
std::vector<std::string> tensor_columns(const RunConfig& config);
/// Names of the numbers that the engine adds to the outcome.
std::vector<std::string> tensor_run_numbers(const RunConfig& config);

}  // namespace rankflow::experiment
