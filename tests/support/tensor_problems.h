// Problems about an unknown tensor of every kind, and the plain sums that fast evaluations are tested against.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "rankflow/cp_factorization.h"
#include "rankflow/rng.h"
#include "rankflow/tensor_problem.h"

namespace rankflow::test {

inline Index cells_of(const std::vector<Index>& shape) {
  Index cells = 1;
  for (const Index size : shape) cells *= size;
  return cells;
}

/// The cell's indices, the last mode fastest.
inline std::vector<std::int32_t> index_of(Index cell, const std::vector<Index>& shape) {
  std::vector<std::int32_t> index(shape.size());
  for (std::size_t n = shape.size(); n-- > 0; cell /= shape[n]) index[n] = static_cast<std::int32_t>(cell % shape[n]);
  return index;
}

template <class T>
CpFactorization<T> random_cp(const std::vector<Index>& shape, Index components, std::uint64_t seed,
                             double deviation = 1) {
  return initialize_cp<T>(shape, components, {.deviation = deviation, .seed = seed});
}

/// `count` different cells of a tensor with normal entries, or those of `truth` (the last mode fastest).
template <class T>
TensorProblem<T> entry_problem(const std::vector<Index>& shape, Index count, std::uint64_t seed,
                               const TensorLoss& loss = {}, const Vector& truth = {}) {
  const Index cells = cells_of(shape);
  std::vector<Index> cell;
  for (Index c = 0; c < cells; ++c) cell.push_back(c);
  Rng rng(seed, 77);
  for (Index k = 0; k < count; ++k)
    std::swap(cell[k], cell[k + static_cast<Index>(rng.below(static_cast<std::uint64_t>(cells - k)))]);
  TensorProblem<T> problem;
  problem.shape = shape;
  problem.loss = loss;
  problem.index.resize(shape.size());
  for (Index k = 0; k < count; ++k) {
    const auto index = index_of(cell[k], shape);
    for (std::size_t n = 0; n < shape.size(); ++n) problem.index[n].push_back(index[n]);
    double y = truth.size() > 0 ? truth[cell[k]] : rng.normal();
    if (loss.penalty == TensorPenalty::logistic) y = y > 0;
    if (loss.penalty == TensorPenalty::poisson) y = std::floor(3 * std::abs(y));
    problem.value.push_back(static_cast<T>(y));
  }
  normalize(problem);
  return problem;
}

template <class T>
TensorProblem<T> dense_problem(const std::vector<Index>& shape, Index count, std::uint64_t seed,
                               const TensorLoss& loss = {}) {
  TensorProblem<T> problem = entry_problem<T>(shape, count, seed, loss);
  problem.measurement = TensorMeasurement::dense;
  problem.index.clear();
  problem.tensors.resize(count, cells_of(shape));
  Rng rng(seed, 78);
  for (Index k = 0; k < problem.tensors.size(); ++k) problem.tensors.data()[k] = static_cast<T>(.3 * rng.normal());
  normalize(problem);
  return problem;
}

template <class T>
TensorProblem<T> rank_one_problem(const std::vector<Index>& shape, Index count, std::uint64_t seed,
                                  const TensorLoss& loss = {}) {
  TensorProblem<T> problem = entry_problem<T>(shape, count, seed, loss);
  problem.measurement = TensorMeasurement::rank_one;
  problem.index.clear();
  Rng rng(seed, 79);
  for (const Index size : shape) {
    MatrixOf<T> vectors(count, size);
    for (Index k = 0; k < vectors.size(); ++k) vectors.data()[k] = static_cast<T>(.6 * rng.normal());
    problem.vectors.push_back(vectors);
  }
  normalize(problem);
  return problem;
}

/// Every measurement and every loss; half of the cells, or as many measurements.
template <class T>
std::vector<std::pair<std::string, TensorProblem<T>>> every_tensor_problem(const std::vector<Index>& shape,
                                                                           std::uint64_t seed) {
  const std::vector<std::pair<std::string, TensorPenalty>> penalties = {{"squared", TensorPenalty::squared},
                                                                        {"huber", TensorPenalty::huber},
                                                                        {"smooth_l1", TensorPenalty::smooth_l1},
                                                                        {"logistic", TensorPenalty::logistic},
                                                                        {"poisson", TensorPenalty::poisson}};
  std::vector<std::pair<std::string, TensorProblem<T>>> list;
  const Index count = (cells_of(shape) + 1) / 2;
  for (const auto& [name, penalty] : penalties)
    for (const Normalization normalization : {Normalization::mean, Normalization::half_sum}) {
      const TensorLoss loss{.normalization = normalization, .penalty = penalty, .delta = .7};
      const std::string suffix = " " + name + (normalization == Normalization::mean ? " mean" : " half_sum");
      list.emplace_back("entries" + suffix, entry_problem<T>(shape, count, seed, loss));
      TensorProblem<T> weighted = list.back().second;
      for (Index k = 0; k < count; ++k) weighted.weight.push_back(static_cast<T>(.5 + static_cast<double>(k % 3)));
      list.emplace_back("weighted entries" + suffix, weighted);
      list.emplace_back("all entries" + suffix, entry_problem<T>(shape, cells_of(shape), seed, loss));
      list.emplace_back("dense" + suffix, dense_problem<T>(shape, count, seed, loss));
      list.emplace_back("rank_one" + suffix, rank_one_problem<T>(shape, count, seed, loss));
    }
  return list;
}

/// <A_k, T> for all k by the definition, in double: sums over components and cells.
template <class T>
std::vector<double> plain_predictions(const TensorProblem<T>& problem, const CpFactorization<T>& model) {
  // Of hundreds of modes no integer counts the cells, and entries do not need it.
  const Index cells = problem.measurement == TensorMeasurement::entries ? 0 : cells_of(problem.shape);
  const auto cell_value = [&](const std::vector<std::int32_t>& index) {
    double sum = 0;
    for (Index r = 0; r < model.components(); ++r) {
      double product = 1;
      for (std::size_t n = 0; n < index.size(); ++n) product *= static_cast<double>(model.factors[n](index[n], r));
      sum += product;
    }
    return sum;
  };
  std::vector<double> x;
  for (Index k = 0; k < problem.count(); ++k) {
    double sum = 0;
    if (problem.measurement == TensorMeasurement::entries) {
      std::vector<std::int32_t> index;
      for (const auto& list : problem.index) index.push_back(list[k]);
      sum = cell_value(index);
    } else {
      for (Index c = 0; c < cells; ++c) {
        const auto index = index_of(c, problem.shape);
        double a = 1;
        if (problem.measurement == TensorMeasurement::dense) a = static_cast<double>(problem.tensors(k, c));
        if (problem.measurement == TensorMeasurement::rank_one)
          for (std::size_t n = 0; n < index.size(); ++n) a *= static_cast<double>(problem.vectors[n](k, index[n]));
        sum += a * cell_value(index);
      }
    }
    x.push_back(sum);
  }
  return x;
}

/// The loss by its definition.
template <class T>
double plain_loss(const TensorProblem<T>& problem, const CpFactorization<T>& model) {
  const std::vector<double> x = plain_predictions(problem, model);
  double sum = 0;
  for (std::size_t k = 0; k < x.size(); ++k)
    sum += (problem.weight.empty() ? 1.0 : static_cast<double>(problem.weight[k])) *
           problem.loss.rho(x[k], static_cast<double>(problem.value[k]));
  return problem.loss.normalization == Normalization::mean ? sum / static_cast<double>(x.size()) : sum / 2;
}

}  // namespace rankflow::test
