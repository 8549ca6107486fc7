// Progress as named arrays.
// SPDX-License-Identifier: Apache-2.0
#include "solver/grow/progress.h"

#include "rankflow/error.h"

namespace rankflow::grow {
namespace {

std::int64_t number_up_to(std::int64_t number, std::int64_t last, const std::string& where) {
  if (number < 0 || number > last)
    throw InputError(where, "found " + std::to_string(number) + ", expected 0 to " + std::to_string(last));
  return number;
}

}  // namespace

void save(Archive& archive, const std::string& name, const Found& found) {
  archive.set(name + ".widths", std::vector<std::int64_t>(found.point.widths));
  archive.set(name + ".weights", found.point.weights);
  archive.set(name + ".numbers",
              std::vector<double>{found.ridge, found.loss, found.validation_loss, found.amplification});
  archive.set(name + ".flags", std::vector<std::int64_t>{static_cast<std::int64_t>(found.strategy), found.matched,
                                                         found.determined, found.predicts});
}

Found load_found(const Archive& archive, const std::string& name, const Family& family) {
  Found found;
  found.point.widths = archive.get_ints(name + ".widths");
  found.point.weights = archive.get_vector(name + ".weights");
  if (!family.valid(found.point))
    throw InputError(name, "the weights do not fit the widths, or hold a number that is not finite",
                     "start again without the saved state");
  const auto numbers = archive.get_doubles(name + ".numbers", 4);
  found.ridge = numbers[0], found.loss = numbers[1];
  found.validation_loss = numbers[2], found.amplification = numbers[3];
  const auto flags = archive.get_ints(name + ".flags", 4);
  found.strategy = static_cast<GrowStrategy>(
      number_up_to(flags[0], static_cast<std::int64_t>(GrowStrategy::noisy), name + ".flags"));
  found.matched = flags[1] != 0, found.determined = flags[2] != 0, found.predicts = flags[3] != 0;
  return found;
}

void save(Archive& archive, const Progress& progress) {
  archive.set("grow.counters",
              std::vector<std::int64_t>{static_cast<std::int64_t>(progress.phase), progress.attempt, progress.round,
                                        progress.idle, progress.iterations, progress.tried_noisy,
                                        progress.best.has_value(), progress.noisy.has_value()});
  archive.set("grow.finished_loss", progress.finished_loss);
  save(archive, "grow.current", progress.current);
  if (progress.best) save(archive, "grow.best", *progress.best);
  if (progress.noisy) save(archive, "grow.noisy", *progress.noisy);
}

Progress load_progress(const Archive& archive, const Family& family) {
  const auto counters = archive.get_ints("grow.counters", 8);
  const std::int64_t many = std::int64_t{1} << 62;
  Progress progress;
  progress.phase =
      static_cast<Phase>(number_up_to(counters[0], static_cast<std::int64_t>(Phase::ended), "grow.counters"));
  progress.attempt = number_up_to(counters[1], many, "grow.counters");
  progress.round = number_up_to(counters[2], many, "grow.counters");
  progress.idle = number_up_to(counters[3], many, "grow.counters");
  progress.iterations = number_up_to(counters[4], many, "grow.counters");
  progress.tried_noisy = counters[5] != 0;
  progress.finished_loss = archive.get_double("grow.finished_loss");
  progress.current = load_found(archive, "grow.current", family);
  if (counters[6] != 0) progress.best = load_found(archive, "grow.best", family);
  if (counters[7] != 0) progress.noisy = load_found(archive, "grow.noisy", family);
  return progress;
}

}  // namespace rankflow::grow
