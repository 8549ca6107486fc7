// Indices that nothing is known of: which they are, and what is said about their cells.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "rankflow/complete_array.h"

namespace rankflow::completion {

/// Modes with at least one index that no observation has.
std::vector<EmptyIndices> empty_indices(const Tensor& tensor);
/// One sentence for each of them.
std::string warning_of(const EmptyIndices& empty, const Tensor& tensor);

/// Rows of indices without any of the observations `numbers` become the mean of the mode's other rows, so that their
/// cells are predicted from the other modes alone.
void fill_empty_rows(const Tensor& tensor, const std::vector<Index>& numbers, GeneralizedCp& model);
/// `seen`: per mode and index, is there any.
void fill_empty_rows(const std::vector<std::vector<char>>& seen, GeneralizedCp& model);
/// The same for the indices that no observation of the array has.
void fill_empty_rows(const Tensor& tensor, CpFactorization<double>& model);

}  // namespace rankflow::completion
