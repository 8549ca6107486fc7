// The files of `rankflow sense`: measurement matrices, or the factors of rank-one ones, and the numbers measured.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "rankflow/matrix_problem.h"

namespace rankflow::cli {

struct SenseFiles {
  std::string matrices, values;  // A.npy and y.npy; matrices is empty for rank-one measurements
  std::string left, right;
  Index rows = 0, columns = 0;  // where A is flat; 0 = from its shape
};

/// Throws OptionError for options that do not fit together and InputError for files that do not.
MatrixProblem<double> read_measurements(const SenseFiles& files);

}  // namespace rankflow::cli
