// Adam on all weights of components, effects and offset, stopped early by a criterion.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/generalized_cp.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/threads.h"
#include "rankflow/error.h"
#include "rankflow/rng.h"
#include "solver/generalized_cp/cell_pass.h"

namespace rankflow {
namespace {

using namespace generalized;
using Clock = std::chrono::steady_clock;
using Scalar = float;

constexpr double kFirstMoment = 0.9, kSecondMoment = 0.99, kAdamEpsilon = 1e-8;
constexpr std::uint64_t kStartStream = 0x67637073;
constexpr double kEmpty = 1e-3;  // components below this share of the largest norm are left out of the result
constexpr Index kUpdateBlock = 1 << 14;
constexpr double kSmallestRate = 1e-6;  // a mean of 0 has no logarithm

bool scalable(TensorPenalty penalty) {
  return penalty != TensorPenalty::logistic && penalty != TensorPenalty::poisson;
}

// What the offset alone would predict, and how far values are from that.
struct Level {
  double mean = 0, spread = 1;
};

Level level_of(const GeneralizedCpData& data) {
  const TensorProblem<double>& listed = data.listed;
  double weights = 0, sum = 0, squares = 0;
  for (Index k = 0; k < listed.count(); ++k) {
    const double w = listed.weight.empty() ? 1 : listed.weight[k], y = listed.value[k];
    weights += w, sum += w * y, squares += w * y * y;
  }
  if (data.absent_zero) {
    weights = 1;
    for (const Index size : listed.shape) weights *= static_cast<double>(size);
  }
  Level level;
  if (!(weights > 0)) return level;
  level.mean = sum / weights;
  const double variance = squares / weights - level.mean * level.mean;
  if (variance > 1e-12 * squares / weights) level.spread = std::sqrt(variance);
  return level;
}

double start_of_offset(TensorPenalty penalty, double mean) {
  if (penalty == TensorPenalty::poisson) return std::log(std::max(mean, kSmallestRate));
  if (penalty != TensorPenalty::logistic) return mean;
  const double p = std::clamp(mean, kSmallestRate, 1 - kSmallestRate);
  return std::log(p / (1 - p));
}

// Number that the sum of losses is divided by.
double seen(const GeneralizedCpData& data) {
  Index count = 0;
  for (const double y : data.listed.value) count += !data.absent_zero || y != 0 ? 1 : 0;
  return static_cast<double>(std::max<Index>(count, 1));
}

void check(const GeneralizedCpData& data, const GeneralizedCpOptions& options) {
  GeneralizedCpOptions copy = options;
  for (const OptionField& option : fields(copy)) option.set(option.get());
  if (data.listed.measurement != TensorMeasurement::entries)
    throw InputError("observations", "found measurements, expected cells", "descent takes any measurements");
  if (data.listed.order() < 2 || data.listed.count() == 0)
    throw InputError("observations", "expected cells of an array of order 2 or more");
  if (options.components == 0 && !options.effects)
    throw OptionError("components = 0 without effects leaves nothing to fit");
}

}  // namespace

struct GeneralizedCpFit::Impl {
  GeneralizedCpOptions options;
  GeneralizedCpCriterion criterion;
  TensorProblem<double> scaled;  // a copy where values have to be scaled
  TensorLoss loss;               // of the caller
  double scale = 1, count = 1;
  WeightLayout layout;
  std::unique_ptr<CellPass<Scalar>> pass;
  std::vector<Scalar> weights, gradient, first, second;
  GeneralizedCpResult best;
  Index iteration = 0, looks_without_gain = 0;
  double last_loss = kNaN, last_criterion = kNaN;
  bool ended = false;
  Clock::time_point begin = Clock::now();

  Impl(const GeneralizedCpData& data, const GeneralizedCpOptions& given, GeneralizedCpCriterion judge)
      : options((check(data, given), given)),
        criterion(std::move(judge)),
        loss(data.listed.loss),
        count(seen(data)),
        layout(data.listed.shape, given.components) {
    const Level level = level_of(data);
    const bool rescale = scalable(loss.penalty);
    if (rescale) {
      scale = level.spread;
      scaled = data.listed;
      for (double& y : scaled.value) y /= scale;
      scaled.loss.delta /= scale;
    }
    pass = make_pass<Scalar>({rescale ? scaled : data.listed, data.absent_zero}, layout, options.seed);
    start(start_of_offset(loss.penalty, level.mean / scale));
    best.model = model();
    best.message = "under way";
  }

  void start(double offset) {
    weights.assign(static_cast<std::size_t>(layout.size()), 0);
    first = second = weights;
    for (Index n = 0; n < layout.order(); ++n)
      for (Index i = 0; i < layout.shape[n]; ++i) {
        Rng rng(options.seed, kStartStream, static_cast<std::uint64_t>(n), static_cast<std::uint64_t>(i));
        for (Index r = 0; r < layout.components; ++r)
          weights[layout.at(n, i) + r] = static_cast<Scalar>(options.deviation * rng.normal());
      }
    weights.back() = static_cast<Scalar>(offset);
  }

  double seconds() const { return std::chrono::duration<double>(Clock::now() - begin).count(); }

  bool out_of_time() const { return options.max_seconds > 0 && seconds() > options.max_seconds; }

  // In the units of the values.
  GeneralizedCp model() const {
    GeneralizedCp model = to_model(layout, weights, loss);
    const double root = std::pow(scale, 1.0 / static_cast<double>(layout.order()));
    model.offset *= scale;
    for (Vector& effect : model.effects) effect *= scale;
    for (Matrix& factor : model.components.factors) factor *= root;
    return model;
  }

