// Threads that wait shall sleep. By default libgomp's threads spin for milliseconds at the end of every parallel loop;
// on a machine that others use too, the spinning takes the processor from the very thread it waits for (seen: ten times
// the run time). The runtime reads its policy when it is loaded, so it is set before: the program carries libgomp
// inside (cmake/RankflowLibrary.cmake), whose constructor runs after this one. What the user has set stays.
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

namespace {

__attribute__((constructor(101))) void wait_quietly() {
  setenv("OMP_WAIT_POLICY", "passive", 0);
}

}  // namespace
