// Parts of an array's observations that imitate its holes: for choosing (validation) and for judging (held out).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rankflow/dense_array.h"
#include "rankflow/types.h"

namespace rankflow {

/// How holes lie. Slices without any observation are left out: nothing can be learned about them, and a part that
/// imitated them would measure nothing but the mean.
struct HolePattern {
  std::vector<Index> along;  // holes come in blocks along these modes (whole fibres: one mode); empty = cell by cell
  double density = 0;        // share of holes among the cells that count
  double clustering = 0;     // intraclass correlation of holes within those blocks: 1 = a block is missing or it is not
  bool in_gaps = false;      // ... or in gaps along some of these modes: neighbours are missing together
  std::string text() const;  // one clause, modes counted from 1: "single cells", "blocks along mode 1"
};
HolePattern find_pattern(const DenseArray& array);

struct PartOptions {
  double share = .12;  // of the available cells
  std::uint64_t seed = 0;
  std::uint64_t stream = 0;  // parts of different streams are drawn independently
};

/// Cells that are `available` (observed ones, 1 per cell) under a copy of the array's holes whose indices are permuted
/// mode by mode (not along the modes of a block, so that gaps keep their shape), drawn in whole blocks until `share` of
/// the available cells is reached; as many copies as that takes. Without holes: single cells. No index of any mode
/// loses all its available cells. Ascending.
std::vector<Index> choose_part(const DenseArray& array, const CellMask& available, const HolePattern& pattern,
                               const PartOptions& options);

/// The parts that choose: one where it has many blocks, three where it has few (each is to be looked at in a fit of its
/// own, without its cells).
std::vector<std::vector<Index>> choose_validation(const DenseArray& array, const CellMask& available,
                                                  const HolePattern& pattern, const PartOptions& options);

}  // namespace rankflow
