// Figures and claims as a study's file writes them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "experiment/study.h"

namespace rankflow::experiment {

Figure parse_figure(const Node& table);
Claim parse_claim(const Node& table);

}  // namespace rankflow::experiment
