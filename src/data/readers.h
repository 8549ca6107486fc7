// Who reads what: one function per format, called by read.cpp once it knows the format.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "data/flaws.h"
#include "data/input.h"
#include "data/text_layout.h"
#include "rankflow/read.h"

namespace rankflow {

Table read_text(Input& input, const ReadOptions& options, Flaws& flaws);
Table read_triplets(Input& input, const TextLayout& layout, const ReadOptions& options, Flaws& flaws);
Table read_dense(Input& input, const TextLayout& layout, const ReadOptions& options, Flaws& flaws);
Table read_matrix_market(Input& input, const ReadOptions& options, Flaws& flaws);
Table read_npy(std::string_view bytes, Flaws& flaws);
Table read_npz(std::string_view bytes, const ReadOptions& options, Flaws& flaws);
Table read_pgm(std::string_view bytes, Flaws& flaws);
Table read_png(std::string_view bytes, Flaws& flaws);

/// Takes out of `table` what the mask says is not observed.
void apply_mask(Table& table, const Table& mask, const Flaws& flaws);

/// The whole way from bytes to a table, mask included.
Table read_input(Input& input, const ReadOptions& options, Flaws& flaws);

}  // namespace rankflow
