// Points, directions and candidates as named arrays.
// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "rankflow/error.h"
#include "solver/flow/path.h"

namespace rankflow::flow {

Stop stop_from(std::int64_t number, const std::string& where) {
  if (number < 0 || number > static_cast<std::int64_t>(Stop::diverged))
    throw InputError(where, "found reason " + std::to_string(number) + " for stopping, expected 0 to " +
                                std::to_string(static_cast<int>(Stop::diverged)));
  return static_cast<Stop>(number);
}

void save(Archive& archive, const std::string& name, const Point& point) {
  archive.set(name + ".u", point.u);
  archive.set(name + ".v", point.v);
  archive.set(name + ".s", point.s);
  archive.set(name + ".mean", point.mean);
  archive.set(name + ".row_bias", point.row_bias);
  archive.set(name + ".column_bias", point.column_bias);
}

Point load_point(const Archive& archive, const std::string& name, const Point& like) {
  Point point;
  point.s = archive.get_vector(name + ".s");
  point.u = archive.get_matrix(name + ".u", like.num_rows(), point.s.size());
  point.v = archive.get_matrix(name + ".v", like.num_columns(), point.s.size());
  point.mean = archive.get_double(name + ".mean");
  point.row_bias = archive.get_vector(name + ".row_bias", like.num_rows());
  point.column_bias = archive.get_vector(name + ".column_bias", like.num_columns());
  if (!std::isfinite(point.mean) || !point.row_bias.allFinite() || !point.column_bias.allFinite() ||
      !point.s.allFinite() || !point.u.allFinite() || !point.v.allFinite())
    throw InputError(name, "a matrix holds a number that is not finite", "start again without the saved state");
  return point;
}

void save(Archive& archive, const std::string& name, const Tangent& xi) {
  archive.set(name + ".empty", static_cast<std::int64_t>(xi.empty()));
  if (xi.empty()) return;
  archive.set(name + ".left", xi.left);
  archive.set(name + ".right", xi.right);
}

Tangent load_tangent(const Archive& archive, const std::string& name, const Point& at) {
  if (archive.get_int(name + ".empty") != 0) return {};
  return {archive.get_matrix(name + ".left", at.num_rows(), at.width()),
          archive.get_matrix(name + ".right", at.num_columns(), at.width())};
}

void save(Archive& archive, const std::string& name, const FlowPath& path) {
  archive.set(name + ".path", std::vector<double>{path.decay_factor});
  archive.set(name + ".path_counters", std::vector<std::int64_t>{static_cast<std::int64_t>(path.strategy), path.steps});
}

FlowPath load_path(const Archive& archive, const std::string& name) {
  const auto numbers = archive.get_doubles(name + ".path", 1);
  const auto counters = archive.get_ints(name + ".path_counters", 2);
  if (counters[0] < 0 || counters[0] > static_cast<std::int64_t>(FlowStrategy::noisy))
    throw InputError(name + ".path_counters", "found strategy " + std::to_string(counters[0]) + ", expected 0 to 2");
  return {static_cast<FlowStrategy>(counters[0]), numbers[0], counters[1]};
}

void save(Archive& archive, const std::string& name, const Candidate& candidate) {
  save(archive, name, candidate.point);
  save(archive, name, candidate.path);
  archive.set(name + ".rmse", std::vector<double>{candidate.train_rmse, candidate.validation_rmse});
  archive.set(name + ".flags", std::vector<std::int64_t>{candidate.solved, candidate.matched,
                                                         static_cast<std::int64_t>(candidate.stop)});
  archive.set(name + ".message", candidate.message);
}

Candidate load_candidate(const Archive& archive, const std::string& name, const Point& like) {
  Candidate candidate;
  candidate.point = load_point(archive, name, like);
  candidate.path = load_path(archive, name);
  const auto errors = archive.get_doubles(name + ".rmse", 2);
  candidate.train_rmse = errors[0], candidate.validation_rmse = errors[1];
  const auto flags = archive.get_ints(name + ".flags", 3);
  candidate.solved = flags[0] != 0;
  candidate.matched = flags[1] != 0;
  candidate.stop = stop_from(flags[2], name + ".flags");
  candidate.message = archive.get_text(name + ".message");
  return candidate;
}

}  // namespace rankflow::flow
