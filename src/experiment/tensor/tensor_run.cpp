// Descent and growth of factorizations of tensors as engines of studies.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/tensor/tensor_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "experiment/tensor/recorder.h"
#include "rankflow/dense_array.h"
#include "rankflow/error.h"
#include "rankflow/grow_cp.h"
#include "rankflow/grow_tree.h"

namespace rankflow::experiment {
namespace {

constexpr double kMostWeights = 2e8;  // numbers; gradient and optimizer keep up to three times as many again

// The model as it stands, in double.
void copy_to(const CpFactorization<double>& model, std::optional<CpFactorization<double>>& cp,
             std::optional<TreeFactorization<double>>&) {
  cp = model;
}
void copy_to(const TreeFactorization<double>& model, std::optional<CpFactorization<double>>&,
             std::optional<TreeFactorization<double>>& tree) {
  tree = model;
}
void copy_to(const CpFactorization<float>& model, std::optional<CpFactorization<double>>& cp,
             std::optional<TreeFactorization<double>>&) {
  cp.emplace();
  for (const MatrixOf<float>& factor : model.factors) cp->factors.push_back(factor.cast<double>());
}
void copy_to(const TreeFactorization<float>& model, std::optional<CpFactorization<double>>&,
             std::optional<TreeFactorization<double>>& tree) {
  tree.emplace();
  tree->tree = model.tree;
  for (const MatrixOf<float>& weights : model.weights) tree->weights.push_back(weights.cast<double>());
}

// The gradient at a model, in double, whatever the engine calculates with; made ready when it is first asked for.
template <class Model>
class GradientAt {
 public:
  explicit GradientAt(const TensorProblem<double>& problem) : problem_(problem) {}

  std::vector<Matrix> operator()(const Model& model) {
    if (!loss_) {
      model_ = model;
      loss_ = make_loss(problem_, model_);
      for (const Matrix* weights : loss_->weights())
        gradient_.emplace_back(Matrix::Zero(weights->rows(), weights->cols()));
    }
    const auto& now = weights_of(model);
    for (std::size_t k = 0; k < now.size(); ++k) *loss_->weights()[k] = now[k];
    loss_->gradient(gradient_);
    return gradient_;
  }

 private:
  static const std::vector<Matrix>& weights_of(const CpFactorization<double>& model) { return model.factors; }
  static const std::vector<Matrix>& weights_of(const TreeFactorization<double>& model) { return model.weights; }

  const TensorProblem<double>& problem_;
  Model model_;
  std::unique_ptr<TensorModelLoss<double>> loss_;
  std::vector<Matrix> gradient_;
};

template <template <class> class Model, class T>
class DescentSnapshot final : public TensorSnapshot {
 public:
  DescentSnapshot(const TensorMoment& moment, const Model<T>& model, GradientAt<Model<double>>& gradient_at)
      : model_(model), gradient_at_(gradient_at) {
    iteration = moment.iteration;
    time = moment.time;
    seconds = moment.seconds;
    loss = moment.loss;
    step_size = moment.step_size;
    gradient_norm = moment.gradient_norm;
  }

 private:
  void compute_model(std::optional<CpFactorization<double>>& cp,
                     std::optional<TreeFactorization<double>>& tree) override {
    copy_to(model_, cp, tree);
  }
  std::vector<Matrix> compute_gradient() override {
    if constexpr (std::is_same_v<Model<double>, CpFactorization<double>>)
      return gradient_at_(*cp());
    else
      return gradient_at_(*tree());
  }

  const Model<T>& model_;
  GradientAt<Model<double>>& gradient_at_;
};

template <template <class> class Model, class T>
void watch_descent(TensorModelLoss<T>& loss, const Model<T>& model, const RunConfig& config, const TensorDataSet& data,
                   const StopAsked& stop, RunOutcome& outcome) {
  TensorRecorder record(config, data, outcome.trajectory);
  GradientAt<Model<double>> gradient_at(data.problem);
  const std::vector<TensorWatcher> watchers = {[&](const TensorMoment& moment) {
    DescentSnapshot<Model, T> snapshot(moment, model, gradient_at);
    record(snapshot);
    return stop && stop() ? Next::finish : Next::proceed;
  }};
  const TensorDescentResult result = fit_descent<T>(loss, config.engine.descent, watchers);
  outcome.stop = name(result.stop);
  outcome.message = result.message;
  outcome.numbers["iterations"] = static_cast<double>(result.iterations);
  outcome.numbers["seconds"] = result.seconds;
}

template <class T>
void descend(const RunConfig& config, const TensorDataSet& data, const StopAsked& stop, RunOutcome& outcome) {
  const TensorProblem<T> problem = convert<T>(data.problem);
  const TensorModelOptions& options = config.model.tensor;
  if (config.model.kind == ModelKind::cp) {
    CpFactorization<T> model = initialize_cp<T>(problem.shape, options.components, options.start);
    const bool windows = takes_windows(config) && config.engine.windows.updates > 0;
    const auto loss = windows ? make_loss(problem, model, config.engine.windows) : make_loss(problem, model);
    watch_descent<CpFactorization, T>(*loss, model, config, data, stop, outcome);
  } else {
    TreeFactorization<T> model = initialize_tree<T>(*model_tree(config, problem.order()), problem.shape,
                                                    parse_sizes(options.widths, "model.widths", 0), options.start);
    const auto loss = make_loss(problem, model);
    watch_descent<TreeFactorization, T>(*loss, model, config, data, stop, outcome);
  }
}

// The best factorization that a growing engine has so far.
template <class Engine>
class GrowthSnapshot final : public TensorSnapshot {
 public:
  explicit GrowthSnapshot(const Engine& engine) : engine_(engine) {
    const GrowStep step = engine.last_step();
    iteration = step.iteration;
    seconds = step.seconds;
    loss = step.loss;
  }

