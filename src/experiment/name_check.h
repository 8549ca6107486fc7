// Before hours are spent: do instruments exist, and do claims and figures name what their runs will have?
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "experiment/plan.h"
#include "experiment/study.h"

namespace rankflow::experiment {

/// Throws InputError: the place of the claim or panel, the name, and the closest one that the run has.
void check_names(const Study& study, const std::vector<PlannedRun>& plan);

}  // namespace rankflow::experiment
