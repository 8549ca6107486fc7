// Who writes which kind of array: one function per format, called by write_tensor.cpp once it knows the format.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "data/output_file.h"
#include "rankflow/write_tensor.h"

namespace rankflow {

/// The cells of an array one after the other: observed ones from the array, the others computed.
class CellStream {
 public:
  /// @param column_major  the first mode is fastest, not the last
  CellStream(const Tensor& tensor, const TensorCell& fill, const WriteOptions& options, bool column_major = false);

  /// The next cell's value; NaN is a hole. Must not be called more often than there are cells.
  double next();
  /// Where the cell lies that next() gave, and whether its value is an observed one.
  const std::vector<std::int32_t>& index() const { return index_; }
  bool observed() const { return observed_; }

  const Tensor& tensor() const { return tensor_; }
  Index count() const { return count_; }

 private:
  void advance();
  Index observation(Index k) const { return order_.empty() ? k : order_[static_cast<std::size_t>(k)]; }

  const Tensor& tensor_;
  const TensorCell& fill_;
  bool keep_, column_major_, observed_ = false, begun_ = false;
  int digits_ = 0;
  Index count_ = 1, next_observed_ = 0;
  std::vector<std::int32_t> index_;
  std::vector<Index> order_;  // of the observations along the way; empty: as they are
};

/// All of them, as doubles the way they lie in memory.
void put_cells(OutputFile& file, CellStream& cells);

void write_npy_cells(const std::string& path, CellStream& cells);
void write_npz_cells(const std::string& path, CellStream& cells);
void write_npz_list(const std::string& path, const Tensor& tensor);
void write_mat_cells(const std::string& path, CellStream& cells);
void write_hdf5_cells(const std::string& path, CellStream& cells);

/// How cells look as text.
struct CellText {
  char delimiter = ',';
  bool tns = false;  // positions from 1 and no header
};
void write_text_cells(const std::string& path, CellStream& cells, CellText text, int digits);
void write_text_list(const std::string& path, const Tensor& tensor, CellText text);
void write_text_list(const std::string& path, const Tensor& names, const TensorEntries& entries, CellText text,
                     int digits);

}  // namespace rankflow
