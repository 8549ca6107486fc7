// Who reads which kind of array: one function per format, called by read_tensor.cpp once it knows the format.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/flaws.h"
#include "data/input.h"
#include "data/text_layout.h"
#include "rankflow/read_tensor.h"

namespace rankflow {

Tensor read_npy_tensor(std::string_view bytes, const TensorReadOptions& options, Flaws& flaws);
Tensor read_npz_tensor(std::string_view bytes, const TensorReadOptions& options, Flaws& flaws);
bool looks_like_idx(std::string_view head);
Tensor read_idx(std::string_view bytes, const TensorReadOptions& options, Flaws& flaws);
Tensor read_tns(Input& input, const TensorReadOptions& options, Flaws& flaws);

/// Which columns of a text are modes, values, weights?
struct ListLayout {
  TextLayout text;               // delimiter, header, number of fields
  std::vector<Index> mode;       // fields from 0
  Index value = 0, weight = -1;  // weight -1: none, all 1
};
/// Reads the options, or takes all columns but the last for modes.
ListLayout find_list_layout(Input& input, const TensorReadOptions& options, const Flaws& flaws);
/// Whether a text without `columns` is a list of cells of an array of three or more modes; see docs/file-formats.md.
bool looks_like_cell_list(Input& input, const TensorReadOptions& options, const Flaws& flaws);
Tensor read_cell_list(Input& input, const ListLayout& layout, const TensorReadOptions& options, Flaws& flaws);

bool looks_like_mat5(std::string_view head);
Tensor read_mat5(std::string_view bytes, const TensorReadOptions& options, Flaws& flaws);
bool looks_like_hdf5(std::string_view head);
/// @param path  where the bytes lie as they are, if they do; empty: they are in memory alone
Tensor read_hdf5(Input& input, const std::string& path, const TensorReadOptions& options, Flaws& flaws);

/// The order of the array that would be read, from the beginning of a file; 0 if that does not tell.
Index order_of_npz(std::string_view bytes, const TensorReadOptions& options, const Flaws& flaws);
Index order_of_mat5(std::string_view bytes, const TensorReadOptions& options, const Flaws& flaws);
Index order_of_hdf5(Input& input, const std::string& path, const TensorReadOptions& options, const Flaws& flaws);

/// The whole way from bytes to an array, mask included. `path` as for read_hdf5().
Tensor read_tensor_input(Input& input, const std::string& path, const TensorReadOptions& options, Flaws& flaws);

/// Arrays of a file that could be meant, as a message lists them: "'a' (3 x 4 x 5), 'b' (7)".
struct ArrayChoice {
  std::string name;
  std::vector<Index> shape;
  std::string type;
};
std::string listed(const std::vector<ArrayChoice>& choices);
/// The one that is called `wanted`, or the only one. Fails with a list of all otherwise.
const ArrayChoice& choose_array(const std::vector<ArrayChoice>& choices, const std::string& wanted, const char* kind,
                                const Flaws& flaws);

}  // namespace rankflow
