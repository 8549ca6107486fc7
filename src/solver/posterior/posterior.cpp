// The Gibbs sampler of the posterior engine: sweeps over rows, columns and noise, and the mean they leave behind.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/posterior.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/threads.h"
#include "data/archive_numbers.h"
#include "linalg/line_update.h"
#include "rankflow/error.h"
#include "rankflow/rng.h"
#include "solver/posterior/averages.h"
#include "solver/posterior/mask_features.h"
#include "solver/posterior/side.h"

namespace rankflow {
namespace posterior {
namespace {

constexpr Index kEntriesPerBlock = 1 << 15;

// Settings with every "from the data" replaced.
PosteriorOptions resolved(PosteriorOptions options, Index m, Index n, Index count) {
  const Index smaller = std::min(m, n);
  const double density = static_cast<double>(count) / (static_cast<double>(m) * static_cast<double>(n));
  const bool dense = density > 0.3;
  if (options.width == 0) {
    const Index most = dense ? 47 : count > 5'000'000 ? 15 : 23;
    options.width = std::max<Index>(1, std::min(smaller - 1, most));
  }
  options.width = std::min(options.width, smaller);
  if (options.features < 0) options.features = dense ? 0 : count > 5'000'000 ? 24 : 48;
  options.features = std::max<Index>(0, std::min(options.features, smaller - 1));
  if (options.sweeps == 0) {
    const double sweeps = dense || count > 5'000'000 ? 80 : 160;
    options.sweeps = std::max<Index>(1, static_cast<Index>(std::lround(options.effort * sweeps)));
  }
  if (options.burn_in == 0) options.burn_in = dense ? 12 : 16;
  return options;
}

struct Units {
  double center = 0, scale = 1;
};

template <class T>
Units units(const Observations<T>& train) {
  const auto& values = train.by_row.value;
  const Index count = train.count();
  if (count == 0) return {};
  const double sum = parallel_sum(count, kEntriesPerBlock, 0.0, [&](Index begin, Index end) {
    double part = 0;
    for (Index k = begin; k < end; ++k) part += static_cast<double>(values[k]);
    return part;
  });
  const double center = sum / static_cast<double>(count);
  const double squares = parallel_sum(count, kEntriesPerBlock, 0.0, [&](Index begin, Index end) {
    double part = 0;
    for (Index k = begin; k < end; ++k) part += std::pow(static_cast<double>(values[k]) - center, 2);
    return part;
  });
  const double spread = std::sqrt(squares / static_cast<double>(count));
  return {center, spread > 0 ? spread : 1};
}

// A first point: the start's factors where it has them, small noise elsewhere, so that no direction is exactly zero.
template <class T>
void start_side(Side<T>& side, const Vector* bias, const Matrix* factor, const Vector* s, double bias_scale,
                double factor_scale, std::uint64_t seed) {
  const Index d = side.dimension();
  const Index given = factor ? std::min<Index>(factor->cols(), d - 1) : 0;
  parallel_blocks(side.size(), 256, [&](Index begin, Index end, Index) {
    for (Index i = begin; i < end; ++i) {
      Rng rng(seed, static_cast<std::uint64_t>(Stream::start), static_cast<std::uint64_t>(side.index),
              static_cast<std::uint64_t>(i));
      T* x = side.vectors.row(i);
      x[0] = bias ? static_cast<T>((*bias)[i] * bias_scale) : T(0);
      for (Index k = 1; k < d; ++k) {
        const double base = k - 1 < given ? (*factor)(i, k - 1) * std::sqrt((*s)[k - 1]) * factor_scale : 0;
        x[k] = static_cast<T>(base + 0.05 * rng.normal());
      }
    }
  });
}

template <class T>
Side<T> make_side(const Lines<T>& lines, int index, Index d, MatrixOf<T> features) {
  Side<T> side;
  side.lines = &lines;
  side.index = index;
  const Index stride = line_stride<T>(static_cast<int>(d));
  side.vectors = AlignedRows<T>(lines.size(), d, stride);
  side.means = AlignedRows<T>(lines.size(), d, stride);
  side.noise.assign(lines.size(), T(1));
  side.features = std::move(features);
  const MatrixOf<T> gram = side.features.transpose() * side.features;
  side.feature_gram = gram.template cast<double>();
  return side;
}

template <class T>
class Sampler {
 public:
  Sampler(const Observations<T>& train, const EntryList<T>& validation, const PosteriorOptions& options,
          std::pair<double, double> range, const LowRankModel* start)
      : train_(train),
        options_(resolved(options, train.num_rows, train.num_columns, train.count())),
        units_(units(train)),
        averages_(train, validation, options_.width, range, units_.center, units_.scale, options_.seed) {
    MaskFeatures<T> features = mask_features(train, options_.features, options_.seed);
    rows_ = make_side(train.by_row, 0, options_.width + 1, std::move(features.rows));
    columns_ = make_side(train.by_column, 1, options_.width + 1, std::move(features.columns));
    const double inverse = 1 / units_.scale, root = std::sqrt(inverse);
    start_side(rows_, start ? &start->row_bias : nullptr, start ? &start->u : nullptr, start ? &start->s : nullptr,
               inverse, root, options_.seed);
    start_side(columns_, start ? &start->column_bias : nullptr, start ? &start->v : nullptr,
               start ? &start->s : nullptr, inverse, root, options_.seed);
    alpha_ = 2;
  }

