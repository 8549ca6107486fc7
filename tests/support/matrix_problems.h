// Problems about an unknown matrix of every kind, for tests that have to hold for all of them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "rankflow/matrix_problem.h"
#include "support/flow_problems.h"

namespace rankflow::test {

template <class T>
EntryList<T> cast(const EntryList<double>& entries) {
  EntryList<T> list;
  list.row = entries.row;
  list.column = entries.column;
  list.value.assign(entries.value.begin(), entries.value.end());
  list.weight.assign(entries.weight.begin(), entries.weight.end());
  return list;
}

/// Every measurement with both normalizations and both penalties, about a random rows x columns matrix of rank 2.
template <class T = double>
std::vector<std::pair<std::string, MatrixProblem<T>>> every_problem(Index rows, Index columns, std::uint64_t seed) {
  std::vector<std::pair<std::string, MatrixProblem<T>>> list;
  const Matrix w = low_rank_matrix(rows, columns, 2, seed);
  const Index m = rows * columns / 2;
  const auto values = [&] { return VectorOf<T>(normal_matrix(m, 1, seed + 5).cast<T>().col(0)); };
  for (const Normalization normalization : {Normalization::mean, Normalization::half_sum})
    for (const Penalty penalty : {Penalty::squared, Penalty::huber}) {
      const MatrixLoss loss{normalization, penalty, .7};
      const std::string suffix = std::string(normalization == Normalization::mean ? " mean" : " half_sum") +
                                 (penalty == Penalty::squared ? " squared" : " huber");
      EntryList<double> entries = sample(w, m, seed + 1);
      list.emplace_back("entries" + suffix, completion_problem<T>(rows, columns, cast<T>(entries), loss));
      for (Index k = 0; k < m; ++k) entries.weight.push_back(.5 + static_cast<double>(k % 3));
      list.emplace_back("weighted entries" + suffix, completion_problem<T>(rows, columns, cast<T>(entries), loss));
      list.emplace_back("dense" + suffix,
                        dense_sensing_problem<T>(rows, columns, normal_matrix(m, rows * columns, seed + 2).cast<T>(),
                                                 values(), loss));
      list.emplace_back("rank_one" + suffix,
                        rank_one_sensing_problem<T>(normal_matrix(m, rows, seed + 3).cast<T>(),
                                                    normal_matrix(m, columns, seed + 4).cast<T>(), values(), loss));
      list.emplace_back("full" + suffix, full_problem<T>(w.cast<T>(), loss));
    }
  return list;
}

}  // namespace rankflow::test
