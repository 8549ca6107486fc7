// Arrays of any order from files: NumPy, HDF5, MATLAB, idx, FROSTT and lists of cells in text.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "rankflow/options.h"
#include "rankflow/read.h"
#include "rankflow/tensor.h"

namespace rankflow {

struct TensorReadOptions {
  /// What a cell is that a list of cells does not name.
  enum class Absent { hole, zero };

  /// The options that arrays share with tables, with these meanings:
  /// columns    of a text file: the columns of the modes, then the column of the values, by name or position from 1;
  ///            with fewer than four of them the file is a matrix, as read_table() reads it.
  /// array      name of an array (.npz), of a variable (.mat) or path of a data set (HDF5). Empty = the only one.
  /// mask       array of the same shape: what is neither zero nor missing in it is observed. Not for lists of cells.
  /// missing    values that mean a hole, in arrays as in lists.
  /// index_base where the indices of a .tns file begin. automatic: 0 if an index is 0, otherwise 1.
  ReadOptions table = {};
  Absent absent = Absent::hole;
};

/// The fields of ReadOptions with what they mean for arrays, and `absent`.
std::vector<OptionField> fields(TensorReadOptions& options);

/// Reads an array; "-" is standard input. What is not an array by its content or name is read as a table and becomes an
/// array of order 2. Throws InputError (file:line, found, expected, hint) at the first thing that is wrong. Anything
/// .gz is unpacked on the way.
Tensor read_tensor(const std::string& path, const TensorReadOptions& options = {});

/// What is in a file, with everything that is wrong with it.
struct TensorInspection {
  Tensor tensor;            // as if every flaw had been repaired
  std::vector<Flaw> flaws;  // the first ones, in the order they were met
  Index num_flaws = 0;      // all of them
};

/// Reads on after a flaw. Still throws InputError where nothing can be read at all.
TensorInspection inspect_tensor(const std::string& path, const TensorReadOptions& options = {}, Index max_flaws = 100);

/// Is this an array of another order than 2, for read_tensor(), or a table for read_table()? Answered from the
/// beginning of the file: true for binary arrays of another order, for .tns files of three or more modes, and for text
/// of which `columns` names four or more columns. Throws InputError when the file cannot be read. Standard input is not
/// looked into: there, the options alone decide.
bool holds_tensor(const std::string& path, const TensorReadOptions& options = {});

}  // namespace rankflow
