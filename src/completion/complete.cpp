// The job behind `rankflow complete`: split, choose an engine, fit, judge, refit.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/complete.h"

#include <algorithm>
#include <cmath>

#include "completion/fingerprint.h"
#include "completion/judge.h"
#include "completion/magnitude.h"
#include "completion/parts.h"
#include "completion/run.h"
#include "rankflow/centering.h"
#include "rankflow/error.h"

namespace rankflow {
namespace completion {
namespace {

constexpr Index kSmall = 20'000;       // observations up to which a second, exact attempt costs next to nothing
constexpr double kExplains = 1e-2;     // validation error relative to the values' spread below which noise is no issue
constexpr double kLittleNoise = 0.05;  // relative to the values' spread: may be an exact matrix seen too rarely
constexpr Index kFewestToJudge = 20;   // observations below which nothing is held out
constexpr double kQuickEffort = 0.5;   // share of the posterior's draws that is enough to compare

// The engine that was chosen, with the settings that a fit on more data repeats.
struct Choice {
  Fit fit;             // on the training part, or on everything it may see if `final`
  bool final = false;  // needs no fit on training and validation part together
  double depth = 0;
};

FlowOptions flow_options(const Run& run, Centering centering, double share) {
  FlowOptions options = run.options.flow;
  options.centering = centering;
  options.seed = run.options.seed;
  if (run.options.time_limit > 0) options.max_seconds = run.allowance(share);
  return options;
}

PosteriorOptions posterior_options(const Run& run, double share) {
  PosteriorOptions options = run.options.posterior;
  options.seed = run.options.seed;
  if (const Index most = run.options.flow.max_rank; most > 0)
    options.width = options.width > 0 ? std::min(options.width, most) : most;
  if (run.options.time_limit > 0) options.max_seconds = run.allowance(share);
  return options;
}

Centering fixed_centering(Center center) {
  return center == Center::biases ? Centering::biases : center == Center::mean ? Centering::mean : Centering::none;
}

double training_spread(const Run& run) {  // in the engine's units
  return run.scaling.scale.size() > 0 ? 1 : seen_values(run).spread;
}

void note(Completion& result, const Fit& fit, double rmse, const std::string& remark) {
  result.candidates.push_back({fit.engine, rmse, false, remark});
}

// Matching all but round-off of large numbers is not enough: what varies must be matched.
bool solves(const Run& run, const Fit& fit) {
  return fit.solved && fit.train_rmse <= kExplains * kExplains * training_spread(run);
}

// A matrix of exactly low rank needs no validation part: a fit of all that may be seen, with far fewer degrees of
// freedom than observations, speaks for itself.
std::optional<Fit> exact_attempt(Run& run, Completion& result, bool thorough) {
  const Center center = run.options.center;
  FlowOptions options = flow_options(run, center == Center::automatic ? Centering::none : fixed_centering(center), 0.2);
  options.thorough = options.thorough && thorough;
  // Taking columns' means off hides an exact low rank, so nothing is standardized here unless that was asked for.
  const ColumnScaling scaling = run.scaling;
  if (run.options.standardize == Standardize::automatic) run.scaling = {};
  Fit fit =
      run_flow(run, thorough ? "solve flow thoroughly" : "solve flow", {Part::train, Part::validation}, false, options);
  if (!solves(run, fit)) {
    run.scaling = scaling;
    return std::nullopt;
  }
  note(result, fit, kNaN, "solves the problem exactly with rank " + std::to_string(fit.model.rank()));
  return fit;
}

const char* word(Centering centering) {
  return centering == Centering::none ? "no centering" : centering == Centering::mean ? "mean" : "biases";
}

// A fit by the flow or by descent, judged on the validation part, with the centering that does best there.
template <class FitWith>
Fit best_centering(Run& run, Completion& result, FitWith fit_with) {
  std::vector<Centering> centerings;
  if (run.options.center != Center::automatic) {
    centerings = {fixed_centering(run.options.center)};
  } else {
    centerings = {Centering::biases};
    if (run.table.num_observed() <= kSmall) centerings.insert(centerings.begin(), Centering::none);
  }
  std::optional<Fit> best;
  for (const Centering centering : centerings) {
    Fit fit = fit_with(centering);
    note(result, fit, fit.validation_rmse, std::string(word(centering)) + ": " + fit.message);
    const bool explains = solves(run, fit) || fit.validation_rmse < kExplains * training_spread(run);
    if (!best || fit.validation_rmse < best->validation_rmse) best = std::move(fit);
    if (explains) break;
  }
  return *std::move(best);
}

Fit validated_flow(Run& run, Completion& result, bool thorough) {
  return best_centering(run, result, [&](Centering centering) {
    FlowOptions options = flow_options(run, centering, 0.2);
    options.thorough = options.thorough && thorough;
    return run_flow(run, std::string("validate flow, ") + word(centering), {Part::train}, true, options);
  });
}

Fit validated_gd(Run& run, Completion& result) {
  return best_centering(run, result, [&](Centering centering) {
    return run_gd(run, std::string("validate gd, ") + word(centering), {Part::train}, true, centering,
                  run.allowance(0.2));
  });
}

Fit validated_posterior(Run& run, Completion& result, const LowRankModel* start) {
  PosteriorOptions options = posterior_options(run, 0.4);
  options.effort *= kQuickEffort;
  Fit fit = run_posterior(run, "validate posterior", {Part::train}, true, options, start);
  note(result, fit, fit.validation_rmse, fit.message);
  return fit;
}

// Standard deviation of the noise that a posterior found, relative to the values' spread.
double noise_share(const Run& run, const Fit& posterior) {
  return noise_level(posterior.spread) / std::max(1e-300, training_spread(run));
}

Choice choose(Run& run, Completion& result) {
  const bool small = run.table.num_observed() <= kSmall && run.options.flow.motion == Motion::fast;
  if (run.options.engine == Engine::gd) return {validated_gd(run, result), false};
  if (run.options.engine == Engine::posterior) {
    const Fit start = validated_flow(run, result, false);
    return {validated_posterior(run, result, &start.model), false};
  }

  if (run.options.engine == Engine::nuclear || run.options.engine == Engine::soft_impute)
    return {validated_convex(run, result.candidates), false};

  const bool flow_alone = run.options.engine == Engine::flow;
  if (small && (run.options.held_out == 0 || run.scaling.scale.size() > 0))
    if (auto exact = exact_attempt(run, result, flow_alone)) return {*std::move(exact), true};
  Fit flow = validated_flow(run, result, flow_alone);
  const bool explains = solves(run, flow) || flow.validation_rmse < kExplains * training_spread(run);
  if (!explains && flow_alone && small && run.options.held_out > 0)
    if (auto exact = exact_attempt(run, result, true)) return {*std::move(exact), true};
  if (explains || flow_alone) return {std::move(flow), false};

  Fit posterior = validated_posterior(run, result, &flow.model);
  // Hardly any noise, and yet no flow explains the unseen entries: perhaps there are only too few observations.
  if (small && noise_share(run, posterior) < kLittleNoise)
    if (auto exact = exact_attempt(run, result, true)) return {*std::move(exact), true};
  return {posterior.validation_rmse < flow.validation_rmse ? std::move(posterior) : std::move(flow), false};
}

// The chosen engine on more data.
Fit fit_again(Run& run, const std::string& name, Parts take, const Fit& chosen, double share) {
  if (chosen.engine == "flow")
    return checked_refit(run_flow(run, name, take, false, flow_options(run, chosen.centering, share), &chosen), chosen);
  if (chosen.engine == "gd") return run_gd(run, name, take, false, chosen.centering, run.allowance(share), &chosen);
  if (is_convex(chosen.engine)) return convex_again(run, name, take, chosen, share);
  PosteriorOptions options = posterior_options(run, share);
  options.keep = std::max<Index>(1, chosen.model.width());
  Fit fit = run_posterior(run, name, take, false, options, &chosen.model);
  if (fit.iterations > 0) return fit;
  Fit first = chosen;  // the time was up before the first draw
  first.stop = Stop::time_limit;
  first.message += "; the time limit left none for a fit on more observations";
  return first;
}

// What means and biases alone predict for the held-out entries, from everything that may be seen.
std::vector<double> baseline(const Run& run, const Judged& judged, Completion& result) {
  const Table& table = run.table;
  std::vector<double> predicted(judged.row.size());
  if (table.layout == Table::Layout::triplets) {
    result.baseline = "row and column biases";
    const Observations<float> seen = select<float>(table, run.parts, {Part::train, Part::validation});
    const Biases biases = fit_biases(seen, Centering::biases);
    for (std::size_t k = 0; k < predicted.size(); ++k)
      predicted[k] = biases(judged.row[k], table.column[judged.observation[k]]);
  } else {
    result.baseline = "column means";
    const ColumnScaling means = column_scaling(table, run.parts);
    for (std::size_t k = 0; k < predicted.size(); ++k) predicted[k] = means.offset[table.column[judged.observation[k]]];
  }
  return predicted;
}

void judge_kept(Run& run, Completion& result) {
  const Judged judged = judge(run.table, run.parts, Part::held_out, result.model);
  if (judged.row.empty()) return;
  const Vector& units = run.scaling.scale;
  result.held_out = held_out_error(run.table, judged, units, result.model);
  const std::vector<double> means = baseline(run, judged, result);
  double squares = 0;
  for (std::size_t k = 0; k < means.size(); ++k) {
    const Index at = judged.observation[k];
    const double e = means[k] - run.table.value[at];
    squares += std::pow(units.size() == 0 ? e : e / units[run.table.column[at]], 2);
  }
  result.baseline_rmse = std::sqrt(squares / static_cast<double>(means.size()));
  if (run.table.layout == Table::Layout::dense) result.columns = column_errors(run.table, run.parts, judged, means);
}

void describe(const Fit& fit, const Fit& chosen, Completion& result) {
  result.engine = fit.engine;
  result.rank = fit.model.rank();
  result.effective_rank = effective_rank(fit.model.s);
  result.solved = fit.solved;
  result.iterations = fit.iterations;
  result.train_rmse = fit.train_rmse;
  result.stop = fit.stop;
  result.message = fit.message;
  result.centering = fit.engine == "posterior" ? "biases" : word(fit.centering);
  result.proof = fit.proof;
  for (Candidate& candidate : result.candidates)
    candidate.chosen = candidate.engine == chosen.engine &&
                       (candidate.validation_rmse == chosen.validation_rmse ||
                        (std::isnan(candidate.validation_rmse) && std::isnan(chosen.validation_rmse)));
}

// What intervals are calibrated with: how far a fit is off on the validation part, which it has not seen.
struct Calibration {
  std::vector<double> ratios;  // residual / standard deviation by that fit
  double noise = 0;            // the fit's own level of noise
};

Calibration calibrate(Run& run, const Choice& choice) {
  // A fit that took the validation part in is followed by one of the same path that did not, wherever that leads: what
  // the training part alone does not determine makes the intervals wide.
  const Fit blind = choice.final ? run_flow(run, "calibrate flow", {Part::train}, false,
                                            flow_options(run, choice.fit.centering, 0.2), &choice.fit)
                                 : choice.fit;
  const Vector rounding = rounding_levels(run.table, run.parts, run.scaling.scale.size() > 0);
  const Judged judged = judge(run.table, run.parts, Part::validation, to_completion_model(run, blind));
  const bool sound =
      std::all_of(judged.predicted.begin(), judged.predicted.end(), [](double value) { return std::isfinite(value); });
  if (!sound) return {};
  return {calibration(run.table, judged, rounding), noise_level(blind.spread)};
}

// All engines but the posterior have their standard deviations from the residuals on what they were fitted to. Where
// one fit matches its entries and another does not they differ by many powers of ten, so the calibrated size is carried
// over from one to the other.
std::vector<double> calibration_for(const Fit& fit, const Calibration& calibration) {
  std::vector<double> ratios = calibration.ratios;
  if (fit.engine != "posterior" && !ratios.empty()) {
    const double factor = calibration.noise / noise_level(fit.spread);
    for (double& ratio : ratios) ratio *= factor;
  }
  return ratios;
}

void carry_out(Run& run, Completion& result) {
  const Choice choice = choose(run, result);
  const bool table_fit = run.options.refit && run.options.held_out > 0;
  const Fit kept = choice.final ? choice.fit
                                : fit_again(run, "fit " + choice.fit.engine, {Part::train, Part::validation},
                                            choice.fit, table_fit ? 0.5 : 0.95);
  result.model = to_completion_model(run, kept);
  const Calibration calibration = calibrate(run, choice);
  result.model.calibration = calibration_for(kept, calibration);
  if (calibration.ratios.empty())
    result.warnings.push_back("no observation was left to calibrate intervals with, so there are none");
  describe(kept, choice.fit, result);
  result.depth = run.options.flow.depth;
  judge_kept(run, result);
  if (table_fit) {
    const Fit everything =
        fit_again(run, "refit " + kept.engine, {Part::train, Part::validation, Part::held_out}, choice.fit, 0.95);
    result.table_model = to_completion_model(run, everything);
    result.table_model->calibration = calibration_for(everything, calibration);
  }
}

// The message of the fit that is kept says if that was cut; one that was only compared would be cut silently.
void tell_cut_fits(const Run& run, Completion& result) {
  if (run.cut_fits.empty() || result.stop == Stop::iteration_limit) return;
  std::string names;
  for (const std::string& name : run.cut_fits) names += (names.empty() ? "" : "; ") + name;
  result.message += "; --max-iterations ended early: " + names;
}

// Every option is in its range. The flow's own are among them.
void check_options(const CompleteOptions& options) {
  CompleteOptions copy = options;
  for (const OptionField& option : fields(copy)) option.set(option.get());
}

double largest_size(const Table& table) {
  double largest = 0;
  for (const double value : table.value) largest = std::max(largest, std::abs(value));
  return largest;
}

// An option that the chosen engine does not look at would be without effect.
void check_effects(const CompleteOptions& options) {
  if (options.flow.weight_decay > 0 && options.flow.motion == Motion::fast)
    throw OptionError("--weight-decay acts in the faithful motion only, and --motion is fast",
                      "pass --motion faithful, or leave --weight-decay out: the fast motion finds its own");
  if (options.soft_impute.penalty > 0 && options.engine != Engine::soft_impute)
    throw OptionError("--penalty belongs to --engine soft-impute");
  if (options.match >= 0 && options.engine != Engine::nuclear) throw OptionError("--match belongs to --engine nuclear");
  const bool convex = options.engine == Engine::nuclear || options.engine == Engine::soft_impute;
  if (convex && options.scalar == Scalar::single_precision)
    throw OptionError("--scalar float: the convex engines compute in double");
}

}  // namespace
}  // namespace completion

Completion complete(const Table& table, const CompleteOptions& options, std::span<const Observer> observers,
                    const CheckpointOptions& checkpoint) {
  using namespace completion;
  check_options(options);
  check_effects(options);
  if (options.engine == Engine::gd) check_gd(table, options);
  if (options.engine == Engine::grow)
    throw OptionError("--engine grow is for arrays of order 3 and more, and this is a table",
                      "--engine flow follows singular values as they grow");
  if (table.num_observed() == 0) throw InputError(table.source, "no entry is observed: there is nothing to learn from");
  check_magnitude(largest_size(table), table.source, "value");
  Completion result;
  CompleteOptions settings = options;
  if (table.num_observed() < kFewestToJudge && options.held_out > 0) {
    settings.held_out = 0;
    result.warnings.push_back("fewer than " + std::to_string(kFewestToJudge) +
                              " observations: nothing is held out, so no error can be stated");
  }
  if (options.engine == Engine::nuclear && !table.weight.empty())
    result.warnings.push_back("engine nuclear takes all observations for equally precise: the weights are not used");
  Run run{table, settings, observers, Checkpoint(checkpoint, fingerprint(table, options))};
  run.parts = split(table.num_observed(), settings.held_out, settings.validation, settings.seed);
  run.history = run.checkpoint.history();
  if (settings.standardize == Standardize::columns ||
      (settings.standardize == Standardize::automatic && columns_differ(table, run.parts)))
    run.scaling = column_scaling(table, run.parts);
  if (settings.clip) run.range = value_range(table, run.parts);

  if (table.num_observed() == table.num_rows() * table.num_columns())
    result.warnings.push_back("every cell is observed: there is nothing to fill");
  result.seed = settings.seed;
  try {
    carry_out(run, result);
    tell_cut_fits(run, result);
  } catch (const Interrupted&) {
    result.stop = Stop::interrupted;
    result.message = "interrupted";
  }
  result.unit = run.scaling.scale.size() > 0 ? "column spreads" : "values";
  if (run.time_was_up && result.usable()) result.stop = Stop::time_limit;
  result.parts = std::move(run.parts);
  result.history = std::move(run.history);
  result.seconds = run.seconds();
  return result;
}

}  // namespace rankflow