 private:
  void compute_model(std::optional<CpFactorization<double>>& cp,
                     std::optional<TreeFactorization<double>>& tree) override {
    copy_to(engine_.result().model, cp, tree);
  }

  const Engine& engine_;
};

template <class Engine>
void watch_growth(Engine& engine, const RunConfig& config, const TensorDataSet& data, const StopAsked& stop,
                  RunOutcome& outcome) {
  TensorRecorder record(config, data, outcome.trajectory);
  while (engine.step()) {
    GrowthSnapshot<Engine> snapshot(engine);
    record(snapshot);
    if (stop && stop()) engine.finish(Stop::interrupted);
  }
  const auto result = engine.result();
  outcome.stop = name(result.stop);
  outcome.message = fmt::format("{}: {}", name(result.verdict), result.message);
  outcome.numbers = {{"iterations", static_cast<double>(result.iterations)},
                     {"seconds", result.seconds},
                     {"solved", result.solved() ? 1 : 0},
                     {"attempts", static_cast<double>(result.attempts)},
                     {"relative_residual", result.relative_residual},
                     {"amplification", result.amplification}};
}

void grow(const RunConfig& config, const TensorDataSet& data, const StopAsked& stop, RunOutcome& outcome) {
  GrowOptions options = config.engine.grow;
  options.seed = config.model.tensor.start.seed;
  if (config.model.kind == ModelKind::cp) {
    GrowCp engine(data.problem, nullptr, options);
    watch_growth(engine, config, data, stop, outcome);
  } else {
    GrowTree engine(data.problem, nullptr, *model_tree(config, data.problem.order()), options);
    watch_growth(engine, config, data, stop, outcome);
  }
}

}  // namespace

RunOutcome execute_tensor(const RunConfig& config, const TensorDataSet& data, const StopAsked& stop) {
  RunOutcome outcome;
  if (config.engine.kind == EngineKind::grow)
    grow(config, data, stop, outcome);
  else if (config.engine.scalar == ScalarKind::double_precision)
    descend<double>(config, data, stop, outcome);
  else
    descend<float>(config, data, stop, outcome);
  return outcome;
}

namespace {

// Found out before the first run, and not when memory has run out.
void check_weights(Index components, const std::vector<Index>& shape, double cells) {
  const auto longest = static_cast<double>(*std::max_element(shape.begin(), shape.end()));
  const double each = static_cast<double>(std::accumulate(shape.begin(), shape.end(), Index{0})),
               count = components > 0 ? static_cast<double>(components) : cells / longest;
  if (count * each > kMostWeights)
    throw OptionError(
        fmt::format("model.components = {}: {:.3g} components are {:.3g} weights, and studies take at most {:.0g}",
                    components, count, count * each, kMostWeights),
        "say how many components there shall be; 0 is as many as a tensor of the shape can need");
}

}  // namespace

void check_tensor_run(const RunConfig& config) {
  if (config.engine.kind == EngineKind::descent) check(config.engine.descent);
  if (config.engine.kind == EngineKind::grow) {
    check(config.engine.grow);
    if (config.problem.measurement != MeasurementKind::entries ||
        config.problem.tensor_loss.penalty != TensorPenalty::squared)
      throw OptionError("engine.kind = grow: completes tensors from entries with the squared penalty");
  }
  if (config.data.kind == DataKind::array) return;  // sizes are known when the file was read
  const std::vector<Index> shape = tensor_shape(config.data);
  const auto order = static_cast<Index>(shape.size());
  if (config.data.kind == DataKind::tree) parse_tree(config.data.tensor.tree, order, "data.tree");
  model_tree(config, order);
  double cells = 1;
  for (const Index size : shape) cells *= static_cast<double>(size);
  if (config.engine.kind == EngineKind::descent && config.model.kind == ModelKind::cp)
    check_weights(config.model.tensor.components, shape, cells);
  if (config.problem.measurement == MeasurementKind::entries && static_cast<double>(config.problem.count) > cells)
    throw OptionError(fmt::format("problem.count = {}: the tensor has {} cells", config.problem.count, cells));
}

std::vector<std::string> tensor_columns(const RunConfig& config) {
  const std::vector<Index> shape = tensor_shape(config.data);
  const std::optional<ModeTree> tree = model_tree(config, static_cast<Index>(shape.size()));
  // What is in the reference does not matter for the names.
  TensorProblem<double> observed;
  observed.shape = shape;
  const TensorReference reference{
      .truth = Vector::Zero(count_cells(shape)), .test = {{}, {0}, {}}, .observed = &observed};
  Trajectory trajectory;
  record_into(trajectory, make_tensor_instruments(config, {shape, tree ? &*tree : nullptr, &reference}));
  return trajectory.columns;
}

std::vector<std::string> tensor_run_numbers(const RunConfig& config) {
  if (config.engine.kind != EngineKind::grow) return {};
  return {"solved", "attempts", "relative_residual", "amplification"};
}

}  // namespace rankflow::experiment
