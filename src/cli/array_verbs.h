// What the verbs do with arrays of order 3 and more.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/complete_outputs.h"
#include "rankflow/complete_array.h"
#include "rankflow/read_tensor.h"

namespace rankflow::cli {

/// The options that only arrays have: --absent, and those of ArrayOptions.
std::vector<OptionField> array_fields(TensorReadOptions& options);

struct ArrayJob {
  std::string input;
  std::string test, valid;  // what judges and what chooses, in files of their own; empty = drawn
  TensorReadOptions read;
  ArrayOptions complete;
  OutputOptions output;
  bool json = false, quiet = false;
};
/// `rankflow complete` on an array. Returns the exit status.
int complete_array_file(const ArrayJob& job);

/// `rankflow check` on an array; what is wrong is printed, and the exit status is 3 then.
int check_array_file(const std::string& path, const TensorReadOptions& read, bool json, Index max_problems);

/// `rankflow convert` of an array.
void convert_array_file(const std::string& input, const std::string& output, const TensorReadOptions& read, bool json);

}  // namespace rankflow::cli
