// Factorizations as named arrays of a model's file, and what they say of an index that nobody has seen.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "rankflow/archive.h"
#include "rankflow/cp_factorization.h"
#include "rankflow/tree_factorization.h"
#include "rankflow/unfolded_matrix.h"

namespace rankflow::completion {

/// Sets `kind` and the factors.
void save(const CpFactorization<double>& model, Archive& to);
void save(const TreeFactorization<double>& model, Archive& to);
void save(const UnfoldedMatrix& model, Archive& to);
/// Throw InputError unless the archive holds finite factors of that shape.
CpFactorization<double> load_cp(const Archive& from, const std::vector<Index>& shape);
TreeFactorization<double> load_tree(const Archive& from, const std::vector<Index>& shape);
UnfoldedMatrix load_matrix(const Archive& from, const std::vector<Index>& shape);

/// Average over all indices of the modes whose position is -1: cells are linear in each mode's weights.
double average_entry(const CpFactorization<double>& model, std::span<const std::int32_t> index);
double average_entry(const TreeFactorization<double>& model, std::span<const std::int32_t> index);

/// All cells, the last mode fastest.
Vector dense_cells(const CpFactorization<double>& model);
Vector dense_cells(const TreeFactorization<double>& model);
Vector dense_cells(const UnfoldedMatrix& model);

}  // namespace rankflow::completion
