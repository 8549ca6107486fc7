// Gradient descent on dense factors as one fit of a completion: when to look, when to stop, what is kept.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "completion/fit_archive.h"
#include "completion/residual_spread.h"
#include "completion/run.h"
#include "linalg/decompositions.h"
#include "rankflow/centering.h"
#include "rankflow/error.h"
#include "rankflow/rank_window.h"

namespace rankflow::completion {
namespace {

constexpr double kMostNumbers = 5e7;   // in all factors, and in the end matrix, which is decomposed at the end
constexpr Index kFewestUpdates = 20;   // between looks at the validation part; later 5 % of all made so far
constexpr double kStrideFlops = 2e10;  // and never more than about a second's work
constexpr Index kPatience = 10'000;    // updates beyond twice the best moment, so that plateaus are waited for
constexpr Index kSmallSpectrum = 200;  // rows or columns up to which history has singular values
constexpr Index kMostRecorded = 32;    // of them

double flops_per_update(double observations, const std::vector<Index>& dims) {
  const double width = static_cast<double>(dims[1]), deep = static_cast<double>(dims.size()) - 3;
  return 6 * observations * width + 6 * deep * width * width * static_cast<double>(std::min(dims.front(), dims.back()));
}

std::vector<Index> gd_dims(const Table& table, const CompleteOptions& options) {
  return layer_dims(table.num_rows(), table.num_columns(), static_cast<Index>(options.flow.depth),
                    options.flow.max_rank);
}

// What the engine sees: what means and biases leave, in units of its spread.
template <class T>
struct Prepared {
  Biases biases;
  double scale = 1;
  MatrixProblem<T> problem;
};

template <class T>
Prepared<T> prepare(const Observations<T>& train, Centering centering) {
  Prepared<T> prepared{fit_biases(train, centering), 1, {}};
  const Lines<T>& rows = train.by_row;
  EntryList<T> entries;
  double squares = 0;
  for (Index i = 0; i < train.num_rows; ++i)
    for (Index k = rows.begin[i]; k < rows.begin[i + 1]; ++k) {
      const double rest = static_cast<double>(rows.value[k]) - prepared.biases(i, rows.other[k]);
      squares += rest * rest;
      entries.row.push_back(static_cast<std::int32_t>(i));
      entries.column.push_back(rows.other[k]);
    }
  if (squares > 0) prepared.scale = std::sqrt(squares / static_cast<double>(train.count()));
  for (Index k = 0; k < train.count(); ++k)
    entries.value.push_back(static_cast<T>(
        (static_cast<double>(rows.value[k]) - prepared.biases(entries.row[k], rows.other[k])) / prepared.scale));
  entries.weight = rows.weight;
  prepared.problem = completion_problem<T>(train.num_rows, train.num_columns, std::move(entries), {});
  return prepared;
}

// The best point so far, as an end matrix in the engine's units.
struct Best {
  Matrix end_matrix;
  Index updates = -1;
  double loss = kNaN, validation_rmse = kNaN;
};

template <class T>
class Fitting {
 public:
  Fitting(Run& run, const std::string& name, Parts take, bool validate, Centering centering, double max_seconds,
          const Fit* repeat)
      : run_(run),
        name_(name),
        centering_(centering),
        train_(select<T>(run.table, run.parts, take, run.scaling)),
        prepared_(prepare(train_, centering)),
        dims_(gd_dims(run.table, run.options)),
        options_(descent_options(run, max_seconds, repeat)),
        repeats_(repeat != nullptr),
        engine_(prepared_.problem, initialize<T>(dims_, start_options(run)), options_) {
    if (run.options.flow.stop_at_rank > 0) rank_stop_.emplace(run.options.flow.stop_at_rank);
    if (validate) validation_ = select_list<T>(run.table, run.parts, Part::validation, run.scaling);
    if (const Archive* saved = run.checkpoint.in_progress(name)) resume(*saved);
    const double flops = flops_per_update(static_cast<double>(train_.count()), dims_);
    longest_stride_ = std::max<Index>(1, static_cast<Index>(kStrideFlops / flops));
  }

  Fit fit() {
    while (look() && engine_.advance(stride()))
      if (run_.checkpoint.due()) save();
    look();
    return result();
  }

 private:
  static DescentOptions descent_options(const Run& run, double max_seconds, const Fit* repeat) {
    DescentOptions options = run.options.descent;
    const bool as_often = repeat && run.options.flow.stop_at_rank == 0;  // otherwise the rank ends this fit too
    options.max_iterations = as_often ? repeat->path.steps : run.options.flow.max_iterations;
    options.max_seconds = max_seconds;
    return options;
  }
  static InitializationOptions start_options(const Run& run) {
    InitializationOptions options = run.options.initialization;
    options.seed = run.options.seed;
    return options;
  }

