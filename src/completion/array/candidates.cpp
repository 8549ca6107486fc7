// Which models are fitted to an array, in which order, and what ends the competition early.
// SPDX-License-Identifier: Apache-2.0
#include "completion/array/candidates.h"

#include "completion/array/generalized.h"
#include "completion/array/list_fit.h"
#include "completion/array/verdict.h"
#include "rankflow/error.h"

namespace rankflow::completion {
namespace {

constexpr Index kTreeFrom = 4, kTreeTo = 8;  // orders at which a tree is tried unasked; beyond, choosing one takes long
constexpr Index kMostForExact = 1'000'000;   // observations of a list that an exact solution is looked for in
constexpr Index kGrowthFirst = 20'000;       // observations up to which growing CP takes seconds

// Matched to round-off, and by cells that nobody fitted, too: no rival can be better.
bool settled(const ArrayRun& run, const ArrayFit& fit) {
  return run.interrupted || (fit.solved && !contradicted(run, fit));
}

// Exact models first: one that matches the cells to round-off needs no rival. Lists have no overlap.
std::vector<ArrayFit> compete(ArrayRun& run) {
  if (run.dense || run.tensor.num_observed() <= kMostForExact) {
    const Index order = run.tensor.order();
    bool noisy = false;
    if (run.options.model == ArrayModel::automatic && order >= kTreeFrom && order <= kTreeTo) {
      ArrayFit first = small_exact_cp(run);
      if (settled(run, first)) return {std::move(first)};
      noisy = first.stop == Stop::validation;
      // To a sum of outer products a tree looks like noise: it is tried in any case.
      ArrayFit tree = validated_tree(run, GrowStrategy::exact, kNaN);
      if (settled(run, tree)) return {std::move(tree)};
    }
    if (!noisy) {
      ArrayFit exact = validated_cp(run, GrowStrategy::exact, kNaN);
      if (settled(run, exact)) return {std::move(exact)};
    }
  }
  if (!run.dense) return validated_list(run);
  // The cheaper one first: it may show that the other cannot win.
  if (run.tensor.num_observed() <= kGrowthFirst) {
    ArrayFit grown = validated_cp(run, GrowStrategy::noisy, kNaN);
    if (run.interrupted) return {std::move(grown)};
    ArrayFit overlap = validated_overlap(run, grown.validation_rmse);
    return {std::move(overlap), std::move(grown)};
  }
  ArrayFit overlap = validated_overlap(run, kNaN);
  if (run.interrupted) return {std::move(overlap)};
  ArrayFit grown = validated_cp(run, GrowStrategy::noisy, overlap.validation_rmse);
  return {std::move(overlap), std::move(grown)};
}

}  // namespace

// Combinations of model, engine and loss that there are.
void check_combination(const ArrayOptions& options, bool dense) {
  const ArrayModel model = options.model;
  if (model == ArrayModel::overlap && !dense)
    throw OptionError("--model overlap works on arrays whose cells fit into memory, and this is a list of cells",
                      "--model cp takes both");
  if (options.loss != TensorPenalty::squared && model != ArrayModel::automatic && model != ArrayModel::cp)
    throw OptionError("--model tree, overlap and matrix know the squared loss alone", "--model cp takes any loss");
  if (!options.tree.empty() && model != ArrayModel::tree) throw OptionError("--tree belongs to --model tree");
  if (options.engine != ArrayEngine::gd) return;
  if (model == ArrayModel::overlap || model == ArrayModel::matrix)
    throw OptionError("--engine gd moves the weights of --model cp or --model tree");
  if (options.loss != TensorPenalty::squared)
    throw OptionError("--engine gd learns with the squared loss here",
                      "without --engine gd, --model cp takes any loss");
}

std::vector<ArrayFit> fit_models(ArrayRun& run) {
  const ArrayModel wanted = run.options.model;
  if (run.options.loss != TensorPenalty::squared) {
    return validated_generalized(run);
  }
  if (run.options.engine == ArrayEngine::gd) return {validated_descent(run)};
  if (wanted == ArrayModel::cp && run.dense) return {validated_cp(run, GrowStrategy::automatic, kNaN)};
  if (wanted == ArrayModel::tree) return {validated_tree(run, GrowStrategy::automatic, kNaN)};
  if (wanted == ArrayModel::overlap) return {validated_overlap(run, kNaN)};
  if (wanted == ArrayModel::matrix) return {validated_matrix(run)};
  return compete(run);
}

}  // namespace rankflow::completion
