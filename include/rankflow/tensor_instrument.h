// Instruments for tensors: small named measures of a snapshot that any engine for tensors can carry.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "rankflow/mode_tree.h"
#include "rankflow/tensor.h"
#include "rankflow/tensor_problem.h"
#include "rankflow/tensor_snapshot.h"
#include "rankflow/trajectory.h"
#include "rankflow/types.h"

namespace rankflow {

/// What instruments may compare with. Members that are empty are not known.
struct TensorReference {
  Vector truth;        // T*, all cells, the last mode fastest
  TensorEntries test;  // cells that judge
  /// What the engine sees; null = not known. Must outlive the instruments.
  const TensorProblem<double>* observed = nullptr;
};

/// What an instrument is made for: a CP factorization, or a hierarchical one over `tree`.
struct TensorSubject {
  std::vector<Index> shape;
  const ModeTree* tree = nullptr;
  /// Must outlive the instruments.
  const TensorReference* reference = nullptr;
};

struct TensorInstrument {
  std::string name;                                                        // e.g. "component_norms:10"
  std::string help;                                                        // formula, unit, source
  std::vector<std::string> columns;                                        // names of the numbers it gives
  std::function<void(TensorSnapshot&, std::vector<double>& out)> measure;  // appends columns.size() numbers
};

/// Every instrument's name, with its parameters, and its help: for the manual.
std::vector<std::pair<std::string, std::string>> tensor_instrument_names();
/// One instrument by its name, possibly with parameters: "component_norms:10", "local_component_norms:0,1:10". Throws
/// OptionError naming the closest names.
TensorInstrument make_tensor_instrument(const std::string& spec, const TensorSubject& subject);

/// Measures with `instruments` and appends to `to`, which must outlive it. Columns iteration, time, loss come first.
std::function<void(TensorSnapshot&)> record_into(Trajectory& to, std::vector<TensorInstrument> instruments);

/// The smallest r for which alternating least squares finds r outer products whose mean square difference to the tensor
/// is below `tolerance`: by bisection, from one random start each, so an upper bound that is usually sharp (Razin and
/// Cohen 2020). 0 for a tensor below the tolerance.
Index estimate_tensor_rank(const Vector& cells, const std::vector<Index>& shape, double tolerance = 1e-6);

/// A set of modes as columns are named after it: "01", beyond ten modes "0_11".
std::string mode_label(const std::vector<Index>& modes, Index order);

}  // namespace rankflow
