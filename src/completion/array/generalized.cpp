// Components and effects under other losses than the squared one: fitted, chosen by the validation part, judged.
// SPDX-License-Identifier: Apache-2.0
#include "completion/array/generalized.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "completion/array/empty_indices.h"
#include "completion/array/predictors.h"
#include "completion/array/ranking.h"
#include "completion/fit_archive.h"
#include "problem/chance.h"

namespace rankflow::completion {
namespace {

// Tried where facts do not fix the scale of decay: from the first on while the validation part gains.
constexpr double kDecays[] = {1e-4, 1e-5, 1e-6}, kStrongerDecays[] = {1e-3, 1e-2};
constexpr Index kMostIterations = 600;
constexpr double kShare = 0.15;  // of the time that is left, for one fit
constexpr double kSmallestRate = 1e-10;

TensorLoss loss_of(const ArrayRun& run) {
  return {Normalization::mean, run.options.loss, run.options.delta};
}

// Loss of a perfect prediction.
double least_rho(TensorPenalty penalty, double y) {
  return penalty == TensorPenalty::poisson && y > 0 ? y - y * std::log(y) : 0;
}

double weight_of(const Tensor& tensor, Index k) {
  return tensor.weight.empty() ? 1 : static_cast<double>(tensor.weight[k]);
}

// Of the linear predictor x(k).
template <class Linear>
double mean_loss(const Tensor& tensor, const std::vector<Index>& numbers, const TensorLoss& loss, Linear&& x) {
  double sum = 0, weights = 0;
  for (const Index k : numbers) {
    const double w = weight_of(tensor, k), y = tensor.value[k];
    sum += w * (loss.rho(x(k), y) - least_rho(loss.penalty, y));
    weights += w;
  }
  return sum / weights;
}

double mean_loss(const Tensor& tensor, const std::vector<Index>& numbers, const GeneralizedCp& model) {
  return mean_loss(tensor, numbers, model.loss, [&](Index k) { return model.linear(index_at(tensor, k)); });
}

// Linear predictor of the constant with the least loss (of Huber's: nearly, the median).
double best_constant(const ArrayRun& run, const std::vector<Index>& numbers) {
  std::vector<double> values;
  for (const Index k : numbers) values.push_back(run.tensor.value[k]);
  if (run.options.loss == TensorPenalty::huber) return median_of(values);
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  if (run.options.loss == TensorPenalty::poisson) return std::log(std::max(mean, kSmallestRate));
  if (run.options.loss != TensorPenalty::logistic) return mean;
  const double share = std::clamp(mean, kSmallestRate, 1 - kSmallestRate);
  return std::log(share / (1 - share));
}

GeneralizedCpOptions options_of(const ArrayRun& run) {
  GeneralizedCpOptions options = run.options.generalized;
  options.seed = run.options.seed;
  options.max_iterations = std::min(options.max_iterations, kMostIterations);
  if (run.options.time_limit > 0) options.max_seconds = run.allowance(kShare);
  return options;
}

Archive to_archive(const GeneralizedCpResult& result) {
  Archive archive;
  store(archive, "model.", result.model);
  archive.set("counts", std::vector<std::int64_t>{static_cast<std::int64_t>(result.stop), result.iterations,
                                                  result.best_iteration});
  archive.set("numbers", std::vector<double>{result.loss, result.criterion, result.seconds});
  archive.set("message", result.message);
  return archive;
}

GeneralizedCpResult from_archive(const Archive& archive) {
  GeneralizedCpResult result;
  result.model = load_generalized_cp(archive, "model.");
  const std::vector<std::int64_t> counts = archive.get_ints("counts", 3);
  result.stop = kept_enumerator(archive, counts[0], Stop::diverged);
  result.iterations = counts[1];
  result.best_iteration = counts[2];
  const std::vector<double> numbers = archive.get_doubles("numbers", 3);
  result.loss = numbers[0];
  result.criterion = numbers[1];
  result.seconds = numbers[2];
  result.message = archive.get_text("message");
  return result;
}

// A fit takes seconds: a checkpoint has those that have ended, and begins the one in progress anew.
GeneralizedCpResult follow(ArrayRun& run, GeneralizedCpFit& engine, const std::string& fit, const std::string& stage) {
  if (const Archive* ended = run.checkpoint.finished(fit)) return from_archive(*ended);
  while (engine.advance()) {
    Step step = engine.last_step();
    step.validation_rmse = kNaN;  // what is compared is no root mean square
    if (run.record(std::move(step), stage)) continue;
    engine.finish(Stop::interrupted);
    run.checkpoint.save_progress(fit, {}, run.history);
  }
  GeneralizedCpResult result = engine.result();
  if (!run.interrupted) run.checkpoint.save_finished(fit, to_archive(result), run.history);
  return result;
}

// One setting: a fit without each validation part. `fit.criterion` is the mean over them.
ArrayFit validate(ArrayRun& run, const GeneralizedCpOptions& options, const std::string& name) {
  ArrayFit fit;
  fit.model = name;
  fit.decay = options.decay;
  fit.criterion = 0;
  Index iterations = 0;
  for (const std::vector<Index>& part : run.split.validation) {
    TensorProblem<double> train = problem_without(run.tensor, together(run.split.held_out, part));
    train.loss = loss_of(run);
    std::optional<FactRanker> ranker;
    if (run.options.absent_zero)
      ranker.emplace(run.tensor, part, numbers_without(run.tensor, run.split.held_out), run.ranked_modes);
    const GeneralizedCpCriterion criterion = [&](const GeneralizedCp& model) {
      return ranker ? 1 - ranker->rank(model).mrr : mean_loss(run.tensor, part, model);
    };
    GeneralizedCpFit engine({train, run.options.absent_zero}, options, criterion);
    const std::string fit_name =
        fmt::format("validate {} {:g} {}", name, options.decay, &part - run.split.validation.data());
    GeneralizedCpResult result = follow(run, engine, fit_name, "validate " + name);
    fill_empty_rows(run.tensor, numbers_without(run.tensor, together(run.split.held_out, part)), result.model);
    fit.criterion += result.criterion / static_cast<double>(run.split.validation.size());
    iterations += result.best_iteration;
    for (const Index k : part)
      fit.calibration.residuals.push_back(
          fit.calibration.scaled(run.tensor.value[k] - result.model.mean(index_at(run.tensor, k)),
                                 result.model.mean(index_at(run.tensor, k)), run.options.loss));
    fit.iterations = std::max<Index>(1, iterations / static_cast<Index>(run.split.validation.size()));
    fit.stop = result.stop;
    fit.message = result.message;
    fit.generalized = std::move(result);
    if (run.interrupted) return fit;
  }
  std::sort(fit.calibration.residuals.begin(), fit.calibration.residuals.end());
  return fit;
}

// As often over all of them as the validation part liked it over its training part.
GeneralizedCpResult fit_all(ArrayRun& run, const ArrayFit& chosen, const std::vector<Index>& without,
                            const std::string& stage) {
  GeneralizedCpOptions options = options_of(run);
  options.decay = chosen.decay;
  if (chosen.model == "effects") options.components = 0;
  options.max_iterations = std::max<Index>(1, chosen.iterations);
  TensorProblem<double> train = problem_without(run.tensor, without);
  train.loss = loss_of(run);
  GeneralizedCpFit engine({train, run.options.absent_zero}, options);
  GeneralizedCpResult result = follow(run, engine, stage, stage);
  fill_empty_rows(run.tensor, numbers_without(run.tensor, without), result.model);
  return result;
}

double train_rmse(const ArrayRun& run, const GeneralizedCp& model) {
  double squares = 0;
  const std::vector<Index> numbers = numbers_without(run.tensor, run.split.held_out);
  for (const Index k : numbers) squares += std::pow(model.mean(index_at(run.tensor, k)) - run.tensor.value[k], 2);
  return std::sqrt(squares / static_cast<double>(numbers.size()));
}

// A validation part that was given is left out of the model that is judged; one that was drawn is put back.
void complete(ArrayRun& run, ArrayFit& fit) {
  if (!run.split.validation_given && !run.interrupted) {
    const Index iterations = fit.iterations;
    GeneralizedCpResult again = fit_all(run, fit, run.split.held_out, "fit " + fit.model);
    fit.generalized->model = std::move(again.model);
    fit.iterations = iterations;
  }
  if (run.interrupted) return;
  fit.train_rmse = train_rmse(run, fit.generalized->model);
  fit.predictor = generalized_predictor(fit.generalized->model, fit.calibration);
}

}  // namespace

std::vector<ArrayFit> validated_generalized(ArrayRun& run) {
  std::vector<ArrayFit> fits;
  GeneralizedCpOptions options = options_of(run);
  GeneralizedCpOptions plain = options;
  plain.components = 0;
  if (!run.options.absent_zero) plain.decay = kDecays[0];
  fits.push_back(validate(run, plain, "effects"));
  if (run.interrupted) return fits;
  ArrayFit best;
  if (run.options.absent_zero) {
    best = validate(run, options, "cp");
  } else {
    const auto go_down = [&](std::span<const double> decays) {
      bool gained = false;
      for (const double decay : decays) {
        options.decay = decay;
        ArrayFit next = validate(run, options, "cp");
        if (run.interrupted) return true;
        if (best.generalized && !(next.criterion < best.criterion)) break;
        gained = best.generalized.has_value();
        best = std::move(next);
        if (best.stop == Stop::time_limit) return true;  // fits that are cut short say nothing of decays
      }
      return gained;
    };
    if (!go_down(kDecays)) go_down(kStrongerDecays);
  }
  if (run.interrupted) return fits;
  fits.push_back(std::move(best));
  for (ArrayFit& fit : fits) complete(run, fit);
  return fits;
}

ArrayFit generalized_again(ArrayRun& run, const ArrayFit& chosen) {
  ArrayFit fit;
  fit.model = chosen.model;
  fit.generalized = fit_all(run, chosen, {}, "refit " + chosen.model);
  fit.stop = fit.generalized->stop;
  fit.predictor = generalized_predictor(fit.generalized->model, chosen.calibration);
  return fit;
}

void judge_generalized(const ArrayRun& run, const ArrayFit& chosen, const ArrayFit& effects, ArrayCompletion& result) {
  const std::vector<Index>& numbers = run.split.held_out;
  if (numbers.empty()) return;
  const GeneralizedCp &model = chosen.generalized->model, &means = effects.generalized->model;
  double squares = 0;
  for (const Index k : numbers) squares += std::pow(means.mean(index_at(run.tensor, k)) - run.tensor.value[k], 2);
  result.baseline_rmse = std::sqrt(squares / static_cast<double>(numbers.size()));
  if (run.options.absent_zero) {
    const FactRanker ranker(run.tensor, numbers, numbers_without(run.tensor, {}), run.ranked_modes);
    const auto ranking = [&](const GeneralizedCp& of) {
      FactRanking found = ranker.rank(of);
      found.auc = area_under_curve(run.tensor, numbers, of, run.options.seed);
      return found;
    };
    result.ranking = ranking(model);
    result.baseline_ranking = ranking(means);
  } else if (run.options.loss == TensorPenalty::poisson || run.options.loss == TensorPenalty::logistic) {
    result.deviance = 2 * mean_loss(run.tensor, numbers, model);
    result.baseline_deviance = 2 * mean_loss(run.tensor, numbers, means);
  }
}

DevianceGains gains_over_constant(const ArrayRun& run, const GeneralizedCp& model) {
  const std::vector<Index>& unseen = run.split.held_out;
  const double constant = best_constant(run, numbers_without(run.tensor, unseen));
  DevianceGains found;
  double sum = 0, weights = 0;
  for (const Index k : unseen) {
    const double w = weight_of(run.tensor, k), y = run.tensor.value[k], rival = model.loss.rho(constant, y);
    found.gains.push_back(2 * w * (rival - model.loss.rho(model.linear(index_at(run.tensor, k)), y)));
    sum += 2 * w * (rival - least_rho(model.loss.penalty, y));
    weights += w;
  }
  found.constant = sum / weights;
  return found;
}

double constant_criterion(const ArrayRun& run) {
  if (run.options.absent_zero) return HUGE_VAL;
  const TensorLoss loss = loss_of(run);
  double criterion = 0;
  for (const std::vector<Index>& part : run.split.validation) {
    const double constant = best_constant(run, numbers_without(run.tensor, together(run.split.held_out, part)));
    criterion += mean_loss(run.tensor, part, loss, [&](Index) { return constant; });
  }
  return criterion / static_cast<double>(run.split.validation.size());
}

}  // namespace rankflow::completion
