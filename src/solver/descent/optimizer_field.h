// The option that names an optimizer: descent and mini-batches have the same words for it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "rankflow/descent.h"

namespace rankflow {

inline OptionField optimizer_field(Optimizer& optimizer, std::string help) {
  return choice("optimizer", optimizer,
                {{"plain", Optimizer::plain},
                 {"momentum", Optimizer::momentum},
                 {"adam", Optimizer::adam},
                 {"group_rmsprop", Optimizer::group_rmsprop},
                 {"normalized", Optimizer::normalized}},
                std::move(help));
}

}  // namespace rankflow
