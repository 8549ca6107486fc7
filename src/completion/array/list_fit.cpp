// Noisy lists of cells: effects and components, with and without each other.
// SPDX-License-Identifier: Apache-2.0
#include "completion/array/list_fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "completion/array/empty_indices.h"
#include "completion/array/fit_steps.h"
#include "completion/array/predictors.h"

namespace rankflow::completion {
namespace {

constexpr double kShare = 0.3;           // of the time that is left, for one fit
constexpr Index kBothBelow = 1'000'000;  // observations
constexpr Index kToChoose = 3'000'000;   // observations that choose components, or kPerRow a row if that is more
constexpr Index kPerRow = 200;           // of the longest mode: with a tenth of it, components drown in noise
constexpr Index kSweepsOfAll = 5;

enum Role : std::uint8_t { fitted = 0, chooses = 1, unseen = 2 };

Index enough_to_choose(const Tensor& tensor) {
  const std::vector<Index> shape = tensor.shape();
  return std::max(kToChoose, kPerRow * *std::max_element(shape.begin(), shape.end()));
}

std::vector<std::uint8_t> roles(const ArrayRun& run, Role held_out, Role validation) {
  std::vector<std::uint8_t> role(run.tensor.value.size(), fitted);
  for (const Index k : run.split.held_out) role[k] = held_out;
  for (const std::vector<Index>& part : run.split.validation)
    for (const Index k : part) role[k] = validation;
  return role;
}

ListCpOptions options_of(const ArrayRun& run) {
  ListCpOptions options = run.options.list;
  options.seed = run.options.seed;
  if (run.options.time_limit > 0) options.max_seconds = run.allowance(kShare);
  return options;
}

ListCpResult follow(ArrayRun& run, ListCpFit& engine, const std::string& stage) {
  if (take_up(run, stage, engine)) return engine.result();
  while (engine.advance()) {
    const bool go_on = run.record(engine.last_step(), stage);
    if (!go_on || run.checkpoint.due()) run.checkpoint.save_progress(stage, engine.state(), run.history);
    if (!go_on) engine.finish(Stop::interrupted);
  }
  return finished(run, stage, engine.state(), engine.result());
}

void fill_rows(const ArrayRun& run, const std::vector<std::uint8_t>& role, GeneralizedCp& model) {
  std::vector<Index> numbers;
  for (std::size_t k = 0; k < role.size(); ++k)
    if (role[k] == fitted) numbers.push_back(static_cast<Index>(k));
  fill_empty_rows(run.tensor, numbers, model);
}

ArrayFit validate(ArrayRun& run, const ListCpOptions& options, const std::string& stage) {
  ArrayFit fit;
  std::vector<std::uint8_t> role = roles(run, unseen, chooses);
  const Index stride = std::max<Index>(1, std::count(role.begin(), role.end(), fitted) / enough_to_choose(run.tensor));
  for (std::size_t k = 0; k < role.size(); ++k)
    if (role[k] == fitted && scattered(k) % static_cast<std::uint64_t>(stride) != 0) role[k] = unseen;
  ListCpFit engine({run.tensor, role}, options);
  fit.list = follow(run, engine, "validate " + stage);
  ListCpResult& found = *fit.list;
  fit.model = found.model.components.components() > 0 ? "cp" : "effects";
  fit.validation_rmse = found.validation_rmse;
  fit.train_rmse = found.train_rmse;
  fit.iterations = found.sweeps;
  fit.stop = found.stop;
  fit.message = found.message;
  fit.parts = !options.effects ? "components alone" : fit.model == "cp" ? "effects and components" : "effects alone";
  if (run.interrupted) return fit;
  fill_rows(run, role, found.model);
  for (const std::vector<Index>& part : run.split.validation)
    for (const Index k : part)
      fit.calibration.residuals.push_back(std::abs(found.model.mean(index_at(run.tensor, k)) - run.tensor.value[k]));
  std::sort(fit.calibration.residuals.begin(), fit.calibration.residuals.end());
  return fit;
}

ListCpResult fit_all(ArrayRun& run, const ArrayFit& chosen, Role held_out, Role validation, const std::string& stage) {
  ListCpOptions options = options_of(run);
  options.effects = chosen.effects;
  if (run.tensor.num_observed() > enough_to_choose(run.tensor))
    options.final_sweeps = std::min(options.final_sweeps, kSweepsOfAll);
  const std::vector<std::uint8_t> role = roles(run, held_out, validation);
  ListCpFit engine({run.tensor, role}, *chosen.list, options);
  ListCpResult result = follow(run, engine, stage);
  fill_rows(run, role, result.model);
  return result;
}

}  // namespace

std::vector<ArrayFit> validated_list(ArrayRun& run) {
  std::vector<ArrayFit> fits;
  ListCpOptions options = options_of(run);
  fits.push_back(validate(run, options, "effects and components"));
  if (run.interrupted) return fits;
  if (fits[0].model == "cp") {
    ArrayFit effects;
    effects.model = "effects";
    effects.validation_rmse = fits[0].list->effects_rmse;
    effects.parts = "effects alone";
    effects.message = "before the first component";
    fits.push_back(std::move(effects));
  }
  if (run.tensor.num_observed() <= kBothBelow) {
    options.effects = false;
    fits.push_back(validate(run, options, "components alone"));
    fits.back().effects = false;
    fits.back().model = "cp";
    if (fits.back().list->model.components.components() == 0) fits.back().validation_rmse = HUGE_VAL;
  }
  return fits;
}

void finish_list(ArrayRun& run, ArrayFit& fit) {
  if (!run.split.validation_given || run.tensor.num_observed() > enough_to_choose(run.tensor)) {
    ListCpResult again = fit_all(run, fit, unseen, run.split.validation_given ? unseen : fitted, "fit " + fit.model);
    // Components that came out empty are gone, from the precisions too.
    again.validation_rmse = fit.list->validation_rmse;
    again.effects_rmse = fit.list->effects_rmse;
    fit.train_rmse = again.train_rmse;
    const Index asked = fit.list->model.components.components(), left = again.model.components.components();
    if (left != asked) fit.message += fmt::format(", {} of which are left in the fit that is kept", left);
    fit.list = std::move(again);
  }
  fit.predictor = generalized_predictor(fit.list->model, fit.calibration);
}

ArrayFit list_again(ArrayRun& run, const ArrayFit& chosen) {
  ArrayFit fit;
  fit.model = chosen.model;
  fit.list = fit_all(run, chosen, fitted, fitted, "refit " + chosen.model);
  fit.stop = fit.list->stop;
  fit.predictor = generalized_predictor(fit.list->model, chosen.calibration);
  return fit;
}

}  // namespace rankflow::completion
