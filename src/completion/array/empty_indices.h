// Indices that nothing is known of: which they are, and what is said about their cells.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "rankflow/complete_array.h"
#include "rankflow/tree_factorization.h"
#include "rankflow/unfolded_matrix.h"

namespace rankflow::completion {

/// Modes with at least one index that no observation has.
std::vector<EmptyIndices> empty_indices(const Tensor& tensor);
/// One sentence for each of them.
std::string warning_of(const EmptyIndices& empty, const Tensor& tensor);

/// Per mode and index: has any of the observations `numbers` it?
std::vector<std::vector<char>> seen_indices(const Tensor& tensor, const std::vector<Index>& numbers);

/// Rows of indices without any of the observations `numbers` become the mean of the mode's other rows, so that their
/// cells are predicted from the other modes alone.
void fill_empty_rows(const Tensor& tensor, const std::vector<Index>& numbers, GeneralizedCp& model);
/// `seen` as above.
void fill_empty_rows(const std::vector<std::vector<char>>& seen, GeneralizedCp& model);
void fill_empty_rows(const std::vector<std::vector<char>>& seen, CpFactorization<double>& model);
/// The rows of leaves.
void fill_empty_rows(const std::vector<std::vector<char>>& seen, TreeFactorization<double>& model);
/// An unfolding has biases of its own for them: nothing is done.
inline void fill_empty_rows(const std::vector<std::vector<char>>&, UnfoldedMatrix&) {}
/// Every cell, last mode fastest.
void fill_empty_rows(const std::vector<std::vector<char>>& seen, std::vector<float>& values);

}  // namespace rankflow::completion
