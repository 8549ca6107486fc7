// Finished fits as archives.
// SPDX-License-Identifier: Apache-2.0
#include "completion/fit_archive.h"

#include <sstream>

#include "rankflow/error.h"

namespace rankflow::completion {
namespace {

constexpr Index kStepNumbers = 10;

}  // namespace

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
  archive.set("numbers",
              std::vector<double>{fit.train_rmse, fit.validation_rmse, static_cast<double>(fit.iterations),
                                  static_cast<double>(fit.stop), static_cast<double>(fit.path.strategy),
                                  fit.path.decay_factor, fit.path.geometry, static_cast<double>(fit.path.steps),
                                  static_cast<double>(fit.solved), static_cast<double>(fit.centering)});
  archive.set("message", fit.message);
  if (fit.proof)
    archive.set("proof", std::vector<double>{fit.proof->penalty, fit.proof->tolerance, fit.proof->nuclear_norm,
                                             fit.proof->objective, fit.proof->dual_bound,
                                             static_cast<double>(fit.observations)});
  return archive;
}

Fit fit_from_archive(const Archive& archive) {
  Fit fit;
  fit.engine = archive.get_text("engine");
  fit.model.mean = archive.get_double("mean");
  fit.model.row_bias = archive.get_vector("row_bias");
  fit.model.column_bias = archive.get_vector("column_bias");
  fit.model.s = archive.get_vector("s");
  fit.model.u = archive.get_matrix("u", fit.model.row_bias.size(), fit.model.s.size());
  fit.model.v = archive.get_matrix("v", fit.model.column_bias.size(), fit.model.s.size());
  fit.spread.row_spread = archive.get_vector("row_spread");
  fit.spread.column_spread = archive.get_vector("column_spread");
  fit.spread.row_noise = archive.get_vector("row_noise");
  fit.spread.column_noise = archive.get_vector("column_noise");
  const std::vector<double> numbers = archive.get_doubles("numbers", 10);
  fit.train_rmse = numbers[0];
  fit.validation_rmse = numbers[1];
  fit.iterations = static_cast<Index>(numbers[2]);
  fit.stop = static_cast<Stop>(static_cast<int>(numbers[3]));
  fit.path.strategy = static_cast<FlowStrategy>(static_cast<int>(numbers[4]));
  fit.path.decay_factor = numbers[5];
  fit.path.geometry = numbers[6];
  fit.path.steps = static_cast<Index>(numbers[7]);
  fit.solved = numbers[8] != 0;
  fit.centering = static_cast<Centering>(static_cast<int>(numbers[9]));
  fit.message = archive.get_text("message");
  if (!archive.has("proof")) return fit;
  const std::vector<double> proof = archive.get_doubles("proof", 6);
  fit.proof = ConvexProof{proof[0], proof[1], proof[2], proof[3], proof[4]};
  fit.observations = static_cast<Index>(proof[5]);
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
    step.iteration = static_cast<Index>(x[0]);
    step.seconds = x[1];
    step.time = x[2];
    step.step_size = x[3];
    step.train_rmse = x[4];
    step.validation_rmse = x[5];
    step.rank = static_cast<Index>(x[6]);
    step.effective_rank = x[7];
    step.rate = x[8];
    step.progress = x[9];
    const auto count = static_cast<std::size_t>(counts[k]);
    if (count > singular_values.size() - next) throw InputError("checkpoint", "its history is damaged");
    step.singular_values.assign(singular_values.begin() + next, singular_values.begin() + next + count);
    next += count;
  }
  return history;
}

}  // namespace rankflow::completion
