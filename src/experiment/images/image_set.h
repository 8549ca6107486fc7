// Labelled images as observed cells of a tensor with a mode for each pixel.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "experiment/images/image_options.h"
#include "rankflow/batch_problem.h"

namespace rankflow::experiment {

struct ImageSet {
  BatchProblem<float> train, test;
};

/// Reads the files of `folder`, or those without ".gz". Deterministic: what is drawn is keyed by the seed. Throws
/// InputError where files do not fit each other.
ImageSet read_images(const std::string& folder, const ImageOptions& options, std::uint64_t seed);

/// The mean of squared errors, each at most positive_value^2 if `clipped`, in units of that square.
double image_error(const std::vector<float>& found, const BatchProblem<float>& part, double positive_value,
                   bool clipped);

}  // namespace rankflow::experiment
