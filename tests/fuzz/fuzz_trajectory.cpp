// Trajectories from any bytes: refused with a message, or rows as long as the header.
// SPDX-License-Identifier: Apache-2.0
#include <sstream>

#include "instrument/trajectory_csv.h"
#include "rankflow/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream text(std::string(reinterpret_cast<const char*>(data), size));
  try {
    const rankflow::Trajectory trajectory = rankflow::parse_trajectory(text, "fuzz");
    for (const auto& row : trajectory.rows)
      if (row.size() != trajectory.columns.size()) __builtin_trap();
  } catch (const rankflow::InputError&) {
  }
  return 0;
}
