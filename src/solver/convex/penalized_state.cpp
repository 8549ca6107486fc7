// The state of a soft-impute path as named arrays.
// SPDX-License-Identifier: Apache-2.0
#include "solver/convex/penalized_state.h"

#include "rankflow/error.h"

namespace rankflow::convex {
namespace {

constexpr std::int64_t kStateVersion = 1;
constexpr Index kNumbers = 8;

void put(Archive& to, const std::string& name, const Product& product) {
  to.set(name + ".u", product.u);
  to.set(name + ".v", product.v);
  to.set(name + ".s", product.s);
}

Product get(const Archive& from, const std::string& name, Index rows, Index columns) {
  Product product;
  product.s = from.get_vector(name + ".s");
  product.u = from.get_matrix(name + ".u", rows, product.s.size());
  product.v = from.get_matrix(name + ".v", columns, product.s.size());
  return product;
}

void append(std::vector<double>& numbers, const PenalizedSolution& x) {
  for (const double number : {x.penalty, x.objective, x.bound, x.norm, x.train_rmse, x.validation_rmse,
                              static_cast<double>(x.rank), static_cast<double>(x.iterations)})
    numbers.push_back(number);
}

PenalizedSolution solution(const double* x) {
  return {x[0], x[1], x[2], x[3], x[4], x[5], static_cast<Index>(x[6]), static_cast<Index>(x[7])};
}

}  // namespace

void PathState::save(Archive& to, double seconds) const {
  to.set("soft_impute.version", kStateVersion);
  put(to, "soft_impute.product", product);
  put(to, "soft_impute.best", best);
  to.set("soft_impute.entering", entering);
  std::vector<double> numbers;
  append(numbers, solution);
  for (const PenalizedSolution& x : path) append(numbers, x);
  to.set("soft_impute.path", numbers);
  to.set("soft_impute.numbers", std::vector<double>{largest, seconds});
  to.set("soft_impute.counts",
         std::vector<std::int64_t>{index, best_index, iterations, static_cast<std::int64_t>(stop)});
  to.set("soft_impute.message", message);
}

void PathState::load(const Archive& from, Index rows, Index columns) {
  if (from.get_int("soft_impute.version") != kStateVersion)
    throw InputError("soft_impute.version", "this state was written by another version");
  product = get(from, "soft_impute.product", rows, columns);
  best = get(from, "soft_impute.best", rows, columns);
  entering = from.get_matrix("soft_impute.entering", columns);
  const std::vector<double> numbers = from.get_doubles("soft_impute.path");
  if (numbers.empty() || numbers.size() % kNumbers != 0) throw InputError("soft_impute.path", "the state is damaged");
  solution = convex::solution(numbers.data());
  path.clear();
  for (std::size_t k = kNumbers; k < numbers.size(); k += kNumbers)
    path.push_back(convex::solution(numbers.data() + k));
  const std::vector<double> two = from.get_doubles("soft_impute.numbers", 2);
  largest = two[0], seconds_before = two[1];
  const std::vector<std::int64_t> counts = from.get_ints("soft_impute.counts", 4);
  index = counts[0], best_index = counts[1], iterations = counts[2];
  if (best_index < 0 || (best_index > 0 && best_index >= static_cast<Index>(path.size())))
    throw InputError("soft_impute.counts", "the state is damaged");
  stop = static_cast<Stop>(counts[3]);
  if (stop == Stop::time_limit || stop == Stop::interrupted) stop = Stop::not_run;
  message = from.get_text("soft_impute.message");
}

}  // namespace rankflow::convex
