// Sensing: which measurements train and which judge, the fit by one of three engines, and its error.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/sense.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "completion/magnitude.h"
#include "completion/parts.h"
#include "completion/sense/fitting.h"
#include "linalg/decompositions.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

using completion::SenseFit;

constexpr Index kFewestToJudge = 20;  // measurements below which nothing is held out
constexpr double kRankCut = 1e-3;
constexpr double kNormal95 = 1.959964;
constexpr double kMostCells = 4e8;  // of the matrix, which is written out: 3.2 GB

MatrixProblem<double> subset(const MatrixProblem<double>& problem, const std::vector<Part>& parts, Part part) {
  std::vector<Index> kept;
  for (std::size_t k = 0; k < parts.size(); ++k)
    if (parts[k] == part) kept.push_back(static_cast<Index>(k));
  const auto rows = [&](const Matrix& from) {
    Matrix to(static_cast<Index>(kept.size()), from.cols());
    for (Index k = 0; k < to.rows(); ++k) to.row(k) = from.row(kept[static_cast<std::size_t>(k)]);
    return to;
  };
  MatrixProblem<double> some;
  some.measurement = problem.measurement;
  some.num_rows = problem.num_rows;
  some.num_columns = problem.num_columns;
  some.loss = problem.loss;
  if (problem.measurement == Measurement::dense) {
    some.matrices = rows(problem.matrices);
  } else {
    some.left = rows(problem.left);
    some.right = rows(problem.right);
  }
  some.values = rows(Matrix(problem.values)).col(0);
  return some;
}

void judge(const MatrixProblem<double>& unseen, SenseResult& result) {
  const Vector predicted = measure(unseen, result.w), squares = (predicted - unseen.values).cwiseAbs2();
  const double n = static_cast<double>(squares.size()), mean = squares.mean();
  const double half = kNormal95 * std::sqrt(std::max(0.0, squares.cwiseAbs2().mean() - mean * mean) / n);
  HeldOutError error;
  error.count = squares.size();
  error.rmse = std::sqrt(mean);
  error.rmse_low = std::sqrt(std::max(0.0, mean - half));
  error.rmse_high = std::sqrt(mean + half);
  result.held_out = error;
  result.baseline_rmse = std::sqrt(unseen.values.squaredNorm() / n);
  result.observed.assign(unseen.values.begin(), unseen.values.end());
  result.predicted.assign(predicted.begin(), predicted.end());
}

void describe(const MatrixProblem<double>& train, SenseFit fitted, SenseResult& result) {
  result.w = std::move(fitted.w);
  result.singular_values = singular_values(result.w);
  const double most = result.singular_values.size() > 0 ? result.singular_values[0] : 0;
  result.rank = most > 0 ? (result.singular_values.array() > kRankCut * most).count() : 0;
  result.effective_rank = effective_rank(result.singular_values);
  result.train_rmse = std::sqrt((measure(train, result.w) - train.values).squaredNorm() /
                                static_cast<double>(std::max<Index>(1, train.values.size())));
  result.iterations = fitted.iterations;
  result.stop = fitted.stop;
  result.message = fitted.message;
  result.proof = fitted.proof;
}

void check(const MatrixProblem<double>& problem) {
  if (problem.measurement != Measurement::dense && problem.measurement != Measurement::rank_one)
    throw InputError("measurements", "sensing needs measurement matrices", "complete() is for single entries");
  if (problem.loss.normalization != Normalization::mean || problem.loss.penalty != Penalty::squared)
    throw OptionError("sensing minimizes the mean of squares");
  if (problem.values.size() == 0) throw InputError("measurements", "there are none");
  const auto size = [](const Matrix& a) { return a.size() > 0 ? a.cwiseAbs().maxCoeff() : 0.0; };
  completion::check_magnitude(problem.values.cwiseAbs().maxCoeff(), "measurements", "value");
  for (const Matrix* a : {&problem.matrices, &problem.left, &problem.right})
    completion::check_magnitude(size(*a), "measurements", "entry of the measuring matrices");
  const double cells = static_cast<double>(problem.num_rows) * static_cast<double>(problem.num_columns);
  if (cells > kMostCells)
    throw InputError("measurements",
                     fmt::format("the matrix would be {} x {}, which takes {:.1f} GB; up to {:.1f} GB can be written",
                                 problem.num_rows, problem.num_columns, 8e-9 * cells, 8e-9 * kMostCells));
}

