// What every engine of a run about a tensor is watched by: the instruments.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>

#include "experiment/run_config.h"
#include "experiment/tensor/tensor_data.h"
#include "rankflow/tensor_instrument.h"

namespace rankflow::experiment {

/// Measures snapshots into a trajectory. `data` and `trajectory` must outlive it.
class TensorRecorder {
 public:
  TensorRecorder(const RunConfig& config, const TensorDataSet& data, Trajectory& trajectory);
  void operator()(TensorSnapshot& snapshot) { record_(snapshot); }

 private:
  TensorReference reference_;
  std::optional<ModeTree> tree_;
  std::function<void(TensorSnapshot&)> record_;
};

/// The instruments that a run asks for.
std::vector<TensorInstrument> make_tensor_instruments(const RunConfig& config, const TensorSubject& subject);
/// The tree of the run's model; nullopt for a CP factorization.
std::optional<ModeTree> model_tree(const RunConfig& config, Index order);

}  // namespace rankflow::experiment
