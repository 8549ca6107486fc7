// Instruments are made for the model's kind, the tensor's shape and what is known of it.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/tensor/recorder.h"

#include <sstream>

namespace rankflow::experiment {

std::optional<ModeTree> model_tree(const RunConfig& config, Index order) {
  if (config.model.kind != ModelKind::tree) return std::nullopt;
  return parse_tree(config.model.tensor.tree, order, "model.tree");
}

std::vector<TensorInstrument> make_tensor_instruments(const RunConfig& config, const TensorSubject& subject) {
  std::vector<TensorInstrument> instruments;
  std::istringstream names(config.engine.instruments);
  for (std::string spec; names >> spec;) instruments.push_back(make_tensor_instrument(spec, subject));
  return instruments;
}

TensorRecorder::TensorRecorder(const RunConfig& config, const TensorDataSet& data, Trajectory& trajectory)
    : reference_(data.reference), tree_(model_tree(config, data.problem.order())) {
  reference_.observed = &data.problem;
  const TensorSubject subject{data.problem.shape, tree_ ? &*tree_ : nullptr, &reference_};
  record_ = record_into(trajectory, make_tensor_instruments(config, subject));
}

}  // namespace rankflow::experiment
