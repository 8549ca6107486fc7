// Finished fits as archives.
// SPDX-License-Identifier: Apache-2.0
#include "completion/fit_archive.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>

#include "rankflow/error.h"

namespace rankflow::completion {
namespace {

constexpr Index kStepNumbers = 10, kFitNumbers = 9;

[[noreturn]] void complain(const Archive& archive, const std::string& problem) {
  throw InputError(archive.source(), problem, "the checkpoint is damaged; start again without --resume");
}

template <class E>
E enumerator(const Archive& archive, double number, E last, const char* what) {
  if (const std::optional<E> known = completion::enumerator(number, last)) return *known;
  complain(archive, "found " + std::to_string(number) + " for the " + what + ", expected a whole number from 0 to " +
                        std::to_string(static_cast<int>(last)));
}

Index whole(const Archive& archive, double number, const char* what) {
  if (!(number >= 0 && number <= 1e15) || number != std::floor(number))
    complain(archive, "found " + std::to_string(number) + " for the " + what + ", expected a whole number");
  return static_cast<Index>(number);
}

Vector variances(const Archive& archive, const std::string& name, Index size) {
  const Vector values = archive.get_vector(name, size);
  if (!values.allFinite() || (values.array() < 0).any())
    complain(archive, "array '" + name + "' holds a variance that is negative or not finite");
  return values;
}

}  // namespace

void damaged_fit(const Archive& archive) {
  throw InputError(archive.source(), "a fit is damaged", "start again without --resume");
}

Archive fit_to_archive(const Fit& fit) {
  Archive archive;
  archive.set("engine", fit.engine);
  archive.set("mean", fit.model.mean);
  archive.set("row_bias", fit.model.row_bias);
  archive.set("column_bias", fit.model.column_bias);
  archive.set("u", fit.model.u);
  archive.set("v", fit.model.v);
  archive.set("s", fit.model.s);
  archive.set("row_spread", fit.spread.row_spread);
  archive.set("column_spread", fit.spread.column_spread);
  archive.set("row_noise", fit.spread.row_noise);
  archive.set("column_noise", fit.spread.column_noise);
  archive.set("numbers", std::vector<double>{fit.train_rmse, fit.validation_rmse, static_cast<double>(fit.iterations),
                                             static_cast<double>(fit.stop), static_cast<double>(fit.path.strategy),
                                             fit.path.decay_factor, static_cast<double>(fit.path.steps),
                                             static_cast<double>(fit.solved), static_cast<double>(fit.centering)});
  archive.set("message", fit.message);
  if (fit.proof)
    archive.set("proof", std::vector<double>{fit.proof->penalty, fit.proof->tolerance, fit.proof->nuclear_norm,
                                             fit.proof->objective, fit.proof->dual_bound,
                                             static_cast<double>(fit.observations)});
  return archive;
}

Fit fit_from_archive(const Archive& archive, const Table& table) {
  const Index m = table.num_rows(), n = table.num_columns();
  Fit fit;
  fit.engine = archive.get_text("engine");
  const std::array known = {"flow", "posterior", "gd", "nuclear", "soft-impute"};
  if (std::find(known.begin(), known.end(), fit.engine) == known.end())
    complain(archive, "found no engine of this name: " + fit.engine);
  LowRankModel& model = fit.model;
  model.mean = archive.get_double("mean");
  model.row_bias = archive.get_vector("row_bias", m);
  model.column_bias = archive.get_vector("column_bias", n);
  model.s = archive.get_vector("s");
  model.u = archive.get_matrix("u", m, model.s.size());
  model.v = archive.get_matrix("v", n, model.s.size());
  if (!std::isfinite(model.mean) || !model.row_bias.allFinite() || !model.column_bias.allFinite() ||
      !model.s.allFinite() || !model.u.allFinite() || !model.v.allFinite())
    complain(archive, "a model holds a number that is not finite");
  fit.spread.row_spread = variances(archive, "row_spread", m);
  fit.spread.column_spread = variances(archive, "column_spread", n);
  fit.spread.row_noise = variances(archive, "row_noise", m);
  fit.spread.column_noise = variances(archive, "column_noise", n);
  const std::vector<double> numbers = archive.get_doubles("numbers", kFitNumbers);
  fit.train_rmse = numbers[0];
  fit.validation_rmse = numbers[1];
  fit.iterations = whole(archive, numbers[2], "number of iterations");
  fit.stop = enumerator(archive, numbers[3], Stop::diverged, "reason for stopping");
  fit.path.strategy = enumerator(archive, numbers[4], FlowStrategy::noisy, "strategy");
  fit.path.decay_factor = numbers[5];
  if (!(fit.path.decay_factor >= 0) || !std::isfinite(fit.path.decay_factor))
    complain(archive, "found a weight decay that is negative or not finite");
  fit.path.steps = whole(archive, numbers[6], "number of steps");
  fit.solved = numbers[7] != 0;
  fit.centering = enumerator(archive, numbers[8], Centering::biases, "centering");
  fit.message = archive.get_text("message");
  if (!archive.has("proof")) return fit;
  const std::vector<double> proof = archive.get_doubles("proof", 6);
  fit.proof = ConvexProof{proof[0], proof[1], proof[2], proof[3], proof[4]};
  if (!std::all_of(proof.begin(), proof.end(), [](double x) { return std::isfinite(x); }))
    complain(archive, "the bound of a convex fit is not finite");
  fit.observations = whole(archive, proof[5], "number of observations");
  return fit;
}

Archive history_to_archive(const std::vector<Step>& history) {
  std::vector<double> numbers, singular_values;
  std::vector<std::int64_t> counts;
  std::string labels;
  for (const Step& step : history) {
    labels += step.engine + "\n" + step.stage + "\n";
    numbers.insert(numbers.end(), {static_cast<double>(step.iteration), step.seconds, step.time, step.step_size,
                                   step.train_rmse, step.validation_rmse, static_cast<double>(step.rank),
                                   step.effective_rank, step.rate, step.progress});
    counts.push_back(static_cast<std::int64_t>(step.singular_values.size()));
    singular_values.insert(singular_values.end(), step.singular_values.begin(), step.singular_values.end());
  }
  Archive archive;
  archive.set("labels", labels);
  archive.set("numbers", numbers);
  archive.set("counts", counts);
  archive.set("singular_values", singular_values);
  return archive;
}

std::vector<Step> history_from_archive(const Archive& archive) {
  std::istringstream labels(archive.get_text("labels"));
  const std::vector<std::int64_t> counts = archive.get_ints("counts");
  const std::vector<double> numbers = archive.get_doubles("numbers", static_cast<Index>(counts.size()) * kStepNumbers);
  const std::vector<double> singular_values = archive.get_doubles("singular_values");
  std::vector<Step> history(counts.size());
  std::size_t next = 0;
  for (std::size_t k = 0; k < history.size(); ++k) {
    Step& step = history[k];
    std::getline(labels, step.engine);
    std::getline(labels, step.stage);
    const double* x = numbers.data() + k * kStepNumbers;
    step.iteration = whole(archive, x[0], "iteration of a step");
    step.seconds = x[1];
    step.time = x[2];
    step.step_size = x[3];
    step.train_rmse = x[4];
    step.validation_rmse = x[5];
    step.rank = whole(archive, x[6], "rank of a step");
    step.effective_rank = x[7];
    step.rate = x[8];
    step.progress = x[9];
    const auto count = static_cast<std::size_t>(counts[k]);
    if (counts[k] < 0 || count > singular_values.size() - next) complain(archive, "its history is damaged");
    step.singular_values.assign(singular_values.begin() + next, singular_values.begin() + next + count);
    next += count;
  }
  return history;
}

}  // namespace rankflow::completion
