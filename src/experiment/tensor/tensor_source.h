// Where does the unknown tensor come from?
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "experiment/run_config.h"
#include "rankflow/types.h"

namespace rankflow::experiment {

/// A tensor, and which of its cells can be looked at. Cells are numbered with the last mode fastest.
struct TensorSource {
  std::vector<Index> shape;
  Vector truth;                // empty: only `known` is
  std::vector<Index> known;    // numbers of cells that completion may observe, ascending
  std::vector<double> values;  // what they say
  Vector component_norms;      // cp: of the outer products it was made of, descending
};

TensorSource make_tensor(const DataOptions& options);
/// Reads options.path.
TensorSource read_tensor_source(const DataOptions& options);

}  // namespace rankflow::experiment
