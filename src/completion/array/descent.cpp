// When descent looks at the validation part, when it stops, and what is kept.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "rankflow/array_descent.h"
#include "rankflow/error.h"
#include "rankflow/tensor_descent.h"

namespace rankflow {
namespace {

constexpr double kMostWeights = 5e7;  // numbers; the gradient and the optimizer keep as many again
constexpr Index kWidest = 1'000;      // components by default, at most
constexpr double kStartScale = 1e-6;  // of the values' root mean square
constexpr Index kFewestUpdates = 20;  // between looks at the validation part; later 5 % of all made so far
constexpr Index kPatience = 10'000;   // updates beyond twice the best moment, so that plateaus are waited for
constexpr Index kMostRecorded = 32;   // component norms kept of a step

double cells(const std::vector<Index>& shape) {
  double count = 1;
  for (const Index size : shape) count *= static_cast<double>(size);
  return count;
}

Index default_width(const std::vector<Index>& shape) {
  const double most = cells(shape) / static_cast<double>(*std::max_element(shape.begin(), shape.end()));
  return static_cast<Index>(std::clamp(most, 1.0, static_cast<double>(kWidest)));
}

double root_mean_square(const std::vector<double>& values) {
  double squares = 0;
  for (const double y : values) squares += y * y;
  return std::sqrt(squares / static_cast<double>(std::max<std::size_t>(1, values.size())));
}

Vector norms(const CpFactorization<double>& model) {
  return model.component_norms();
}
Vector norms(const TreeFactorization<double>& model) {
  return model.local_component_norms(model.tree.root());
}

template <class Model>
auto& weights_of(Model& model) {
  if constexpr (requires { model.factors; })
    return model.factors;
  else
    return model.weights;
}

std::unique_ptr<TensorModelLoss<double>> loss_of(const TensorProblem<double>& problem, CpFactorization<double>& model,
                                                 const DescentOptions& options) {
  const bool one_step = options.optimizer == Optimizer::plain || options.optimizer == Optimizer::group_rmsprop ||
                        options.optimizer == Optimizer::normalized;
  return one_step ? make_loss(problem, model, CpWindowOptions{}) : make_loss(problem, model);
}
std::unique_ptr<TensorModelLoss<double>> loss_of(const TensorProblem<double>& problem, TreeFactorization<double>& model,
                                                 const DescentOptions&) {
  return make_loss(problem, model);
}

template <class Model>
class Fitting {
 public:
  Fitting(const TensorProblem<double>& train, const TensorProblem<double>* validation, Model start,
          const ArrayDescentOptions& options, Index iterations, const ArrayDescentWatch& watch)
      : train_(train),
        validation_(validation),
        scale_(root_mean_square(train.value)),
        model_(std::move(start)),
        options_(options.descent),
        repeats_(validation == nullptr && iterations > 0),
        watch_(watch) {
    if (!(scale_ > 0)) scale_ = 1;
    for (double& y : train_.value) y /= scale_;
    if (repeats_) {
      options_.max_iterations = iterations;
      options_.loss_tolerance = 0;
    }
  }

  ArrayDescentResult<Model> fit() {
    const auto loss = loss_of(train_, model_, options_);
    TensorDescent<double> engine(*loss, options_);
    if (watch_.resume != nullptr) resume(engine);
    do {
      if (engine.moment().iteration == seen_) continue;
      const bool go_on = look(engine);
      if (!go_on || watch_.save_due()) save(engine);
      if (!go_on) engine.finish(Stop::interrupted);
    } while (engine.advance(std::max(kFewestUpdates, engine.moment().iteration / 20)));
    if (engine.moment().iteration != seen_) look(engine);
    return result(engine.result());
  }

 private:
  // False once the observer wants an end.
  bool look(TensorDescent<double>& engine) {
    const TensorMoment& now = engine.moment();
    seen_ = now.iteration;
    if (!std::isfinite(now.loss)) return true;
    const double error = validation_rmse();
    if (validation_ == nullptr || std::isnan(best_.validation_rmse) || error < best_.validation_rmse) {
      best_.model = model_;
      best_.best_iteration = now.iteration;
      best_.validation_rmse = error;
      best_.train_rmse = std::sqrt(now.loss) * scale_;
    }
    if (validation_ != nullptr && now.iteration > 2 * best_.best_iteration + kPatience) engine.finish(Stop::validation);
    return watch_.observer(step(now, error)) == Next::proceed;
  }

  void save(TensorDescent<double>& engine) const {
    Archive archive = engine.state();
    std::vector<double> weights;
    for (const Matrix& matrix : weights_of(best_.model))
      weights.insert(weights.end(), matrix.data(), matrix.data() + matrix.size());
    archive.set("best_weights", weights);
    archive.set("best", std::vector<double>{best_.train_rmse, best_.validation_rmse});
    archive.set("best_iteration", best_.best_iteration);
    archive.set("seen", seen_);
    watch_.save(std::move(archive));
  }

