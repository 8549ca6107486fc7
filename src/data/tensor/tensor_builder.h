// How do cells in any order become a sorted array with holes, and what happens to cells that occur twice?
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "data/flaws.h"
#include "data/table_builder.h"
#include "rankflow/read_tensor.h"

namespace rankflow {

/// Sorts `entries` into tensor.index, value and weight. tensor.modes are set already. A cell that occurs twice with the
/// same value is kept once; with different values it is a flaw that names both lines, or what `duplicates` says.
void sort_into(Tensor& tensor, TensorEntries&& entries, ReadOptions::Duplicates duplicates, const LineMap& lines,
               Flaws& flaws);

/// Makes the cells that a list does not name observed zeros.
void fill_absent(Tensor& tensor, const Flaws& flaws);

/// Keeps the observations that `keep` is true for.
void keep_only(Tensor& tensor, const std::vector<bool>& keep);

/// What every reader ends with: warnings about indices without observations, a check that something is there.
void finish_tensor(Tensor& tensor, Flaws& flaws);

/// "mode 2" or, with a title, "mode 2 (relation)": modes are counted from 1 where people read.
std::string mode_name(const Tensor& tensor, Index mode);
/// "144 x 50 x 15"; long shapes are shortened.
std::string shape_text(const std::vector<Index>& shape);

}  // namespace rankflow
