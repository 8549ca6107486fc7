// Each kind of engine behind one call.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/execute.h"

#include <sstream>

#include "experiment/images/image_run.h"
#include "experiment/tensor/tensor_run.h"
#include "experiment/watching.h"
#include "rankflow/error.h"
#include "solver/greedy/greedy_rank.h"

namespace rankflow::experiment {
namespace {

std::vector<Index> dims_of(const RunConfig& config, const DataSet& data) {
  return layer_dims(data.problem.num_rows, data.problem.num_columns, static_cast<Index>(config.model.depth),
                    config.model.hidden_width);
}

template <class T>
void take_result(const DescentResult<T>& result, RunOutcome& outcome) {
  outcome.stop = name(result.stop);
  outcome.message = result.message;
  outcome.numbers["iterations"] = static_cast<double>(result.iterations);
  outcome.numbers["seconds"] = result.seconds;
}

template <class T>
std::vector<RunOutcome> descend_together(const MatrixProblem<T>& problem, const std::vector<const RunConfig*>& configs,
                                         const DataSet& data, const StopAsked& stop) {
  std::vector<RunOutcome> outcomes(configs.size());
  std::vector<DescentRun<T>> runs;
  for (std::size_t k = 0; k < configs.size(); ++k)
    runs.push_back({initialize<T>(dims_of(*configs[k], data), configs[k]->model.start), configs[k]->engine.descent,
                    watchers(*configs[k], data, outcomes[k].trajectory, stop)});
  const std::vector<DescentResult<T>> results = fit_descent_together(problem, std::move(runs));
  for (std::size_t k = 0; k < results.size(); ++k) take_result(results[k], outcomes[k]);
  return outcomes;
}

template <class T>
void descend(const MatrixProblem<T>& problem, const RunConfig& config, const DataSet& data, const StopAsked& stop,
             RunOutcome& outcome) {
  const std::vector<Watcher> watching = watchers(config, data, outcome.trajectory, stop);
  take_result(
      fit_descent(problem, initialize<T>(dims_of(config, data), config.model.start), config.engine.descent, watching),
      outcome);
}

void minimize(const RunConfig& config, const DataSet& data, const StopAsked& stop, RunOutcome& outcome) {
  const std::vector<Watcher> watching = watchers(config, data, outcome.trajectory, stop);
  const NuclearNormResult result = minimize_nuclear_norm(data.problem, config.engine.nuclear_norm, nullptr, watching);
  outcome.stop = name(result.stop);
  outcome.message = result.message;
  outcome.numbers["iterations"] = static_cast<double>(result.iterations);
  outcome.numbers["seconds"] = result.seconds;
  outcome.numbers["norm"] = result.norm;
  outcome.numbers["dual_bound"] = result.dual_bound;
  outcome.numbers["violation"] = result.violation;
}

void learn_greedily(const RunConfig& config, const DataSet& data, const StopAsked& stop, RunOutcome& outcome) {
  const std::vector<Watcher> watching = watchers(config, data, outcome.trajectory, stop);
  const GreedyOptions& greedy = config.engine.greedy;
  const GreedyRankResult result = fit_greedy_rank(
      data.problem, config.engine.descent, {greedy.column_size, greedy.gradient_share, greedy.max_rank}, watching);
  outcome.stop = name(result.stop);
  outcome.message = result.message;
  outcome.numbers["iterations"] = static_cast<double>(result.iterations);
  outcome.numbers["seconds"] = result.seconds;
  outcome.numbers["columns_added"] = static_cast<double>(result.columns);
}

}  // namespace

std::vector<Watcher> watchers(const RunConfig& config, const DataSet& data, Trajectory& trajectory,
                              const StopAsked& stop) {
  std::vector<Instrument> instruments;
  std::istringstream names(config.engine.instruments);
  for (std::string spec; names >> spec;)
    instruments.push_back(make_instrument(spec, data.problem.num_rows, data.problem.num_columns, data.reference));
  return {record_into(trajectory, std::move(instruments)),
          [stop](Snapshot&) { return stop && stop() ? Next::finish : Next::proceed; }};
}

bool moves_together(const RunConfig& config) {
  return !is_tensor(config) && config.engine.kind == EngineKind::descent &&
         config.problem.measurement == MeasurementKind::gaussian;
}

std::vector<RunOutcome> execute_together(const std::vector<const RunConfig*>& configs, const DataSet& data,
                                         const StopAsked& stop) {
  return configs.front()->engine.scalar == ScalarKind::double_precision
             ? descend_together(data.problem, configs, data, stop)
             : descend_together(to_float(data.problem), configs, data, stop);
}

RunOutcome execute(const RunConfig& config, const DataSet& data, const StopAsked& stop) {
  if (is_tensor(config)) return execute_tensor(config, *data.tensor, stop);
  RunOutcome outcome;
  switch (config.engine.kind) {
    case EngineKind::descent:
      if (data.images)
        learn_images(config, *data.images, stop, outcome);
      else if (config.engine.scalar == ScalarKind::double_precision)
        descend(data.problem, config, data, stop, outcome);
      else
        descend(to_float(data.problem), config, data, stop, outcome);
      break;
    case EngineKind::nuclear_norm:
      minimize(config, data, stop, outcome);
      break;
    case EngineKind::greedy:
      learn_greedily(config, data, stop, outcome);
      break;
    case EngineKind::flow:
      follow(config, data, stop, outcome);
      break;
    case EngineKind::grow:
      throw InternalError("only factorizations of tensors grow");
  }
  return outcome;
}

}  // namespace rankflow::experiment
