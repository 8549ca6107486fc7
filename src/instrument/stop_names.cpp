// The words for why an engine stopped.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/fit.h"

namespace rankflow {

const char* name(Stop stop) {
  switch (stop) {
    case Stop::not_run:
      return "not_run";
    case Stop::converged:
      return "converged";
    case Stop::validation:
      return "validation";
    case Stop::iteration_limit:
      return "iteration_limit";
    case Stop::time_limit:
      return "time_limit";
    case Stop::interrupted:
      return "interrupted";
    case Stop::diverged:
      return "diverged";
  }
  return "unknown";
}

}  // namespace rankflow
