// The noisy path (to come).
// SPDX-License-Identifier: Apache-2.0
#include "solver/flow/path.h"
namespace rankflow::flow {
std::unique_ptr<Path> make_noisy(const Problem& p, const FlowPath&, bool) { return make_greedy(p); }
}  // namespace rankflow::flow
