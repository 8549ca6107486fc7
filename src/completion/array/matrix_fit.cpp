// The best single unfolding of an array, completed as a matrix by the end-to-end flow.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>

#include "completion/array/fit_steps.h"
#include "completion/fit_archive.h"

namespace rankflow::completion {
namespace {

constexpr double kShare = 0.15;  // of the time that is left, for one fit of one unfolding

Archive to_archive(const UnfoldedResult& result) {
  Archive archive;
  save(result.model, archive);
  archive.set("counts", std::vector<std::int64_t>{static_cast<std::int64_t>(result.stop), result.iterations,
                                                  result.path.steps, static_cast<std::int64_t>(result.path.strategy),
                                                  result.solved, static_cast<std::int64_t>(result.centering)});
  archive.set("numbers", std::vector<double>{result.train_rmse, result.validation_rmse, result.path.decay_factor});
  archive.set("message", result.message);
  return archive;
}

UnfoldedResult from_archive(const Archive& archive, const std::vector<Index>& shape) {
  UnfoldedResult result;
  result.model = load_matrix(archive, shape);
  const std::vector<std::int64_t> counts = archive.get_ints("counts", 6);
  result.stop = kept_enumerator(archive, counts[0], Stop::diverged);
  result.iterations = counts[1];
  result.path.steps = counts[2];
  result.path.strategy = kept_enumerator(archive, counts[3], FlowStrategy::noisy);
  result.solved = counts[4] != 0;
  result.centering = kept_enumerator(archive, counts[5], Centering::biases);
  const std::vector<double> numbers = archive.get_doubles("numbers", 3);
  result.train_rmse = numbers[0];
  result.validation_rmse = numbers[1];
  result.path.decay_factor = numbers[2];
  result.message = archive.get_text("message");
  return result;
}

FlowOptions flow_options(const ArrayRun& run, Centering centering) {
  FlowOptions options = run.options.flow;
  options.seed = run.options.seed;
  options.centering = centering;
  if (run.options.time_limit > 0) options.max_seconds = run.allowance(kShare);
  return options;
}

// A fit of the flow is kept once it has ended.
template <class Fit>
UnfoldedResult follow(ArrayRun& run, const std::string& name, const std::string& stage, Fit&& fit) {
  if (const Archive* ended = run.checkpoint.finished(name)) return from_archive(*ended, run.tensor.shape());
  const Observer observer = [&](const Step& step) { return run.record(step, stage) ? Next::proceed : Next::finish; };
  UnfoldedResult result = fit(std::span<const Observer>(&observer, 1));
  if (run.interrupted)
    run.checkpoint.save_progress(name, {}, run.history);
  else
    run.checkpoint.save_finished(name, to_archive(result), run.history);
  return result;
}

std::string modes_text(const std::vector<Index>& modes) {
  std::string text;
  for (const Index n : modes) text += (text.empty() ? "" : ", ") + std::to_string(n + 1);
  return (modes.size() == 1 ? "mode " : "modes ") + text;
}

// Over every cell of the part: lines without observations count too, which the flow's own validation leaves out.
double part_error(const ArrayRun& run, const std::vector<Index>& part, const UnfoldedMatrix& model) {
  double squares = 0;
  for (const Index k : part) squares += std::pow(model.entry(index_at(run.tensor, k)) - run.tensor.value[k], 2);
  return std::sqrt(squares / static_cast<double>(part.size()));
}

struct Choice {
  std::vector<Index> rows;
  Centering centering;
};

}  // namespace

// The first validation part chooses the unfolding and whether biases are taken off; the others calibrate too.
ArrayFit validated_matrix(ArrayRun& run) {
  ArrayFit fit;
  fit.model = "matrix";
  fit.engine = "flow";
  std::vector<Choice> choices;
  for (const std::vector<Index>& rows : unfoldings(run.tensor.order()))
    for (const Centering centering : {Centering::none, Centering::biases}) choices.push_back({rows, centering});
  std::vector<UnfoldedResult> best;  // one per validation part, of one choice
  const auto fit_part = [&](const Choice& choice, std::size_t number) {
    const std::vector<Index>& part = run.split.validation[number];
    const TensorProblem<double> train = problem_without(run.tensor, together(run.split.held_out, part)),
                                unseen = problem_of(run.tensor, part);
    const std::string name = fmt::format("validate matrix {} {} {}", modes_text(choice.rows),
                                         static_cast<int>(choice.centering), number + 1);
    return follow(run, name, "validate matrix, rows: " + modes_text(choice.rows),
                  [&](std::span<const Observer> observers) {
                    return fit_unfolded(train, &unseen, choice.rows, flow_options(run, choice.centering), observers);
                  });
  };
  Choice chosen;
  double least = HUGE_VAL;
  for (const Choice& choice : choices) {
    UnfoldedResult result = fit_part(choice, 0);
    if (run.interrupted) return fit;
    const double error = part_error(run, run.split.validation[0], result.model);
    if (!best.empty() && !(error < least)) continue;
    least = error;
    best = {std::move(result)};
    chosen = choice;
  }
  for (std::size_t number = 1; number < run.split.validation.size(); ++number) {
    best.push_back(fit_part(chosen, number));
    if (run.interrupted) return fit;
  }
  Validation<UnfoldedMatrix> validation(run);
  for (std::size_t number = 0; number < best.size(); ++number)
    validation.add(run.split.validation[number], best[number].model);
  fit.validation_rmse = validation.rmse();
  const TensorProblem<double> train = problem_without(run.tensor, run.split.held_out);
  fit.matrix = follow(run, "fit matrix", "fit matrix", [&](std::span<const Observer> observers) {
    return refit_unfolded(train, best[0], flow_options(run, chosen.centering), observers);
  });
  if (run.interrupted) return fit;
  take(*fit.matrix, fit);
  fit.solved = fit.matrix->solved && best[0].solved;
  fit.message += "; rows: " + modes_text(chosen.rows);
  fit.predictor = validation.predictor(fit.matrix->model);
  return fit;
}

ArrayFit matrix_again(ArrayRun& run, const ArrayFit& chosen) {
  ArrayFit fit;
  fit.model = chosen.model;
  fit.engine = chosen.engine;
  const TensorProblem<double> all = problem_without(run.tensor, {});
  fit.matrix = follow(run, "refit matrix", "refit matrix", [&](std::span<const Observer> observers) {
    return refit_unfolded(all, *chosen.matrix, flow_options(run, chosen.matrix->centering), observers);
  });
  take(*fit.matrix, fit);
  fit.predictor = again_predictor(run, fit.matrix->model, chosen);
  return fit;
}

}  // namespace rankflow::completion
