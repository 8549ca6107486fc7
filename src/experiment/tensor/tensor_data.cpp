// Measuring a tensor: which cells or products are observed, with which noise.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/tensor/tensor_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "experiment/matrix_source.h"
#include "experiment/tensor/tensor_options.h"
#include "experiment/tensor/tensor_source.h"
#include "rankflow/dense_array.h"
#include "rankflow/error.h"
#include "rankflow/rng.h"

namespace rankflow::experiment {
namespace {

constexpr std::uint64_t kStreamChoice = 0x74F, kStreamNoise = 0x74E, kStreamTensors = 0x741, kStreamVectors = 0x761;
constexpr Index kNamedValues = 12;         // components of the truth that claims may name
constexpr double kMostMeasurements = 4e8;  // numbers of dense measuring tensors, 3.2 GB

// `count` positions below `size`, each set equally likely, ascending.
std::vector<std::size_t> choose(std::size_t size, Index count, std::uint64_t seed) {
  std::vector<std::size_t> order(size);
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (count == 0) return order;
  const auto chosen = static_cast<std::size_t>(count);
  if (chosen > size) throw OptionError(fmt::format("problem.count = {}: only {} cells are known", count, size));
  Rng rng(seed, kStreamChoice);
  for (std::size_t k = 0; k < chosen; ++k) std::swap(order[k], order[k + rng.below(size - k)]);
  order.resize(chosen);
  std::sort(order.begin(), order.end());
  return order;
}

void append_cell(std::vector<std::vector<std::int32_t>>& index, Index cell, const std::vector<Index>& shape) {
  for (std::size_t n = shape.size(); n-- > 0; cell /= shape[n])
    index[n].push_back(static_cast<std::int32_t>(cell % shape[n]));
}

// What is not chosen of a tensor whose truth nobody knows judges.
void observe_entries(const TensorSource& source, const ProblemOptions& o, TensorDataSet& made) {
  const std::vector<std::size_t> chosen = choose(source.known.size(), o.count, o.seed);
  made.problem.index.resize(source.shape.size());
  made.reference.test.index.resize(source.shape.size());
  std::size_t next = 0;
  for (std::size_t k = 0; k < source.known.size(); ++k) {
    const bool learned = next < chosen.size() && chosen[next] == k;
    if (learned) ++next;
    append_cell(learned ? made.problem.index : made.reference.test.index, source.known[k], source.shape);
    (learned ? made.problem.value : made.reference.test.value).push_back(source.values[k]);
  }
}

const Vector& needed_truth(const TensorSource& source, const char* measurement) {
  if (source.truth.size() == 0)
    throw OptionError(fmt::format("problem.measurement = {}: the whole tensor has to be known", measurement));
  return source.truth;
}

void measure_densely(const TensorSource& source, const ProblemOptions& o, TensorProblem<double>& problem) {
  const Vector& truth = needed_truth(source, "gaussian");
  if (static_cast<double>(o.count) * static_cast<double>(truth.size()) > kMostMeasurements)
    throw OptionError(fmt::format("problem.count = {}: the measuring tensors would have more than {:.0g} numbers",
                                  o.count, kMostMeasurements));
  const double deviation = o.deviation > 0 ? o.deviation : 1 / std::sqrt(static_cast<double>(truth.size()));
  problem.measurement = TensorMeasurement::dense;
  problem.tensors = deviation * normal_matrix(o.count, truth.size(), o.seed, kStreamTensors);
  const Vector values = problem.tensors * truth;
  problem.value.assign(values.begin(), values.end());
}

// Vectors whose numbers have the deviation cells^(-1/2N), so that those of the outer products have 1/sqrt(cells).
void measure_by_products(const TensorSource& source, const ProblemOptions& o, TensorProblem<double>& problem) {
  const Vector& truth = needed_truth(source, "rank_one");
  const double order = static_cast<double>(source.shape.size());
  const double deviation =
      o.deviation > 0 ? o.deviation : std::pow(static_cast<double>(truth.size()), -1 / (2 * order));
  problem.measurement = TensorMeasurement::rank_one;
  for (std::size_t n = 0; n < source.shape.size(); ++n)
    problem.vectors.push_back(deviation * normal_matrix(o.count, source.shape[n], o.seed, kStreamVectors + n));
  for (Index k = 0; k < o.count; ++k) {
    Vector left = truth;
    for (std::size_t n = source.shape.size(); n-- > 0;) {
      const Index size = source.shape[n];
      left = (Eigen::Map<const Matrix>(left.data(), left.size() / size, size) * problem.vectors[n].row(k).transpose())
                 .eval();
    }
    problem.value.push_back(left[0]);
  }
}

void measure_source(const TensorSource& source, const ProblemOptions& o, TensorDataSet& made) {
  if (o.measurement != MeasurementKind::entries && o.count == 0)
    throw OptionError("problem.count is missing: how many measurements?");
  switch (o.measurement) {
    case MeasurementKind::entries:
      return observe_entries(source, o, made);
    case MeasurementKind::gaussian:
      return measure_densely(source, o, made.problem);
    case MeasurementKind::rank_one:
      return measure_by_products(source, o, made.problem);
    case MeasurementKind::full:
      throw OptionError("problem.measurement = full: of tensors, entries with count = 0 are all cells");
  }
}

// The error of observed cells with zeros elsewhere (the baseline "linear" of Razin and Cohen 2020).
double linear_error(const TensorSource& source, const TensorProblem<double>& problem) {
  double observed = 0;
  const std::vector<Index> stride = strides(source.shape);
  for (Index k = 0; k < problem.count(); ++k) {
    Index cell = 0;
    for (Index n = 0; n < problem.order(); ++n) cell += stride[n] * problem.index[n][k];
    observed += source.truth[cell] * source.truth[cell];
  }
  const double all = source.truth.squaredNorm();
  return std::sqrt(std::max(0.0, all - observed) / all);
}

std::map<std::string, double> known_numbers(const TensorSource& source, const TensorProblem<double>& problem) {
  std::map<std::string, double> numbers = {{"order", static_cast<double>(source.shape.size())},
                                           {"cells", static_cast<double>(count_cells(source.shape))},
                                           {"count", static_cast<double>(problem.count())}};
  if (source.truth.size() == 0) return numbers;
  numbers["truth_norm"] = source.truth.norm();
  if (problem.measurement == TensorMeasurement::entries) numbers["linear_error"] = linear_error(source, problem);
  for (Index k = 0; k < std::min(kNamedValues, source.component_norms.size()); ++k)
    numbers[fmt::format("truth_component_{}", k + 1)] = source.component_norms[k];
  return numbers;
}

}  // namespace

TensorDataSet make_tensor_data(const DataOptions& data, const ProblemOptions& problem) {
  TensorSource source = make_tensor(data);
  TensorDataSet made;
  made.problem.shape = source.shape;
  made.problem.loss = problem.tensor_loss;
  measure_source(source, problem, made);
  made.numbers = known_numbers(source, made.problem);
  if (data.noise > 0) {
    Rng rng(data.seed, kStreamNoise);
    for (double& value : made.problem.value) value += data.noise * rng.normal();
  }
  normalize(made.problem);
  made.reference.truth = std::move(source.truth);
  return made;
}

std::vector<Index> tensor_shape(const DataOptions& data) {
  return data.kind == DataKind::array ? read_tensor_source(data).shape
                                      : parse_sizes(data.tensor.shape, "data.shape", 1);
}

std::vector<std::string> tensor_data_numbers(const DataOptions& data) {
  std::vector<std::string> names = {"order", "cells", "count", "truth_norm", "linear_error"};
  for (Index k = 1; data.kind == DataKind::cp && k <= std::min(kNamedValues, data.tensor.rank); ++k)
    names.push_back(fmt::format("truth_component_{}", k));
  return names;
}

template <class T>
TensorProblem<T> convert(const TensorProblem<double>& from) {
  TensorProblem<T> made;
  made.measurement = from.measurement;
  made.shape = from.shape;
  made.loss = from.loss;
  made.index = from.index;
  made.weight.assign(from.weight.begin(), from.weight.end());
  made.tensors = from.tensors.template cast<T>();
  for (const Matrix& vectors : from.vectors) made.vectors.push_back(vectors.template cast<T>());
  made.value.assign(from.value.begin(), from.value.end());
  return made;
}

template TensorProblem<double> convert<double>(const TensorProblem<double>&);
template TensorProblem<float> convert<float>(const TensorProblem<double>&);

}  // namespace rankflow::experiment
