// The matrix behind a run, what is measured of it, and what is known about it beforehand.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "experiment/images/image_set.h"
#include "experiment/run_config.h"
#include "rankflow/instrument.h"
#include "rankflow/matrix_problem.h"

namespace rankflow::experiment {

struct TensorDataSet;

struct DataSet {
  std::shared_ptr<const ImageSet> images;  // in place of all others where the data are images
  MatrixProblem<double> problem;
  Reference reference;                          // truth is empty where nobody knows it
  std::shared_ptr<const TensorDataSet> tensor;  // in place of both where the data are a tensor
  std::map<std::string, double> numbers;  // "truth_nuclear_norm", "truth_sigma_1", "count": for claims and figures
};

/// Deterministic: keyed by the options' seeds. Throws InputError for files, OptionError for what cannot be made.
DataSet make_data_set(const DataOptions& data, const ProblemOptions& problem);

/// A problem in single precision.
MatrixProblem<float> to_float(const MatrixProblem<double>& problem);

/// Data sets that are shared by the runs that need the same one; each is made once and forgotten with its last user.
class DataSets {
 public:
  std::shared_ptr<const DataSet> get(const std::string& key, const RunConfig& config);

 private:
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<const DataSet>> made_;
};

}  // namespace rankflow::experiment
