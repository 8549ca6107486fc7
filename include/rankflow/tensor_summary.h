// What is in an array, in numbers a person can judge: shape, holes, values, and what looks odd.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "rankflow/summary.h"
#include "rankflow/tensor.h"

namespace rankflow {

struct TensorSummary {
  std::vector<AxisSummary> modes;                             // observations of the indices of each mode
  double min = kNaN, max = kNaN, mean = kNaN, spread = kNaN;  // spread: standard deviation
  Index num_zeros = 0;                                        // observed cells that are 0
  Index num_distinct = 0;                                     // different values; counted up to kMostDistinct
  bool distinct_is_lower_bound = false;
  bool whole_values = false;            // all are whole numbers, however they were written
  std::vector<std::string> suspicions;  // one sentence each
};

/// O(observations x modes) time.
TensorSummary summarize(const Tensor& tensor);

/// What `check` prints: several lines, with notes and warnings. Of many modes the first are shown.
std::string summary_text(const Tensor& tensor, const TensorSummary& summary);
/// The same as one JSON object, all modes.
std::string summary_json(const Tensor& tensor, const TensorSummary& summary);

}  // namespace rankflow