  Index stride() const {
    const Index made = engine_.result().iterations;
    return std::min(longest_stride_, std::max(kFewestUpdates, made / 20));
  }

  // Records the current point and keeps it if it is the best; false once the fit has ended.
  bool look() {
    Snapshot& now = engine_.snapshot();
    if (now.iteration == seen_) return !enough(now.iteration);
    seen_ = now.iteration;
    if (!std::isfinite(now.loss)) return true;  // the engine stops by itself
    const double error = validation_rmse(now);
    const bool judged = validation_.count() > 0 && !rank_stop_;
    const bool left = rank_stop_ && rank_stop_->left(now.singular_values(), now.iteration, now.time);
    if (now.iteration == 0 && rank_stop_) start_size_ = now.singular_values().mean();
    if (left) {
      engine_.finish(Stop::converged);
      return false;  // the best is the last point before
    }
    if (!judged || !(error >= best_.validation_rmse)) best_ = {now.end_matrix(), now.iteration, now.loss, error};
    const Step step = record(now, error);
    bool go_on = true;
    for (const Observer& observer : run_.observers) go_on = observer(step) == Next::proceed && go_on;
    run_.history.push_back(step);
    if (!go_on) {
      save();
      throw Interrupted{};
    }
    return !enough(now.iteration);
  }

  // The validation error has had its minimum.
  bool enough(Index iteration) {
    if (validation_.count() == 0 || rank_stop_ || iteration <= 2 * best_.updates + kPatience) return false;
    engine_.finish(Stop::validation);
    return true;
  }

  double validation_rmse(Snapshot& now) const {
    if (validation_.count() == 0) return kNaN;
    const Matrix& w = now.end_matrix();
    double squares = 0;
    for (Index k = 0; k < validation_.count(); ++k) {
      const Index i = validation_.row[k], j = validation_.column[k];
      const double e = prepared_.scale * w(i, j) + prepared_.biases(i, j) - static_cast<double>(validation_.value[k]);
      squares += e * e;
    }
    return std::sqrt(squares / static_cast<double>(validation_.count()));
  }

  Step record(Snapshot& now, double error) const {
    Step step;
    step.engine = "gd";
    step.stage = name_;
    step.iteration = now.iteration;
    step.seconds = now.seconds;
    step.time = now.time;
    step.step_size = now.step_size;
    step.train_rmse = std::sqrt(now.loss) * prepared_.scale;
    step.validation_rmse = error;
    if (now.seconds > 0)
      step.rate = static_cast<double>(now.iteration) * static_cast<double>(train_.count()) / now.seconds;
    if (std::min(dims_.front(), dims_.back()) > kSmallSpectrum) return step;
    const Vector s = now.singular_values() * prepared_.scale;
    step.effective_rank = effective_rank(s);
    step.rank = s[0] > 0 ? (s.array() > 1e-3 * s[0]).count() : 0;
    step.singular_values.assign(s.data(), s.data() + std::min<Index>(s.size(), kMostRecorded));
    return step;
  }

  void save() {
    Archive archive = engine_.state();
    archive.set("best_end_matrix", best_.end_matrix);
    archive.set("best", std::vector<double>{static_cast<double>(best_.updates), best_.loss, best_.validation_rmse,
                                            static_cast<double>(seen_)});
    const SeenWindow seen = rank_stop_ ? rank_stop_->seen() : SeenWindow{};
    archive.set("window", std::vector<double>{start_size_, seen.begin_time, seen.end_time});
    archive.set("window_updates", std::vector<std::int64_t>{seen.first, seen.last, seen.armed, seen.left});
    run_.checkpoint.save_progress(name_, std::move(archive), run_.history);
  }

  void resume(const Archive& archive) {
    engine_.restore(archive);
    const std::vector<double> numbers = archive.get_doubles("best", 4);
    best_ = {archive.get_matrix("best_end_matrix"), static_cast<Index>(numbers[0]), numbers[1], numbers[2]};
    seen_ = static_cast<Index>(numbers[3]);
    const std::vector<double> times = archive.get_doubles("window", 3);
    const auto updates = archive.get_ints("window_updates", 4);
    start_size_ = times[0];
    if (rank_stop_) rank_stop_->restore({updates[0], updates[1], times[1], times[2], updates[2] != 0, updates[3] != 0});
  }

