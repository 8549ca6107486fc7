// The convex engines as fits of a completion: soft-impute along its path, nuclear at a few tolerances.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "completion/fit_archive.h"
#include "completion/residual_spread.h"
#include "completion/run.h"
#include "linalg/decompositions.h"
#include "rankflow/centering.h"
#include "rankflow/error.h"
#include "rankflow/nuclear_norm.h"

namespace rankflow::completion {
namespace {

constexpr Index kSmall = 20'000;  // observations up to which centerings are compared
constexpr Index kMostDenseSide = 1'500;
constexpr double kMostDenseCells = 4e6;
constexpr double kMatches[] = {1, .6, .3, .1, .03, 0};  // tolerances that are tried, of the values' spread
constexpr Index kWorseMatches = 2;                      // ends the search after so many that predict less well
constexpr double kQuickGap = 1e-3;                      // relative gap that is enough to compare tolerances
constexpr Index kStride = 10;                           // iterations of the nuclear engine between two records
constexpr double kRoundOff = 1e-12;                     // singular values below this share of the largest are not kept

struct Task {
  std::string name;
  Parts take;
  Centering centering = Centering::none;
  bool validate = false;
  double max_seconds = 0;
};

const char* word(Centering centering) {
  return centering == Centering::none ? "no centering" : centering == Centering::mean ? "mean" : "biases";
}

// Shows and keeps a step; throws once an observer has had enough.
template <class State>
void record(Run& run, const Task& task, Step step, State&& state) {
  step.stage = task.name;
  bool go_on = true;
  for (const Observer& observer : run.observers) go_on = observer(step) == Next::proceed && go_on;
  run.history.push_back(std::move(step));
  if (!go_on || run.checkpoint.due()) run.checkpoint.save_progress(task.name, state(), run.history);
  if (!go_on) throw Interrupted{};
}

Fit conclude(Run& run, const Task& task, Fit fit) {
  fit.centering = task.centering;
  if (task.validate) fit.validation_rmse = part_rmse(run, fit, Part::validation);
  run.checkpoint.save_finished(task.name, fit_to_archive(fit), run.history);
  return noted_limits(run, task.name, std::move(fit));
}

// ---- soft-impute

// The spectral norm of noise grows with the square root of the number of observations, and so does the penalty that
// suits it.
double carried_penalty(const Fit& chosen, Index observations) {
  const double before = static_cast<double>(std::max<Index>(1, chosen.observations));
  return chosen.proof->penalty * std::sqrt(static_cast<double>(observations) / before);
}

Fit fit_soft(Run& run, const Task& task, const Fit* repeat) {
  if (const Archive* saved = run.checkpoint.finished(task.name))
    return noted_limits(run, task.name, fit_from_archive(*saved, run.table));
  const auto train = select<double>(run.table, run.parts, task.take, run.scaling);
  EntryList<double> validation;
  if (task.validate) validation = select_list<double>(run.table, run.parts, Part::validation, run.scaling);
  SoftImputeOptions options = run.options.soft_impute;
  options.centering = task.centering;
  options.max_rank = run.options.flow.max_rank;
  options.seed = run.options.seed;
  options.max_seconds = task.max_seconds;
  options.max_iterations = std::min(options.max_iterations, run.options.flow.max_iterations);
  if (repeat && options.penalty == 0) options.penalty = carried_penalty(*repeat, train.count());

  SoftImpute engine(train, validation, options, run.checkpoint.in_progress(task.name));
  while (engine.step()) record(run, task, engine.last_step(), [&] { return engine.state(); });
  const SoftImputeResult result = engine.result();
  Fit fit;
  fit.engine = "soft-impute";
  fit.model = result.model;
  fit.spread = residual_spread(train, result.model);
  fit.train_rmse = result.chosen.train_rmse;
  fit.iterations = result.iterations;
  fit.stop = result.stop;
  fit.message = fmt::format("{}: {}, penalty {:.4g}", word(task.centering), result.message, result.chosen.penalty);
  fit.proof = ConvexProof{result.chosen.penalty, 0, result.chosen.norm, result.chosen.objective, result.chosen.bound};
  fit.observations = train.count();
  return conclude(run, task, std::move(fit));
}

// ---- nuclear

void check_size(const Table& table) {
  const Index side = std::min(table.num_rows(), table.num_columns());
  const double cells = static_cast<double>(table.num_rows()) * static_cast<double>(table.num_columns());
  if (side <= kMostDenseSide && cells <= kMostDenseCells) return;
  throw OptionError(
      fmt::format("--engine nuclear works on the whole matrix, and this one is {} x {}; it takes up to {} "
                  "rows or columns and {:.0g} cells",
                  table.num_rows(), table.num_columns(), kMostDenseSide, kMostDenseCells),
      "--engine soft-impute solves the penalized form of the problem at any size");
}

MatrixProblem<double> centered_problem(const Observations<double>& train, const Biases& biases) {
  EntryList<double> entries;
  for (Index i = 0; i < train.num_rows; ++i)
    for (Index k = train.by_row.begin[i]; k < train.by_row.begin[i + 1]; ++k) {
      const std::int32_t j = train.by_row.other[k];
      entries.row.push_back(static_cast<std::int32_t>(i));
      entries.column.push_back(j);
      entries.value.push_back(train.by_row.value[k] - biases(i, j));
    }
  return completion_problem<double>(train.num_rows, train.num_columns, std::move(entries), {});
}

LowRankModel to_model(const Matrix& w, const Biases& biases) {
  const Svd<double> parts = svd<double>(w);
  Index width = 0;
  while (width < parts.s.size() && parts.s[width] > kRoundOff * parts.s[0]) ++width;
  return {biases.mean,        biases.row, biases.column, parts.u.leftCols(width), parts.v.leftCols(width),
          parts.s.head(width)};
}

Step step_of(NuclearNormSolver& solver, Index count) {
  Snapshot& at = solver.snapshot();
  const Vector& s = at.singular_values();
  Step step;
  step.engine = "nuclear";
  step.iteration = at.iteration;
  step.seconds = at.seconds;
  step.train_rmse = count > 0 ? std::sqrt(at.loss) : kNaN;
  for (const double sigma : s)
    if (sigma > 1e-9 * s[0]) step.singular_values.push_back(sigma);
  step.rank = static_cast<Index>(step.singular_values.size());
  step.effective_rank = effective_rank(s);
  return step;
}

Fit fit_nuclear(Run& run, const Task& task, double tolerance) {
  if (const Archive* saved = run.checkpoint.finished(task.name))
    return noted_limits(run, task.name, fit_from_archive(*saved, run.table));
  const auto train = select<double>(run.table, run.parts, task.take, run.scaling);
  const Biases biases = fit_biases(train, task.centering);
  const MatrixProblem<double> problem = centered_problem(train, biases);
  NuclearNormOptions options;
  options.tolerance = tolerance;
  options.relative_gap = run.options.soft_impute.relative_gap;
  if (task.validate) options.relative_gap = std::max(options.relative_gap, kQuickGap);
  options.max_iterations = run.options.flow.max_iterations;
  options.max_seconds = task.max_seconds;

  NuclearNormSolver solver(problem);
  solver.start(options);
  if (const Archive* saved = run.checkpoint.in_progress(task.name)) solver.restore(*saved);
  bool more = solver.advance(0);  // false where the state that was restored had ended
  while (more) {
    more = solver.advance(kStride);
    record(run, task, step_of(solver, train.count()), [&] { return solver.state(); });
  }
  const NuclearNormResult result = solver.result();
  Fit fit;
  fit.engine = "nuclear";
  fit.model = to_model(result.w, biases);
  fit.spread = residual_spread(train, fit.model);
  fit.train_rmse = std::sqrt(loss_at(problem, result.w));
  fit.iterations = result.iterations;
  fit.stop = result.stop;
  fit.message = fmt::format("{}: {}, deviations up to {:.3g}", word(task.centering), result.message, tolerance);
  fit.proof = ConvexProof{0, tolerance, result.norm, result.norm, result.dual_bound};
  return conclude(run, task, std::move(fit));
}

std::vector<double> tolerances(const Run& run) {
  if (run.options.match >= 0) return {run.options.match};
  const double spread = run.scaling.scale.size() > 0 ? 1 : seen_values(run).spread;
  std::vector<double> list;
  for (const double share : kMatches) list.push_back(share * spread);
  return list;
}

// ---- both

std::vector<Centering> centerings(const Run& run) {
  switch (run.options.center) {
    case Center::none:
      return {Centering::none};
    case Center::mean:
      return {Centering::mean};
    case Center::biases:
      return {Centering::biases};
    case Center::automatic:
      break;
  }
  if (run.table.num_observed() > kSmall) return {Centering::biases};
  return {Centering::none, Centering::biases};
}

Fit validated_nuclear(Run& run, Centering centering, std::vector<Candidate>& candidates) {
  std::optional<Fit> best;
  Index worse = 0;
  for (const double tolerance : tolerances(run)) {
    const Task task{fmt::format("validate nuclear, {}, within {:.3g}", word(centering), tolerance),
                    {Part::train},
                    centering,
                    true,
                    run.allowance(0.1)};
    Fit fit = fit_nuclear(run, task, tolerance);
    candidates.push_back({fit.engine, fit.validation_rmse, false, fit.message});
    const bool better = !best || fit.validation_rmse < best->validation_rmse;
    worse = better ? 0 : worse + 1;
    if (better) best = std::move(fit);
    if (worse >= kWorseMatches) break;
  }
  return *std::move(best);
}

}  // namespace

bool is_convex(const std::string& engine) {
  return engine == "nuclear" || engine == "soft-impute";
}

Fit validated_convex(Run& run, std::vector<Candidate>& candidates) {
  const bool nuclear = run.options.engine == Engine::nuclear;
  if (nuclear) check_size(run.table);
  std::optional<Fit> best;
  for (const Centering centering : centerings(run)) {
    Fit fit;
    if (nuclear) {
      fit = validated_nuclear(run, centering, candidates);
    } else {
      const Task task{
          fmt::format("validate soft-impute, {}", word(centering)), {Part::train}, centering, true, run.allowance(0.3)};
      fit = fit_soft(run, task, nullptr);
      candidates.push_back({fit.engine, fit.validation_rmse, false, fit.message});
    }
    if (!best || fit.validation_rmse < best->validation_rmse) best = std::move(fit);
  }
  return *std::move(best);
}

Fit convex_again(Run& run, const std::string& name, Parts take, const Fit& chosen, double share) {
  const Task task{name, take, chosen.centering, false, run.allowance(share)};
  return chosen.engine == "nuclear" ? fit_nuclear(run, task, chosen.proof->tolerance) : fit_soft(run, task, &chosen);
}

}  // namespace rankflow::completion
