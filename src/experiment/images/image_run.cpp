// From the options of a run about images to its record.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/images/image_run.h"

#include <cmath>

#include "rankflow/error.h"

namespace rankflow::experiment {
namespace {

// The error of the best constant, the share p of positive images: p (1 - p).
double variance(const BatchProblem<float>& part) {
  double positive = 0;
  for (const float value : part.value) positive += value != 0 ? 1 : 0;
  const double share = positive / static_cast<double>(part.count());
  return share * (1 - share);
}

}  // namespace

void check_images(const RunConfig& config) {
  check(config.engine.batches);
  if (config.data.path.empty()) throw OptionError("data.path is missing: images lie in a folder");
  if (config.data.images.positive_value == 0)
    throw OptionError("data.positive_value = 0: all other images have that value");
  if (config.engine.kind != EngineKind::descent)
    throw OptionError("engine.kind: images are learned by descent in mini-batches");
}

DataSet make_image_data(const DataOptions& data) {
  DataSet made;
  made.images = std::make_shared<const ImageSet>(read_images(data.path, data.images, data.seed));
  made.numbers = {{"count", static_cast<double>(made.images->train.count())},
                  {"test_count", static_cast<double>(made.images->test.count())},
                  {"variance", variance(made.images->train)}};
  return made;
}

std::vector<std::string> image_run_columns() {
  return {"iteration", "time", "loss", "train_error", "test_error"};
}

std::vector<std::string> image_run_numbers() {
  return {"test_count", "variance", "updates"};
}

// An iteration is an epoch; there is no time of a flow. Errors are those of the published figures: squares in units of
// the positive value's, of the test clipped at 1 a cell.
void learn_images(const RunConfig& config, const ImageSet& images, const StopAsked& stop, RunOutcome& outcome) {
  const double unit = std::abs(config.data.images.positive_value);
  BatchOptions options = config.engine.batches;
  TensorInitializationOptions start = config.model.images.start;
  options.seed = start.seed = config.data.seed;
  auto model = initialize_cp<float>(images.train.cells.shape(), config.model.images.components, start);
  BatchDescent<float> engine(images.train, model, options);
  outcome.trajectory.columns = image_run_columns();
  const std::vector<BatchWatcher> watchers = {[&](const BatchMoment& moment) {
    const double train = image_error(engine.values(images.train.cells), images.train, unit, false);
    const double test = image_error(engine.values(images.test.cells), images.test, unit, true);
    outcome.trajectory.rows.push_back({static_cast<double>(moment.epoch), kNaN, train * unit * unit, train, test});
    return stop && stop() ? Next::finish : Next::proceed;
  }};
  const BatchResult result = fit_batches<float>(engine, options, watchers);
  outcome.stop = name(result.stop);
  outcome.message = result.message;
  outcome.numbers["iterations"] = static_cast<double>(result.epochs);
  outcome.numbers["updates"] = static_cast<double>(result.updates);
  outcome.numbers["seconds"] = result.seconds;
}

}  // namespace rankflow::experiment
