// Arrays to files: completed ones cell by cell, arrays with holes, and lists of cells.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <string>

#include "rankflow/tensor.h"
#include "rankflow/write.h"

namespace rankflow {

class Archive;

/// The value of the cell at `index` (a position per mode), computed when it is written; NaN leaves a hole. Called once
/// per cell that is not observed, the last mode fastest (the first mode fastest for .mat).
using TensorCell = std::function<double(std::span<const std::int32_t> index)>;

/// Writes all cells of an array of like's shape: observed ones exactly as they are in `like`, the others from `fill`;
/// an empty `fill` leaves them holes. The name decides the format: .npy .npz .mat .h5 .hdf5 hold arrays; .csv .tsv .txt
/// .tns and "-" (comma) hold a cell a line, holes left out (.gz may follow text and .npy). The whole array is never in
/// memory. Throws InputError (path, the system's reason) and then leaves nothing behind; OptionError where the format
/// cannot hold the array.
void write_dense(const std::string& path, const Tensor& like, const TensorCell& fill = {},
                 const WriteOptions& options = {});

/// Writes the observed cells, one a line, with the array's titles and ids: .csv .tsv .txt .tns .npz and "-". A .tns has
/// positions from 1 instead of ids.
void write_cells(const std::string& path, const Tensor& tensor, const WriteOptions& options = {});

/// One value per cell, in the order given: predictions somebody asked for. `names` has the modes. Text only.
void write_cells(const std::string& path, const Tensor& names, const TensorEntries& entries,
                 const WriteOptions& options = {});

/// Observed cells in the array's own layout: a list stays a list, an array an array with holes (NaN); formats that know
/// only one of them get that one.
void write_tensor(const std::string& path, const Tensor& tensor, const WriteOptions& options = {});

/// What names a tensor's modes in an .npz file, `mode_1_names` and so on and `titles`: only what there is to say.
void set_names(Archive& archive, const Tensor& tensor);

/// The formats that can be written, for help texts and messages.
inline constexpr const char* kWritableTensorFormats =
    ".npy .npz .mat .h5 .hdf5, or cells as .csv .tsv .txt .tns or - (.gz may follow text and .npy)";

}  // namespace rankflow