  const PosteriorOptions& options() const { return options_; }
  Index sweep() const { return sweep_; }
  const Averages<T>& averages() const { return averages_; }
  Index total_sweeps() const { return options_.burn_in + options_.sweeps; }
  double noise() const { return units_.scale / std::sqrt(alpha_); }

  void step() {
    const bool keep = sweep_ >= options_.burn_in;
    const std::uint64_t seed = options_.seed, sweep = static_cast<std::uint64_t>(sweep_);
    draw_prior(rows_, seed, sweep);
    draw_lines(rows_, columns_, alpha_, units_.center, units_.scale, seed, sweep, squares_);
    if (options_.line_noise) draw_noise(rows_, alpha_, squares_, seed, sweep);
    if (keep) averages_.add(rows_.means, columns_.vectors);

    draw_prior(columns_, seed, sweep);
    draw_lines(columns_, rows_, alpha_, units_.center, units_.scale, seed, sweep, squares_);
    if (options_.line_noise) draw_noise(columns_, alpha_, squares_, seed, sweep);
    if (keep) averages_.add(rows_.vectors, columns_.means);

    // alpha ~ gamma(1 + N/2, .01 + sum tau kappa e^2 / 2)
    double total = 0;
    for (Index j = 0; j < columns_.size(); ++j) total += static_cast<double>(columns_.noise[j]) * squares_[j];
    Rng rng(seed, static_cast<std::uint64_t>(Stream::noise), sweep, 1u << 20);
    alpha_ = rng.gamma(1 + 0.5 * static_cast<double>(train_.count())) / (0.01 + 0.5 * total);
    if (keep) averages_.end_sample(rows_, columns_, alpha_);
    ++sweep_;
  }

  /// Ends the burning in if it is not over; false if it is.
  bool end_burn_in() {
    if (averages_.samples() > 0 || sweep_ > options_.burn_in) return false;
    options_.burn_in = sweep_;
    return true;
  }

  void save(Archive& archive) const {
    archive.set("sweep", static_cast<std::int64_t>(sweep_));
    archive.set("alpha", alpha_);
    save_side(archive, "rows.", rows_);
    save_side(archive, "columns.", columns_);
    averages_.save(archive);
  }
  void load(const Archive& archive) {
    sweep_ = archive.get_int("sweep");
    alpha_ = archive.get_double("alpha");
    load_side(archive, "rows.", rows_);
    load_side(archive, "columns.", columns_);
    averages_.load(archive);
    const bool sound = sweep_ >= 0 && alpha_ > 0 && std::isfinite(alpha_) &&
                       averages_.samples() == std::max<Index>(0, sweep_ - options_.burn_in);
    if (!sound || sweep_ > total_sweeps())
      throw InputError("checkpoint", "the posterior's state contradicts itself", "start again without --resume");
  }

 private:
  static void save_side(Archive& archive, const std::string& prefix, const Side<T>& side) {
    archive.set(prefix + "vectors", std::vector<T>(side.vectors.data().begin(), side.vectors.data().end()));
    archive.set(prefix + "noise", std::vector<T>(side.noise.begin(), side.noise.end()));
    archive.set(prefix + "feature_decay", side.prior.feature_decay);
  }
  static void load_side(const Archive& archive, const std::string& prefix, Side<T>& side) {
    const auto get = [&](const std::string& name, AlignedVector<T>& into) {
      const std::vector<T> values = get_numbers<T>(archive, prefix + name, static_cast<Index>(into.size()));
      into.assign(values.begin(), values.end());
    };
    get("vectors", side.vectors.data());
    get("noise", side.noise);
    for (const AlignedVector<T>* numbers : {&side.vectors.data(), &side.noise})
      if (!std::all_of(numbers->begin(), numbers->end(), [](T x) { return std::isfinite(x); }))
        throw InputError("checkpoint", "the posterior's state holds a number that is not finite",
                         "start again without --resume");
    side.prior.feature_decay = archive.get_double(prefix + "feature_decay");
  }

