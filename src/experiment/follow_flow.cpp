// The flow of the end matrix as an engine of studies: it starts where gradient descent of any depth would.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/watching.h"
#include "rankflow/flow_problem.h"

namespace rankflow::experiment {

void follow(const RunConfig& config, const DataSet& data, const StopAsked& stop, RunOutcome& outcome) {
  // A product of one factor has the size that `scale` asks for, whatever the depth; the depth may then be any number.
  const Matrix start =
      initialize<double>({data.problem.num_columns, data.problem.num_rows}, config.model.start).end_matrix();
  FlowOptions options = config.engine.flow.flow;
  options.depth = config.model.depth;
  options.motion = Motion::faithful;
  options.seed = config.model.start.seed;

  std::vector<Watcher> watching = watchers(config, data, outcome.trajectory, stop);
  const double enough = config.engine.flow.loss_tolerance;
  bool reached = false;
  watching.push_back([&](Snapshot& snapshot) {
    reached = snapshot.loss <= enough;
    return reached ? Next::finish : Next::proceed;
  });
  const double every = config.engine.flow.record_time;
  const FlowMoments moments =
      every > 0 && options.max_time > 0 ? regular_moments(every, options.max_time) : FlowMoments{};
  const FlowResult result = follow_flow(data.problem, start, options, watching, moments);
  outcome.stop = name(reached ? Stop::converged : result.stop);
  outcome.message = reached ? "the loss reached its tolerance" : result.message;
  outcome.numbers["iterations"] = static_cast<double>(result.iterations);
  outcome.numbers["seconds"] = result.seconds;
}

}  // namespace rankflow::experiment