// Dense factors, their gradient, and what momentum keeps.
void check(const MatrixProblem<double>& problem, const SenseOptions& options) {
  if (options.match > 0 && options.engine != SenseEngine::nuclear)
    throw OptionError("--match belongs to --engine nuclear");
  if (options.engine != SenseEngine::gd) return;
  const double side = static_cast<double>(std::min(problem.num_rows, problem.num_columns));
  const double numbers =
      side * (static_cast<double>(problem.num_rows + problem.num_columns) + (options.depth - 2) * side);
  if (numbers > kMostCells)
    throw OptionError(
        fmt::format("engine gd keeps dense factors: {} x {} at depth {:g} takes {:.2g} numbers; the limit "
                    "is {:.0e}",
                    problem.num_rows, problem.num_columns, options.depth, numbers, kMostCells),
        "--engine flow follows the same path without them");
}

// The stated error belongs to the fit without the held-out measurements; what is written has to be sound as well.
void take_refit(SenseFit all, SenseResult& result) {
  if (all.stop == Stop::interrupted) {
    result.stop = Stop::interrupted;
    result.message = all.message;
    return;
  }
  if (all.stop == Stop::diverged || all.stop == Stop::not_run || !all.w.allFinite()) {
    result.stop = Stop::diverged;
    result.message += "; the fit to all measurements failed: " + all.message;
    return;
  }
  if (all.stop != Stop::converged && result.stop == Stop::converged) {
    result.stop = all.stop;
    result.message += "; the fit to all measurements: " + all.message;
  }
  result.full_w = std::move(all.w);
}

}  // namespace

SenseResult sense(const MatrixProblem<double>& problem, const SenseOptions& options,
                  std::span<const Observer> observers, const CheckpointOptions& checkpoint) {
  check(problem);
  check(problem, options);
  SenseResult result;
  result.engine = options.engine == SenseEngine::flow ? "flow" : options.engine == SenseEngine::gd ? "gd" : "nuclear";
  if (options.engine != SenseEngine::nuclear) result.depth = options.depth;
  result.seed = options.seed;
  const Index count = problem.values.size();
  result.measurements = count;
  double held_out = options.held_out;
  if (count < kFewestToJudge && held_out > 0) {
    held_out = 0;
    result.warnings.push_back(
        fmt::format("fewer than {} measurements: nothing is held out, so no error can be stated", kFewestToJudge));
  }
  const std::vector<Part> parts = completion::split(count, held_out, 0, options.seed);
  const bool judged = std::find(parts.begin(), parts.end(), Part::held_out) != parts.end();
  completion::Checkpoint saved(checkpoint, completion::fingerprint(problem, options));
  completion::SenseFitting job(options, observers, saved, result);
  {
    const MatrixProblem<double> train = judged ? subset(problem, parts, Part::train) : MatrixProblem<double>{};
    const MatrixProblem<double>& seen = judged ? train : problem;
    if (seen.values.size() == 0) throw InputError("measurements", "all of them are held out", "lower --held-out");
    describe(seen, job.fit(seen, "fit " + result.engine, judged && options.refit ? 0.5 : 1), result);
  }
  if (result.usable() && judged) {
    judge(subset(problem, parts, Part::held_out), result);
    if (options.refit) {
      take_refit(job.fit(problem, "refit " + result.engine, 1), result);
    }
  }
  result.seconds = job.seconds();
  return result;
}

}  // namespace rankflow
