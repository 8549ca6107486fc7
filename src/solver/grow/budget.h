// How long an engine may still work: a time limit that is looked at inside of steps.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

namespace rankflow::grow {

class Budget {
 public:
  using Clock = std::chrono::steady_clock;
  Budget() = default;
  /// seconds <= 0: no limit.
  explicit Budget(double seconds, Clock::time_point start = Clock::now()) {
    if (seconds > 0) end_ = start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  }
  bool spent() const { return end_ && Clock::now() > *end_; }

 private:
  std::optional<Clock::time_point> end_;
};

}  // namespace rankflow::grow
