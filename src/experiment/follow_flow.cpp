// The flow of the end matrix as an engine of studies.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/watching.h"
#include "rankflow/error.h"

namespace rankflow::experiment {

void follow(const RunConfig&, const DataSet&, const StopAsked&, RunOutcome&) {
  throw OptionError("engine.kind = flow: not there yet");
}

}  // namespace rankflow::experiment