  void update() {
    const double t = static_cast<double>(iteration);
    const auto rate = static_cast<Scalar>(options.step_size * std::sqrt(1 - std::pow(kSecondMoment, t)) /
                                          (1 - std::pow(kFirstMoment, t)));
    const auto share = static_cast<Scalar>(1 / count), decay = static_cast<Scalar>(options.decay);
    constexpr auto beta1 = static_cast<Scalar>(kFirstMoment), beta2 = static_cast<Scalar>(kSecondMoment);
    const Index width = layout.width(), offset = layout.offset();
    parallel_blocks(
        layout.size(), kUpdateBlock,
        [&](Index from, Index to, Index) {
          for (Index k = from; k < to; ++k) {
            if (!options.effects && k != offset && k % width == layout.components) continue;
            const Scalar g = share * gradient[k] + (k == offset ? 0 : decay * weights[k]);
            first[k] = beta1 * first[k] + (1 - beta1) * g;
            second[k] = beta2 * second[k] + (1 - beta2) * g * g;
            weights[k] -= rate * first[k] / (std::sqrt(second[k]) + static_cast<Scalar>(kAdamEpsilon));
          }
        },
        2.0);
  }

  void end(Stop why, const std::string& message) {
    ended = true;
    best.stop = why;
    best.message = message;
    best.iterations = iteration;
    best.seconds = seconds();
  }

  void look() {
    GeneralizedCp now = model();
    last_criterion = criterion ? criterion(now) : kNaN;
    if (criterion && !(last_criterion < best.criterion) && !std::isnan(best.criterion)) {
      ++looks_without_gain;
      return;
    }
    looks_without_gain = 0;
    best.criterion = last_criterion;
    best.best_iteration = iteration;
    best.model = std::move(now);
  }

  bool advance() {
    if (ended) return false;
    const Index until = std::min(options.max_iterations, iteration + options.check_every);
    for (bool last = false; !last;) {
      last = iteration + 1 == until || out_of_time();
      const double sum = pass->gradient(weights, gradient, last);
      if (last) last_loss = sum;
      ++iteration;
      update();
    }
    best.loss = last_loss;
    if (!std::isfinite(last_loss)) {
      end(Stop::diverged, fmt::format("diverged at iteration {}", iteration));
      return true;
    }
    look();
    if (criterion && looks_without_gain >= options.patience)
      end(Stop::validation, fmt::format("the validation part was predicted best at iteration {}", best.best_iteration));
    else if (iteration >= options.max_iterations)
      end(criterion ? Stop::iteration_limit : Stop::converged, fmt::format("{} iterations were made", iteration));
    else if (out_of_time())
      end(Stop::time_limit, fmt::format("the time limit came after {} iterations", iteration));
    return true;
  }
};

GeneralizedCpFit::GeneralizedCpFit(const GeneralizedCpData& data, const GeneralizedCpOptions& options,
                                   GeneralizedCpCriterion criterion)
    : impl_(std::make_unique<Impl>(data, options, std::move(criterion))) {}
GeneralizedCpFit::~GeneralizedCpFit() = default;
GeneralizedCpFit::GeneralizedCpFit(GeneralizedCpFit&&) noexcept = default;

bool GeneralizedCpFit::advance() {
  return impl_->advance();
}

Step GeneralizedCpFit::last_step() const {
  Step step;
  step.engine = "generalized_cp";
  step.iteration = impl_->iteration;
  step.seconds = impl_->seconds();
  step.validation_rmse = impl_->last_criterion;
  step.rank = impl_->options.components;
  step.progress = static_cast<double>(impl_->iteration) / static_cast<double>(impl_->options.max_iterations);
  return step;
}

GeneralizedCpResult GeneralizedCpFit::result() const {
  GeneralizedCpResult result = impl_->best;
  result.seconds = impl_->seconds();
  CpFactorization<double>& components = result.model.components;
  const Vector norms = components.component_norms();
  const double largest = norms.size() > 0 ? norms.maxCoeff() : 0;
  std::vector<Index> kept;
  for (Index r = 0; r < norms.size(); ++r)
    if (norms[r] > kEmpty * largest) kept.push_back(r);
  for (Matrix& factor : components.factors) factor = Matrix(factor(Eigen::all, kept));
  return result;
}

void GeneralizedCpFit::finish(Stop why) {
  if (!impl_->ended) impl_->end(why, fmt::format("ended from outside at iteration {}", impl_->iteration));
}

double generalized_cp_objective(const GeneralizedCpData& data, Index components, double decay,
                                const std::vector<double>& weights, std::vector<double>* gradient) {
  const WeightLayout layout(data.listed.shape, components);
  RANKFLOW_ASSERT(static_cast<Index>(weights.size()) == layout.size(), "the list of weights has another length");
  const double count = seen(data);
  std::vector<double> slope;
  double objective = make_pass<double>(data, layout, /*seed=*/0)->gradient(weights, slope, true) / count;
  for (Index k = 0; k < layout.size(); ++k) {
    const double pull = k == layout.offset() ? 0 : decay * weights[k];
    slope[k] = slope[k] / count + pull;
    objective += 0.5 * pull * weights[k];
  }
  if (gradient != nullptr) gradient->swap(slope);
  return objective;
}

}  // namespace rankflow
