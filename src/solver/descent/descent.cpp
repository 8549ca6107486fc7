// Gradient descent as an object that moves in strides, and as one call.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/descent.h"

#include <algorithm>

#include "solver/descent/engine.h"
#include "solver/descent/watch.h"

namespace rankflow {

template <class T>
struct Descent<T>::Impl {
  descent::Engine<T> engine;
  std::unique_ptr<Snapshot> snapshot = nullptr;
};

template <class T>
Descent<T>::Descent(const MatrixProblem<T>& problem, DeepFactorization<T> start, const DescentOptions& options)
    : impl_(new Impl{descent::Engine<T>(problem, start, options)}) {}
template <class T>
Descent<T>::~Descent() = default;
template <class T>
Descent<T>::Descent(Descent&&) noexcept = default;

template <class T>
bool Descent<T>::advance(Index iterations) {
  impl_->snapshot.reset();
  return impl_->engine.advance(iterations);
}

template <class T>
Snapshot& Descent<T>::snapshot() {
  if (!impl_->snapshot) impl_->snapshot = descent::make_snapshot(impl_->engine);
  return *impl_->snapshot;
}

template <class T>
Archive Descent<T>::state() const {
  return impl_->engine.state();
}

template <class T>
void Descent<T>::restore(const Archive& state) {
  impl_->snapshot.reset();
  impl_->engine.restore(state);
}

template <class T>
DescentResult<T> Descent<T>::result() const {
  impl_->engine.evaluate();
  return impl_->engine.result();
}

template <class T>
void Descent<T>::finish(Stop why) {
  impl_->engine.finish(why, "ended from outside");
}

template <class T>
DescentResult<T> fit_descent(const MatrixProblem<T>& problem, DeepFactorization<T> start, const DescentOptions& options,
                             std::span<const Watcher> watchers) {
  descent::Engine<T> engine(problem, start, options);
  descent::Watching<T> watching(engine, watchers);
  while (watching.look() && engine.advance(watching.until_next())) {
  }
  watching.look_at_end();
  return engine.result();
}

#define RANKFLOW_INSTANTIATE(T)                                                                                  \
  template class Descent<T>;                                                                                     \
  template DescentResult<T> fit_descent<T>(const MatrixProblem<T>&, DeepFactorization<T>, const DescentOptions&, \
                                           std::span<const Watcher>);
RANKFLOW_INSTANTIATE(double)
RANKFLOW_INSTANTIATE(float)
#undef RANKFLOW_INSTANTIATE

}  // namespace rankflow
