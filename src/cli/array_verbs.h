// What the verbs do with arrays of order 3 and more.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/complete_outputs.h"
#include "cli/interruption.h"
#include "rankflow/complete_array.h"
#include "rankflow/kept_array.h"
#include "rankflow/read_tensor.h"

namespace rankflow::cli {

/// The options that only arrays have; the others are those of tables.
std::vector<OptionField> array_fields(TensorReadOptions& options);
std::vector<OptionField> array_fields(ArrayOptions& options);

struct ArrayJob {
  std::string input;
  std::string test, valid;  // what judges and what chooses, in files of their own; empty = drawn
  TensorReadOptions read;
  ArrayOptions complete;
  OutputOptions output;
  bool json = false, quiet = false;
  std::vector<std::string> command;  // the words of the command line
  CheckpointSettings checkpoint;
};
/// `rankflow complete` on an array. Returns the exit status.
int complete_array_file(const ArrayJob& job);

/// Refuses before any work what could not be written afterwards.
void check_array_outputs(const OutputOptions& output, const Tensor& tensor);
/// Writes what was asked for; returns one sentence per file written.
std::vector<std::string> write_array_outputs(const OutputOptions& output, const Tensor& tensor,
                                             const ArrayCompletion& result, const ArrayOptions& options,
                                             const std::vector<std::string>& command);

/// `rankflow predict` from the model of an array. cells: a text file with an id per mode a line, or an array of the
/// model's shape with holes; empty with all_cells.
struct ArrayPredictions {
  KeptArray model;
  std::string model_path, cells, output;
  double intervals = 0;
  int digits = 0;
  bool all_cells = false, json = false, quiet = false;
};
void predict_array_cells(const ArrayPredictions& job);

/// Why a model gives no intervals of this level; empty if it does.
std::string interval_problem(const ArrayPredictor& predictor, std::size_t order, double level);

/// The cells of an array with its modes' names, value, low and high, one a line; observed ones as they are, unless
/// `keep_observed` is false.
void write_array_intervals(const std::string& path, const Tensor& tensor, const ArrayPredictor& predictor, double level,
                           const WriteOptions& options);

/// `rankflow check` on an array; what is wrong is printed, and the exit status is 3 then.
int check_array_file(const std::string& path, const TensorReadOptions& read, bool json, Index max_problems);

/// `rankflow convert` of an array.
enum class OutputShape { as_read, triplets, dense };
struct ArrayConversion {
  std::string input, output;
  TensorReadOptions read;
  OutputShape shape = OutputShape::as_read;
  int digits = 0;  // significant ones that values are rounded to; 0 = all
};
void convert_array_file(const ArrayConversion& conversion, bool json);

}  // namespace rankflow::cli