  const Observations<T>& train_;
  PosteriorOptions options_;
  Units units_;
  Side<T> rows_, columns_;
  double alpha_ = 1;  // noise precision in units of the values' spread
  Index sweep_ = 0;
  std::vector<double> squares_;
  Averages<T> averages_;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// What observers see after a sweep; false when one of them asks to finish.
template <class T>
bool tell(std::span<const Observer> observers, const Sampler<T>& sampler, double seconds, double rate) {
  if (observers.empty()) return true;
  Step step;
  step.engine = "posterior";
  step.iteration = sampler.sweep();
  step.seconds = seconds;
  step.train_rmse = sampler.noise();
  step.validation_rmse = sampler.averages().validation_rmse();
  step.rank = sampler.options().width;
  step.rate = rate;
  step.progress = static_cast<double>(sampler.sweep()) / static_cast<double>(sampler.total_sweeps());
  bool go_on = true;
  for (const Observer& observer : observers) go_on = observer(step) == Next::proceed && go_on;
  return go_on;
}

}  // namespace
}  // namespace posterior

template <class T>
PosteriorResult fit_posterior(const Observations<T>& train, const EntryList<T>& validation,
                              const PosteriorOptions& options, std::pair<double, double> range,
                              const LowRankModel* start, std::span<const Observer> observers,
                              const PosteriorCheckpoint& checkpoint) {
  const auto begin = std::chrono::steady_clock::now();
  PosteriorResult result;
  posterior::Sampler<T> sampler(train, validation, options, range, start);
  if (checkpoint.resume_from) sampler.load(*checkpoint.resume_from);
  const auto save = [&] {
    Archive archive;
    sampler.save(archive);
    checkpoint.save(archive);
  };

  const Index resumed_at = sampler.sweep();
  result.stop = Stop::converged;
  while (sampler.sweep() < sampler.total_sweeps()) {
    sampler.step();
    const double seconds = posterior::seconds_since(begin);
    const double rate = static_cast<double>(2 * train.count() * (sampler.sweep() - resumed_at)) / seconds;
    const bool go_on = posterior::tell(observers, sampler, seconds, rate);
    if (!go_on || (checkpoint.due && checkpoint.due())) {
      if (checkpoint.save) save();
    }
    if (!go_on) result.stop = Stop::interrupted;
    if (options.max_seconds > 0 && seconds > options.max_seconds) {
      result.stop = Stop::time_limit;
      if (sampler.end_burn_in()) continue;  // at least one draw to answer with
    }
    if (result.stop != Stop::converged && sampler.sweep() < sampler.total_sweeps()) break;
    result.stop = Stop::converged;
  }

  const posterior::Averages<T>& averages = sampler.averages();
  result.width = sampler.options().width;
  result.features = sampler.options().features;
  result.sweeps = averages.samples();
  averages.finish(sampler.options().keep, result);
  result.seconds = posterior::seconds_since(begin);
  result.message = "averaged " + std::to_string(result.sweeps) + " draws after " +
                   std::to_string(sampler.options().burn_in) + " dropped ones" +
                   (result.stop == Stop::time_limit ? "; the time limit ended it early" : "");
  return result;
}

std::vector<OptionField> fields(PosteriorOptions& o) {
  return {
      field("width", o.width, Range{0, 512}, "columns of the posterior's factors beside the biases; 0 = from the data"),
      field("features", o.features, Range{-1, 512},
            "singular vectors of the mask used as features of rows and columns; -1 = from the data, 0 = none"),
      field("sweeps", o.sweeps, Range{0, 1e9}, "posterior draws that are averaged; 0 = from the data"),
      field("burn_in", o.burn_in, Range{0, 1e9}, "posterior draws dropped before them; 0 = from the data"),
      field("effort", o.effort, Range{0, 1000, true}, "factor on the number of posterior draws taken from the data"),
      field("line_noise", o.line_noise, "a noise level of its own for each row and column"),
      field("keep", o.keep, Range{0, 512},
            "rank of the posterior mean that is kept; 0 = what loses nothing on the validation part"),
  };
}

template PosteriorResult fit_posterior<double>(const Observations<double>&, const EntryList<double>&,
                                               const PosteriorOptions&, std::pair<double, double>, const LowRankModel*,
                                               std::span<const Observer>, const PosteriorCheckpoint&);
template PosteriorResult fit_posterior<float>(const Observations<float>&, const EntryList<float>&,
                                              const PosteriorOptions&, std::pair<double, double>, const LowRankModel*,
                                              std::span<const Observer>, const PosteriorCheckpoint&);

}  // namespace rankflow
