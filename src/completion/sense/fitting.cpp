// The three engines on linear measurements, and what a checkpoint keeps of their fits.
// SPDX-License-Identifier: Apache-2.0
#include "completion/sense/fitting.h"

#include <fmt/format.h>

#include <cmath>

#include "completion/fingerprint.h"
#include "completion/fit_archive.h"
#include "completion/sense/whitened.h"
#include "linalg/decompositions.h"
#include "rankflow/error.h"
#include "rankflow/flow_problem.h"
#include "rankflow/nuclear_norm.h"

namespace rankflow::completion {
namespace {

constexpr double kRankCut = 1e-3;
constexpr Index kDescentStride = 20;              // iterations of gradient descent between records
constexpr Index kNuclearStride = 10;              // the same for the nuclear engine
constexpr Index kMostDenseSide = 1'500;           // nuclear: of the matrix
constexpr Index kMostDenseMeasurements = 15'000;  // nuclear: A A^* is measurements x measurements
constexpr double kMatched = 1e-6;                 // relative residual of an exact match
constexpr double kClearlyBetter = 0.1;

SenseFit of_flow(const FlowResult& result) {
  const LowRankModel& model = result.model;
  return {model.u * model.s.asDiagonal() * model.v.transpose(), result.iterations, result.stop, result.message, {}};
}

double relative_residual(const MatrixProblem<double>& problem, const Matrix& w) {
  return (measure(problem, w) - problem.values).norm() / std::max(1e-300, problem.values.norm());
}

Archive to_archive(const SenseFit& fit) {
  Archive archive;
  archive.set("w", fit.w);
  archive.set("numbers",
              std::vector<std::int64_t>{fit.iterations, static_cast<std::int64_t>(fit.stop), fit.proof.has_value()});
  archive.set("message", fit.message);
  const ConvexProof proof = fit.proof.value_or(ConvexProof{});
  archive.set("proof", std::vector<double>{proof.penalty, proof.tolerance, proof.nuclear_norm, proof.objective,
                                           proof.dual_bound});
  return archive;
}

SenseFit from_archive(const Archive& archive, const MatrixProblem<double>& problem) {
  SenseFit fit;
  fit.w = archive.get_matrix("w", problem.num_rows, problem.num_columns);
  const std::vector<std::int64_t> numbers = archive.get_ints("numbers", 3);
  if (!fit.w.allFinite() || numbers[0] < 0) damaged_fit(archive);
  fit.iterations = numbers[0];
  fit.stop = kept_enumerator(archive, numbers[1], Stop::diverged);
  fit.message = archive.get_text("message");
  const std::vector<double> proof = archive.get_doubles("proof", 5);
  if (numbers[2] != 0) fit.proof = ConvexProof{proof[0], proof[1], proof[2], proof[3], proof[4]};
  return fit;
}

}  // namespace

SenseFitting::SenseFitting(const SenseOptions& options, std::span<const Observer> observers, Checkpoint& checkpoint,
                           SenseResult& result)
    : options_(options), observers_(observers), checkpoint_(checkpoint), result_(result) {
  result_.history = checkpoint_.history();
}

SenseFit SenseFitting::fit(const MatrixProblem<double>& problem, const std::string& stage, double share) {
  if (const Archive* saved = checkpoint_.finished(stage)) return from_archive(*saved, problem);
  const Task task{problem, stage,
                  options_.time_limit > 0 ? std::max(1e-3, share * (options_.time_limit - seconds())) : 0};
  SenseFit done = options_.engine == SenseEngine::flow ? flow(task)
                  : options_.engine == SenseEngine::gd ? descent(task)
                                                       : nuclear(task);
  if (done.stop != Stop::interrupted) checkpoint_.save_finished(stage, to_archive(done), result_.history);
  return done;
}

// The loss is the mean of squares.
bool SenseFitting::record(Snapshot& at, const std::string& stage) {
  Step step;
  step.engine = result_.engine;
  step.stage = stage;
  step.iteration = at.iteration;
  step.seconds = at.seconds;
  step.time = at.time;
  step.step_size = at.step_size;
  step.train_rmse = std::sqrt(std::max(0.0, at.loss));
  const Vector& s = at.singular_values();
  step.rank = s.size() > 0 && s[0] > 0 ? (s.array() > kRankCut * s[0]).count() : 0;
  step.effective_rank = effective_rank(s);
  step.singular_values.assign(s.begin(), s.end());
  bool go_on = true;
  for (const Observer& observer : observers_) go_on = observer(step) == Next::proceed && go_on;
  result_.history.push_back(std::move(step));
  return go_on;
}

template <class Engine>
void SenseFitting::drive(Engine& engine, const Task& task, Index stride) {
  Index shown = -1;
  if (const Archive* saved = checkpoint_.in_progress(task.stage)) {
    engine.restore(*saved);
    shown = engine.snapshot().iteration;
  }
  const auto save = [&] { checkpoint_.save_progress(task.stage, engine.state(), result_.history); };
  for (bool more = true; more;) {
    Snapshot& now = engine.snapshot();
    const bool fresh = now.iteration != shown && std::isfinite(now.loss);
    shown = now.iteration;
    if (fresh && !record(now, task.stage)) {
      save();
      engine.finish(Stop::interrupted);
      return;
    }
    if (checkpoint_.due()) save();
    more = engine.advance(stride - shown % stride);
  }
  Snapshot& last = engine.snapshot();
  if (last.iteration != shown && std::isfinite(last.loss)) record(last, task.stage);
}

// A fit by the flow takes seconds and is not kept while it runs.
SenseFit SenseFitting::flow(const Task& task) {
  bool interrupted = false;
  const Watcher watcher = [&](Snapshot& at) {
    interrupted = !record(at, task.stage);
    return interrupted ? Next::finish : Next::proceed;
  };
  FlowOptions options;
  options.depth = options_.depth;
  options.motion = options_.motion;
  options.alpha = options_.alpha;
  options.tolerance = options_.tolerance;
  options.max_iterations = options_.max_iterations;
  options.max_seconds = task.seconds;
  options.seed = options_.seed;
  const auto whole = [&]() -> SenseFit {
    SenseFit plain = of_flow(fit_flow(task.problem, options, {&watcher, 1}));
    const double residual = relative_residual(task.problem, plain.w);
    if (options.motion == Motion::faithful || plain.stop != Stop::converged || residual <= kMatched) return plain;
    // Measuring matrices that resemble each other (entries with a mean, say) make the loss so flat in most directions
    // that the fast motion stops short. The same equations with orthonormal measurements have the same exact solutions.
    const std::optional<MatrixProblem<double>> white = whitened(task.problem);
    if (!white) return plain;
    if (task.seconds > 0) options.max_seconds = std::max(1e-3, task.seconds - seconds());
    SenseFit other = of_flow(fit_flow(*white, options, {&watcher, 1}));
    other.message += ", after the measurements were made orthonormal";
    const bool better = relative_residual(task.problem, other.w) <= kClearlyBetter * residual;
    return better || other.stop == Stop::interrupted ? other : plain;
  };
  SenseFit fit = whole();
  if (interrupted) checkpoint_.save_progress(task.stage, {}, result_.history);
  return fit;
}

SenseFit SenseFitting::descent(const Task& task) {
  const MatrixProblem<double>& problem = task.problem;
  const auto depth = static_cast<Index>(options_.depth);
  if (static_cast<double>(depth) != options_.depth)
    throw OptionError(fmt::format("--depth {:g}: gradient descent needs a whole number of factors", options_.depth),
                      "--engine flow takes any depth above 1");
  DescentOptions options = options_.descent;
  options.max_iterations = options_.max_iterations;
  options.max_seconds = task.seconds;
  if (options.record_every == 0) options.record_every = kDescentStride;
  if (options_.tolerance > 0)
    options.loss_tolerance = std::pow(options_.tolerance, 2) * problem.values.squaredNorm() /
                             static_cast<double>(std::max<Index>(1, problem.values.size()));
  InitializationOptions start = options_.start;
  start.seed = options_.seed;
  Descent<double> engine(problem, initialize<double>(layer_dims(problem.num_rows, problem.num_columns, depth), start),
                         options);
  drive(engine, task, options.record_every);
  const DescentResult<double> result = engine.result();
  return {result.model.end_matrix(), result.iterations, result.stop, result.message, {}};
}

SenseFit SenseFitting::nuclear(const Task& task) {
  const MatrixProblem<double>& problem = task.problem;
  if (std::min(problem.num_rows, problem.num_columns) > kMostDenseSide ||
      problem.values.size() > kMostDenseMeasurements)
    throw OptionError(fmt::format("--engine nuclear decomposes {} x {} matrices at every iteration and factors one of "
                                  "{} x {}; it takes up to {} rows or columns and {} measurements",
                                  problem.num_rows, problem.num_columns, problem.values.size(), problem.values.size(),
                                  kMostDenseSide, kMostDenseMeasurements),
                      "--engine flow has no such limit");
  NuclearNormOptions options;
  options.tolerance = options_.match;
  options.relative_gap = options_.relative_gap;
  options.max_iterations = options_.max_iterations;
  options.max_seconds = task.seconds;
  NuclearNormSolver solver(problem);
  solver.start(options);
  drive(solver, task, kNuclearStride);
  const NuclearNormResult result = solver.result();
  return {result.w, result.iterations, result.stop, result.message,
          ConvexProof{0, options_.match, result.norm, result.norm, result.dual_bound}};
}

std::string fingerprint(const MatrixProblem<double>& problem, const SenseOptions& options) {
  Fingerprint hash;
  hash.word(static_cast<std::uint64_t>(problem.num_rows));
  hash.word(static_cast<std::uint64_t>(problem.num_columns));
  for (const Matrix* a : {&problem.matrices, &problem.left, &problem.right})
    hash.bytes(a->data(), static_cast<std::size_t>(a->size()) * sizeof(double));
  hash.bytes(problem.values.data(), static_cast<std::size_t>(problem.values.size()) * sizeof(double));
  SenseOptions copy = options;
  for (const OptionField& option : fields(copy))
    if (option.name != "time_limit" && option.name != "refit") hash.text(option.name + "=" + option.get());
  return hash.shown();
}

}  // namespace rankflow::completion