  void resume(TensorDescent<double>& engine) {
    engine.restore(*watch_.resume);
    best_.model = model_;
    std::vector<Matrix>& weights = weights_of(best_.model);
    Index size = 0;
    for (const Matrix& matrix : weights) size += matrix.size();
    const std::vector<double> all = watch_.resume->get_doubles("best_weights", size);
    const double* from = all.data();
    for (Matrix& matrix : weights) {
      std::copy(from, from + matrix.size(), matrix.data());
      from += matrix.size();
    }
    const std::vector<double> errors = watch_.resume->get_doubles("best", 2);
    best_.train_rmse = errors[0];
    best_.validation_rmse = errors[1];
    best_.best_iteration = watch_.resume->get_int("best_iteration");
    seen_ = watch_.resume->get_int("seen");
  }

  double validation_rmse() const {
    if (validation_ == nullptr || validation_->count() == 0) return kNaN;
    double squares = 0;
    std::vector<std::int32_t> index(validation_->index.size());
    for (Index k = 0; k < validation_->count(); ++k) {
      for (std::size_t n = 0; n < index.size(); ++n) index[n] = validation_->index[n][k];
      squares += std::pow(scale_ * model_.entry(index) - validation_->value[k], 2);
    }
    return std::sqrt(squares / static_cast<double>(validation_->count()));
  }

  Step step(const TensorMoment& now, double error) const {
    Step step;
    step.engine = "gd";
    step.iteration = now.iteration;
    step.seconds = now.seconds;
    step.time = now.time;
    step.step_size = now.step_size;
    step.train_rmse = std::sqrt(now.loss) * scale_;
    step.validation_rmse = error;
    Vector sizes = norms(model_) * scale_;
    std::sort(sizes.begin(), sizes.end(), std::greater<>());
    step.rank = sizes.size() > 0 && sizes[0] > 0 ? (sizes.array() > 1e-3 * sizes[0]).count() : 0;
    step.singular_values.assign(sizes.begin(), sizes.begin() + std::min<Index>(sizes.size(), kMostRecorded));
    return step;
  }

  ArrayDescentResult<Model> result(const TensorDescentResult& ended) {
    best_.stop = ended.stop;
    best_.message = ended.message;
    best_.iterations = ended.iterations;
    if (ended.stop == Stop::diverged) {
      best_.message += "; a smaller --step-size may help";
    } else if (repeats_ && ended.stop == Stop::iteration_limit) {
      best_.stop = Stop::validation;
      best_.message = fmt::format("{} updates, as many as were best on the validation part", ended.iterations);
    } else if (validation_ != nullptr) {
      best_.message =
          fmt::format("best on the validation part after {} of {} updates", best_.best_iteration, ended.iterations);
    }
    weights_of(best_.model).back() *= scale_;
    return std::move(best_);
  }

  TensorProblem<double> train_;
  const TensorProblem<double>* validation_;
  double scale_;
  Model model_;
  DescentOptions options_;
  bool repeats_;
  const ArrayDescentWatch& watch_;
  ArrayDescentResult<Model> best_;
  Index seen_ = -1;
};

// Standard deviation of all weights so that the tensor has a given root mean square: a cell is a sum of `terms`
// products of `degree` independent weights.
TensorInitializationOptions start(const ArrayDescentOptions& options, double terms, double degree) {
  const double scale = options.scale > 0 ? options.scale : kStartScale;
  TensorInitializationOptions start;
  start.deviation = std::pow(scale / std::sqrt(terms), 1 / degree);
  start.seed = options.seed;
  return start;
}

void check_size(double numbers, Index width) {
  if (numbers > kMostWeights)
    throw OptionError(fmt::format("engine gd would keep {:.2g} weights at width {}; the limit is {:.0e}", numbers,
                                  width, kMostWeights),
                      "--max-rank sets the width; --engine grow finds the rank and needs no width");
}

}  // namespace

ArrayDescentResult<CpFactorization<double>> descend_cp(const TensorProblem<double>& train,
                                                       const TensorProblem<double>* validation,
                                                       const ArrayDescentOptions& options, Index iterations,
                                                       const ArrayDescentWatch& watch) {
  const Index width = options.width > 0 ? options.width : default_width(train.shape);
  double sizes = 0;
  for (const Index size : train.shape) sizes += static_cast<double>(size);
  check_size(sizes * static_cast<double>(width), width);
  auto model = initialize_cp<double>(train.shape, width,
                                     start(options, static_cast<double>(width), static_cast<double>(train.order())));
  return Fitting<CpFactorization<double>>(train, validation, std::move(model), options, iterations, watch).fit();
}

ArrayDescentResult<TreeFactorization<double>> descend_tree(const TensorProblem<double>& train,
                                                           const TensorProblem<double>* validation,
                                                           const ModeTree& tree, const ArrayDescentOptions& options,
                                                           Index iterations, const ArrayDescentWatch& watch) {
  const Index width = options.width > 0 ? options.width : default_width(train.shape);
  const double w = static_cast<double>(width), inner = static_cast<double>(tree.num_inner());
  double numbers = w * w * inner;
  for (const Index size : train.shape) numbers += static_cast<double>(size) * w;
  check_size(numbers, width);
  // Every inner node sums over its width, every node but the root's parent carries one weight a product.
  auto model = initialize_tree<double>(tree, train.shape, {width},
                                       start(options, std::pow(w, inner), static_cast<double>(tree.num_nodes())));
  return Fitting<TreeFactorization<double>>(train, validation, std::move(model), options, iterations, watch).fit();
}

}  // namespace rankflow
