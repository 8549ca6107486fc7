// A run about images: a CP factorization of order one per pixel learns them in mini-batches.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "experiment/execute.h"

namespace rankflow::experiment {

/// Throws OptionError where options do not go together.
void check_images(const RunConfig& config);
DataSet make_image_data(const DataOptions& data);

/// What is recorded at each record, and the numbers beside "iterations", "seconds" and "count".
std::vector<std::string> image_run_columns();
std::vector<std::string> image_run_numbers();

void learn_images(const RunConfig& config, const ImageSet& images, const StopAsked& stop, RunOutcome& outcome);

}  // namespace rankflow::experiment
