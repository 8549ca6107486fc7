// Measuring a matrix: which entries or products are observed, with which noise.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/data_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "experiment/images/image_run.h"
#include "experiment/matrix_source.h"
#include "experiment/tensor/tensor_data.h"
#include "linalg/decompositions.h"
#include "rankflow/error.h"
#include "rankflow/rng.h"

namespace rankflow::experiment {
namespace {

constexpr std::uint64_t kStreamChoice = 0x4F, kStreamNoise = 0x4E, kStreamMatrices = 0x41, kStreamLeft = 0x61,
                        kStreamRight = 0x62;
constexpr Index kNamedValues = 12;  // singular values of the truth that claims may name

// `count` of the known entries, each set equally likely, in order.
EntryList<double> choose(const EntryList<double>& known, Index count, std::uint64_t seed) {
  if (count == 0 || count == known.count()) return known;
  if (count > known.count())
    throw OptionError(fmt::format("problem.count = {}: only {} entries are known", count, known.count()));
  std::vector<Index> order(static_cast<std::size_t>(known.count()));
  std::iota(order.begin(), order.end(), 0);
  Rng rng(seed, kStreamChoice);
  for (Index k = 0; k < count; ++k)
    std::swap(order[k], order[k + static_cast<Index>(rng.below(static_cast<std::uint64_t>(known.count() - k)))]);
  std::sort(order.begin(), order.begin() + count);
  EntryList<double> chosen;
  for (Index k = 0; k < count; ++k) {
    chosen.row.push_back(known.row[order[k]]);
    chosen.column.push_back(known.column[order[k]]);
    chosen.value.push_back(known.value[order[k]]);
  }
  return chosen;
}

Matrix noise_matrix(const DataOptions& o, Index rows, Index columns) {
  Matrix noise = o.noise * normal_matrix(rows, columns, o.seed, kStreamNoise);
  const bool symmetric = o.symmetric && (o.kind == DataKind::low_rank || o.kind == DataKind::spectrum);
  if (symmetric) noise = ((noise + noise.transpose()) / std::sqrt(2.0)).eval();
  return noise;
}

MatrixProblem<double> entries_problem(const MatrixSource& source, const DataOptions& data, const ProblemOptions& o) {
  EntryList<double> entries = choose(source.known, o.count, o.seed);
  if (data.noise > 0) {
    const Matrix noise = noise_matrix(data, source.rows, source.columns);
    for (Index k = 0; k < entries.count(); ++k) entries.value[k] += noise(entries.row[k], entries.column[k]);
  }
  return completion_problem(source.rows, source.columns, std::move(entries), o.loss);
}

const Matrix& needed_truth(const MatrixSource& source, const char* measurement) {
  if (source.truth.size() == 0 || !source.truth_is_whole)
    throw OptionError(fmt::format("problem.measurement = {}: the whole matrix has to be known", measurement));
  return source.truth;
}

void add_noise(Vector& values, const DataOptions& data) {
  if (data.noise == 0) return;
  Rng rng(data.seed, kStreamNoise);
  for (double& value : values) value += data.noise * rng.normal();
}

MatrixProblem<double> gaussian_problem(const MatrixSource& source, const DataOptions& data, const ProblemOptions& o) {
  const Matrix& truth = needed_truth(source, "gaussian");
  const Index entries = source.rows * source.columns;
  const double deviation = o.deviation > 0 ? o.deviation : 1 / std::sqrt(static_cast<double>(entries));
  Matrix matrices = normal_matrix(o.count, entries, o.seed, kStreamMatrices);
  matrices *= deviation;
  Vector values = matrices * Eigen::Map<const Vector>(truth.data(), entries);
  add_noise(values, data);
  return dense_sensing_problem(source.rows, source.columns, std::move(matrices), std::move(values), o.loss);
}

MatrixProblem<double> rank_one_problem(const MatrixSource& source, const DataOptions& data, const ProblemOptions& o) {
  const Matrix& truth = needed_truth(source, "rank_one");
  const double deviation = o.deviation > 0 ? o.deviation : 1;
  Matrix left = deviation * normal_matrix(o.count, source.rows, o.seed, kStreamLeft);
  const bool symmetric = data.symmetric && source.rows == source.columns && data.kind != DataKind::file;
  Matrix right = symmetric ? left : Matrix(deviation * normal_matrix(o.count, source.columns, o.seed, kStreamRight));
  Vector values = ((left * truth).array() * right.array()).rowwise().sum();
  add_noise(values, data);
  return rank_one_sensing_problem(std::move(left), std::move(right), std::move(values), o.loss);
}

MatrixProblem<double> full_measurement(const MatrixSource& source, const DataOptions& data, const ProblemOptions& o) {
  Matrix target = needed_truth(source, "full");
  if (data.noise > 0) target += noise_matrix(data, source.rows, source.columns);
  return full_problem(std::move(target), o.loss);
}

MatrixProblem<double> measure_source(const MatrixSource& source, const DataOptions& data, const ProblemOptions& o) {
  const bool sensing = o.measurement == MeasurementKind::gaussian || o.measurement == MeasurementKind::rank_one;
  if (sensing && o.count == 0) throw OptionError("problem.count is missing: how many measurements?");
  switch (o.measurement) {
    case MeasurementKind::entries:
      return entries_problem(source, data, o);
    case MeasurementKind::gaussian:
      return gaussian_problem(source, data, o);
    case MeasurementKind::rank_one:
      return rank_one_problem(source, data, o);
    case MeasurementKind::full:
      return full_measurement(source, data, o);
  }
  throw InternalError("a measurement without a rule");
}

std::map<std::string, double> known_numbers(const MatrixSource& source, const MatrixProblem<double>& problem) {
  std::map<std::string, double> numbers = {{"rows", static_cast<double>(source.rows)},
                                           {"columns", static_cast<double>(source.columns)},
                                           {"count", static_cast<double>(problem.count())}};
  if (source.truth.size() == 0 || !source.truth_is_whole) return numbers;
  const Vector s = singular_values(source.truth);
  numbers["truth_nuclear_norm"] = s.sum();
  numbers["truth_frobenius_norm"] = s.norm();
  numbers["truth_effective_rank"] = effective_rank(s);
  for (Index k = 0; k < std::min(kNamedValues, s.size()); ++k) numbers[fmt::format("truth_sigma_{}", k + 1)] = s[k];
  return numbers;
}

}  // namespace

DataSet make_data_set(const DataOptions& data, const ProblemOptions& problem) {
  DataSet made;
  if (is_tensor(data.kind)) {
    made.tensor = std::make_shared<const TensorDataSet>(make_tensor_data(data, problem));
    made.numbers = made.tensor->numbers;
    return made;
  }
  MatrixSource source = make_matrix(data);
  made.problem = measure_source(source, data, problem);
  made.numbers = known_numbers(source, made.problem);
  const EntryList<double>& entries = made.problem.entries;
  for (Index k = 0; k < entries.count(); ++k) made.reference.observed.emplace_back(entries.row[k], entries.column[k]);
  made.reference.train = entries;
  made.reference.test = std::move(source.test);
  if (source.truth_is_whole) made.reference.truth = std::move(source.truth);
  return made;
}

MatrixProblem<float> to_float(const MatrixProblem<double>& p) {
  MatrixProblem<float> made;
  made.measurement = p.measurement;
  made.num_rows = p.num_rows;
  made.num_columns = p.num_columns;
  made.loss = p.loss;
  made.entries.row = p.entries.row;
  made.entries.column = p.entries.column;
  made.entries.value.assign(p.entries.value.begin(), p.entries.value.end());
  made.entries.weight.assign(p.entries.weight.begin(), p.entries.weight.end());
  made.matrices = p.matrices.cast<float>();
  made.left = p.left.cast<float>();
  made.right = p.right.cast<float>();
  made.values = p.values.cast<float>();
  made.target = p.target.cast<float>();
  return made;
}

std::shared_ptr<const DataSet> DataSets::get(const std::string& key, const RunConfig& config) {
  // Made under the lock: a second run that needs the same data waits for it instead of making it again.
  const std::lock_guard lock(mutex_);
  if (std::shared_ptr<const DataSet> made = made_[key].lock()) return made;
  auto fresh = std::make_shared<const DataSet>(
      config.data.kind == DataKind::images ? make_image_data(config.data) : make_data_set(config.data, config.problem));
  made_[key] = fresh;
  return fresh;
}

}  // namespace rankflow::experiment
