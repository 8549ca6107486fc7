// When watchers are called: at the first point, at those that record_every asks for, and at the last, each once.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>

#include "solver/descent/engine.h"

namespace rankflow::descent {

template <class T>
class Watching {
 public:
  Watching(Engine<T>& engine, std::span<const Watcher> watchers) : engine_(engine), watchers_(watchers) {}

  /// Calls the watchers if they are due; false if one of them ended the fit.
  bool look() {
    const Index every = engine_.options().record_every, now = engine_.iteration();
    if (now == seen_ || !(seen_ < 0 || (every > 0 && now % every == 0))) return true;
    call();
    return !engine_.ended();
  }
  void look_at_end() {
    if (engine_.iteration() != seen_) call();
  }
  /// Updates until they are due again.
  Index until_next() const {
    const Index every = engine_.options().record_every;
    return every > 0 ? every - engine_.iteration() % every : kStride;
  }

 private:
  static constexpr Index kStride = 1 << 20;

  void call() {
    seen_ = engine_.iteration();
    if (watchers_.empty()) return;
    const std::unique_ptr<Snapshot> snapshot = make_snapshot(engine_);
    if (!std::isfinite(snapshot->loss)) return;  // a diverged point has no spectrum to look at
    bool go_on = true;
    for (const Watcher& watcher : watchers_) go_on = watcher(*snapshot) == Next::proceed && go_on;
    if (!go_on && !engine_.ended()) engine_.finish(Stop::interrupted, "a watcher ended the fit");
  }

  Engine<T>& engine_;
  std::span<const Watcher> watchers_;
  Index seen_ = -1;  // the iteration that was shown last
};

}  // namespace rankflow::descent