  Fit result() const {
    const DescentResult<T> ended = engine_.result();
    Fit fit;
    fit.engine = "gd";
    fit.centering = centering_;
    fit.stop = ended.stop;
    fit.message = ended.message;
    fit.iterations = ended.iterations;
    fit.path.steps = std::max<Index>(0, best_.updates);
    fit.train_rmse = std::sqrt(best_.loss) * prepared_.scale;
    fit.model = model();
    fit.spread = residual_spread(train_, fit.model);
    if (ended.stop == Stop::diverged) {
      fit.message += "; a smaller --step-size may help";
    } else if (rank_stop_) {
      const RankWindowStart start{run_.options.flow.depth, start_size_, 0};
      if (rank_stop_->seen().left)
        fit.message = describe_stop(run_.options.flow.stop_at_rank, target_estimate(prepared_.problem), start,
                                    rank_stop_->seen());
    } else if (validation_.count() > 0) {
      fit.message = fmt::format("best on the validation part after {} of {} updates", best_.updates, ended.iterations);
      const bool cut = ended.stop == Stop::time_limit || ended.stop == Stop::iteration_limit;
      if (best_.updates < ended.iterations && !cut) fit.stop = Stop::validation;
    } else if (repeats_ && ended.stop == Stop::iteration_limit) {
      fit.stop = Stop::validation;
      fit.message = fmt::format("{} updates, as many as were best on the validation part", ended.iterations);
    }
    return fit;
  }

  // The end matrix's singular triples down to round-off, and what was taken off before.
  LowRankModel model() const {
    LowRankModel model;
    model.mean = prepared_.biases.mean;
    model.row_bias = prepared_.biases.row;
    model.column_bias = prepared_.biases.column;
    Svd<double> parts;
    Index rank = 0;
    if (best_.updates >= 0) {
      parts = svd(best_.end_matrix);
      const double resolved = static_cast<double>(std::numeric_limits<T>::epsilon()) * parts.s[0];
      rank = (parts.s.array() > resolved).count();
    }
    model.u = Matrix::Zero(train_.num_rows, rank);
    model.v = Matrix::Zero(train_.num_columns, rank);
    model.s = Vector::Zero(rank);
    if (rank > 0) {
      model.u = parts.u.leftCols(rank);
      model.v = parts.v.leftCols(rank);
      model.s = parts.s.head(rank) * prepared_.scale;
    }
    return model;
  }

  Run& run_;
  std::string name_;
  Centering centering_;
  Observations<T> train_;
  Prepared<T> prepared_;
  EntryList<T> validation_;
  std::vector<Index> dims_;
  DescentOptions options_;
  bool repeats_;
  Descent<T> engine_;
  Best best_;
  std::optional<RankStop> rank_stop_;
  double start_size_ = kNaN;
  Index seen_ = -1, longest_stride_ = 1;
};

}  // namespace

void check_gd(const Table& table, const CompleteOptions& options) {
  const double depth = options.flow.depth;
  if (depth != std::floor(depth) || depth < 2)
    throw OptionError(fmt::format("--depth {:g}: engine gd multiplies that many factors: an integer from 2 on", depth),
                      "--engine flow takes any number above 1");
  check(options.descent);
  if (table.num_rows() == 0 || table.num_columns() == 0) return;
  const std::vector<Index> dims = gd_dims(table, options);
  double numbers = 0;
  for (std::size_t l = 1; l < dims.size(); ++l)
    numbers += static_cast<double>(dims[l]) * static_cast<double>(dims[l - 1]);
  const double cells = static_cast<double>(table.num_rows()) * static_cast<double>(table.num_columns());
  if (numbers > kMostNumbers || cells > kMostNumbers)
    throw OptionError(fmt::format("engine gd keeps dense factors: {} x {} at depth {:g} takes {:.2g} numbers, and the "
                                  "completed table {:.2g}; the limit is {:.0e}",
                                  table.num_rows(), table.num_columns(), depth, numbers, cells, kMostNumbers),
                      "--engine flow follows the same path without them");
}

Fit run_gd(Run& run, const std::string& name, Parts take, bool validate, Centering centering, double max_seconds,
           const Fit* repeat) {
  if (const Archive* saved = run.checkpoint.finished(name))
    return noted_limits(run, name, fit_from_archive(*saved, run.table));
  if (repeat && repeat->stop == Stop::diverged) return *repeat;  // more data would not help
  Fit done = run.options.scalar == Scalar::single_precision
                 ? Fitting<float>(run, name, take, validate, centering, max_seconds, repeat).fit()
                 : Fitting<double>(run, name, take, validate, centering, max_seconds, repeat).fit();
  if (validate) done.validation_rmse = part_rmse(run, done, Part::validation);
  run.checkpoint.save_finished(name, fit_to_archive(done), run.history);
  return noted_limits(run, name, std::move(done));
}

}  // namespace rankflow::completion
