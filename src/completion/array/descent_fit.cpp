// Gradient descent on a factorization's weights as one of the models of an array.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "completion/array/fit_steps.h"
#include "completion/fit_archive.h"
#include "rankflow/array_descent.h"

namespace rankflow::completion {
namespace {

constexpr double kShare = 0.3;  // of the time that is left, with at most three parts and two more fits in mind

struct CpDescent {
  using Model = CpFactorization<double>;
  ArrayDescentResult<Model> operator()(const TensorProblem<double>& train, const TensorProblem<double>* unseen,
                                       const ArrayDescentOptions& options, Index iterations,
                                       const ArrayDescentWatch& watch) const {
    return descend_cp(train, unseen, options, iterations, watch);
  }
};

struct TreeDescent {
  using Model = TreeFactorization<double>;
  ModeTree tree;
  ArrayDescentResult<Model> operator()(const TensorProblem<double>& train, const TensorProblem<double>* unseen,
                                       const ArrayDescentOptions& options, Index iterations,
                                       const ArrayDescentWatch& watch) const {
    return descend_tree(train, unseen, tree, options, iterations, watch);
  }
};

ArrayDescentOptions options_of(const ArrayRun& run) {
  ArrayDescentOptions options = run.options.descent;
  options.seed = run.options.seed;
  if (run.options.time_limit > 0) options.descent.max_seconds = run.allowance(kShare);
  return options;
}

template <class Model>
Archive to_archive(const ArrayDescentResult<Model>& result) {
  Archive archive;
  save(result.model, archive);
  archive.set("counts", std::vector<std::int64_t>{static_cast<std::int64_t>(result.stop), result.iterations,
                                                  result.best_iteration});
  archive.set("errors", std::vector<double>{result.train_rmse, result.validation_rmse});
  archive.set("message", result.message);
  return archive;
}

template <class Model>
ArrayDescentResult<Model> from_archive(const Archive& archive, const std::vector<Index>& shape) {
  ArrayDescentResult<Model> result;
  if constexpr (std::is_same_v<Model, CpFactorization<double>>)
    result.model = load_cp(archive, shape);
  else
    result.model = load_tree(archive, shape);
  const std::vector<std::int64_t> counts = archive.get_ints("counts", 3);
  result.stop = kept_enumerator(archive, counts[0], Stop::diverged);
  result.iterations = counts[1];
  result.best_iteration = counts[2];
  const std::vector<double> errors = archive.get_doubles("errors", 2);
  result.train_rmse = errors[0];
  result.validation_rmse = errors[1];
  result.message = archive.get_text("message");
  return result;
}

template <class Descent>
ArrayDescentResult<typename Descent::Model> follow(ArrayRun& run, const Descent& descent,
                                                   const TensorProblem<double>& train,
                                                   const TensorProblem<double>* unseen, Index iterations,
                                                   const std::string& fit, const std::string& stage) {
  using Model = typename Descent::Model;
  if (const Archive* ended = run.checkpoint.finished(fit)) return from_archive<Model>(*ended, run.tensor.shape());
  ArrayDescentWatch watch;
  watch.observer = [&](const Step& step) { return run.record(step, stage) ? Next::proceed : Next::finish; };
  watch.save_due = [&] { return run.checkpoint.due(); };
  watch.save = [&](Archive state) { run.checkpoint.save_progress(fit, std::move(state), run.history); };
  watch.resume = run.checkpoint.in_progress(fit);
  ArrayDescentResult<Model> result = descent(train, unseen, options_of(run), iterations, watch);
  if (!run.interrupted) run.checkpoint.save_finished(fit, to_archive(result), run.history);
  return result;
}

template <class Model>
void keep(const ArrayDescentResult<Model>& result, ArrayFit& fit) {
  take(result, fit);
  fit.updates = result.best_iteration;
  if constexpr (std::is_same_v<Model, CpFactorization<double>>) {
    fit.cp.emplace().model = result.model;
  } else {
    fit.tree.emplace().model = result.model;
  }
}

// The validation parts choose the moment; the fit on all that trains makes as many updates.
template <class Descent>
ArrayFit validated(ArrayRun& run, const Descent& descent, const std::string& model) {
  ArrayFit fit;
  fit.model = model;
  fit.engine = "gd";
  Validation<typename Descent::Model> validation(run);
  Index updates = 0, number = 0;
  for (const std::vector<Index>& part : run.split.validation) {
    const TensorProblem<double> train = problem_without(run.tensor, together(run.split.held_out, part)),
                                unseen = problem_of(run.tensor, part);
    const std::string name = fmt::format("validate gd {} {}", model, ++number);
    const auto result = follow(run, descent, train, &unseen, 0, name, "validate gd");
    if (run.interrupted) return fit;
    validation.add(part, result.model);
    updates += result.best_iteration;
    if (number == 1) keep(result, fit);
  }
  fit.validation_rmse = validation.rmse();
  updates = std::max<Index>(1, updates / number);
  if (fit.stop == Stop::diverged) return fit;

  const std::string told = fit.message;
  const TensorProblem<double> train = problem_without(run.tensor, run.split.held_out);
  const auto result = follow(run, descent, train, nullptr, updates, "fit gd " + model, "fit gd");
  if (run.interrupted) return fit;
  keep(result, fit);
  if (result.stop == Stop::validation) fit.message = told;
  fit.predictor = validation.predictor(result.model);
  return fit;
}

template <class Descent>
ArrayFit again(ArrayRun& run, const Descent& descent, const ArrayFit& chosen) {
  ArrayFit fit;
  fit.model = chosen.model;
  fit.engine = chosen.engine;
  const TensorProblem<double> all = problem_without(run.tensor, {});
  const auto result = follow(run, descent, all, nullptr, chosen.updates, "refit gd " + fit.model, "refit gd");
  keep(result, fit);
  fit.predictor = again_predictor(run, result.model, chosen);
  return fit;
}

}  // namespace

ArrayFit validated_descent(ArrayRun& run) {
  if (run.options.model == ArrayModel::tree) return validated(run, TreeDescent{tree_of(run)}, "tree");
  return validated(run, CpDescent{}, "cp");
}

ArrayFit descended_again(ArrayRun& run, const ArrayFit& chosen) {
  return chosen.tree ? again(run, TreeDescent{chosen.tree->model.tree}, chosen) : again(run, CpDescent{}, chosen);
}

}  // namespace rankflow::completion
