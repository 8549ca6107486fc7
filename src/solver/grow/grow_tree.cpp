// Growing tree: the growing engine with hierarchical factorizations.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/grow_tree.h"

#include "rankflow/error.h"
#include "solver/grow/engine.h"
#include "solver/grow/tree_family.h"

namespace rankflow {
namespace {

grow::Engine make_engine(const TensorProblem<double>& train, const TensorProblem<double>* validation,
                         const ModeTree& tree, const GrowOptions& options) {
  grow::Cells cells = grow::make_cells(train);
  if (tree.order != cells.order())
    throw InputError("tree", "found a mode tree of order " + std::to_string(tree.order) +
                                 ", expected the observations' order " + std::to_string(cells.order()));
  std::optional<grow::Cells> held;
  if (validation != nullptr && validation->count() > 0) held = grow::make_cells(*validation, cells);
  return {grow::tree_family(tree, train.shape), std::move(cells), std::move(held), train.loss.normalization, options};
}

GrowTreeResult run(GrowTree& engine, std::span<const GrowWatcher> watchers) {
  while (engine.step())
    for (const GrowWatcher& watcher : watchers)
      if (watcher(engine.last_step()) == Next::finish) engine.finish(Stop::interrupted);
  return engine.result();
}

}  // namespace

struct GrowTree::Impl {
  grow::Engine engine;
  ModeTree tree;
  std::vector<Index> shape;
};

GrowTree::GrowTree(const TensorProblem<double>& train, const TensorProblem<double>* validation, const ModeTree& tree,
                   const GrowOptions& options)
    : impl_(new Impl{make_engine(train, validation, tree, options), tree, train.shape}) {}
GrowTree::GrowTree(const TensorProblem<double>& observations, const GrowTreeResult& validated,
                   const GrowOptions& options)
    : impl_(new Impl{make_engine(observations, nullptr, validated.model.tree, options), validated.model.tree,
                     observations.shape}) {
  impl_->engine.start_refit(grow::from_tree(validated.model, impl_->engine.scale()), validated);
}
GrowTree::~GrowTree() = default;
GrowTree::GrowTree(GrowTree&&) noexcept = default;

bool GrowTree::step() {
  return impl_->engine.step();
}
GrowStep GrowTree::last_step() const {
  return impl_->engine.last_step();
}
Archive GrowTree::state() const {
  return impl_->engine.state();
}
void GrowTree::restore(const Archive& state) {
  impl_->engine.restore(state);
}
void GrowTree::finish(Stop why) {
  impl_->engine.finish(why);
}

GrowTreeResult GrowTree::result() const {
  GrowTreeResult result;
  static_cast<GrowReport&>(result) = impl_->engine.report();
  result.model = grow::to_tree(impl_->tree, impl_->shape, impl_->engine.point(), impl_->engine.scale());
  return result;
}

GrowTreeResult fit_grow_tree(const TensorProblem<double>& train, const TensorProblem<double>* validation,
                             const ModeTree& tree, const GrowOptions& options, std::span<const GrowWatcher> watchers) {
  GrowTree engine(train, validation, tree, options);
  return run(engine, watchers);
}

GrowTreeResult refit_grow_tree(const TensorProblem<double>& observations, const GrowTreeResult& validated,
                               const GrowOptions& options, std::span<const GrowWatcher> watchers) {
  GrowTree engine(observations, validated, options);
  return run(engine, watchers);
}

}  // namespace rankflow
