// Growing CP: the growing engine with sums of outer products.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/grow_cp.h"

#include "rankflow/error.h"
#include "solver/grow/cp_family.h"
#include "solver/grow/engine.h"

namespace rankflow {
namespace {

grow::Engine make_engine(const TensorProblem<double>& train, const TensorProblem<double>* validation,
                         const GrowOptions& options) {
  grow::Cells cells = grow::make_cells(train);
  std::optional<grow::Cells> held;
  if (validation != nullptr && validation->count() > 0) held = grow::make_cells(*validation, cells);
  return {grow::cp_family(train.shape), std::move(cells), std::move(held), train.loss.normalization, options};
}

}  // namespace

struct GrowCp::Impl {
  grow::Engine engine;
  std::vector<Index> shape;
};

GrowCp::GrowCp(const TensorProblem<double>& train, const TensorProblem<double>* validation, const GrowOptions& options)
    : impl_(new Impl{make_engine(train, validation, options), train.shape}) {}
GrowCp::GrowCp(const TensorProblem<double>& observations, const GrowCpResult& validated, const GrowOptions& options)
    : impl_(new Impl{make_engine(observations, nullptr, options), observations.shape}) {
  impl_->engine.start_refit(grow::from_cp(validated.model, impl_->engine.scale()), validated);
}
GrowCp::~GrowCp() = default;
GrowCp::GrowCp(GrowCp&&) noexcept = default;

bool GrowCp::step() {
  return impl_->engine.step();
}
GrowStep GrowCp::last_step() const {
  return impl_->engine.last_step();
}
Archive GrowCp::state() const {
  return impl_->engine.state();
}
void GrowCp::restore(const Archive& state) {
  impl_->engine.restore(state);
}
void GrowCp::finish(Stop why) {
  impl_->engine.finish(why);
}

GrowCpResult GrowCp::result() const {
  GrowCpResult result;
  static_cast<GrowReport&>(result) = impl_->engine.report();
  result.model = grow::to_cp(impl_->shape, impl_->engine.point(), impl_->engine.scale());
  return result;
}

namespace {

GrowCpResult run(GrowCp& engine, std::span<const GrowWatcher> watchers) {
  while (engine.step())
    for (const GrowWatcher& watcher : watchers)
      if (watcher(engine.last_step()) == Next::finish) engine.finish(Stop::interrupted);
  return engine.result();
}

}  // namespace

GrowCpResult fit_grow_cp(const TensorProblem<double>& train, const TensorProblem<double>* validation,
                         const GrowOptions& options, std::span<const GrowWatcher> watchers) {
  GrowCp engine(train, validation, options);
  return run(engine, watchers);
}

GrowCpResult refit_grow_cp(const TensorProblem<double>& observations, const GrowCpResult& validated,
                           const GrowOptions& options, std::span<const GrowWatcher> watchers) {
  GrowCp engine(observations, validated, options);
  return run(engine, watchers);
}

}  // namespace rankflow
