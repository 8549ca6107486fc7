// Whether observations can determine a matrix of a given rank at all.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "solver/flow/finish.h"
#include "solver/flow/path.h"

namespace rankflow::flow {
namespace {
// A generic set of observations is matched by no matrix of rank r once it is larger than the r (m + n - r) degrees of
// freedom. One tenth more leaves room for parts of the table that are denser than the rest.
constexpr double kClearlyBelow = .9;
}  // namespace

bool Determination::determined() const {
  return undetermined_rows == 0 && undetermined_columns == 0 && freedom_ratio <= kClearlyBelow;
}

Determination determination(const Loss& loss, Index rank) {
  Determination result;
  double m = 0, n = 0, count = static_cast<double>(loss.count());
  const double r = static_cast<double>(rank);
  // A line with at most r observations can be matched whatever they say: it is no evidence and is not counted as any.
  const auto side = [&](Index lines, auto entries, Index& undetermined, double& used) {
    for (Index i = 0; i < lines; ++i) {
      if (entries(i) < rank) ++undetermined;
      if (entries(i) > rank) {
        used += 1;
      } else {
        count -= static_cast<double>(entries(i));
      }
    }
  };
  side(
      loss.num_rows(), [&](Index i) { return loss.row_count(i); }, result.undetermined_rows, m);
  side(
      loss.num_columns(), [&](Index j) { return loss.column_count(j); }, result.undetermined_columns, n);
  result.freedom_ratio = count > 0 ? r * (m + n - r) / count : 2;
  return result;
}

Candidate matched_candidate(const Problem& problem, const Finish& finish) {
  Candidate candidate;
  candidate.point = finish.answer();
  candidate.train_rmse = rmse(problem.train, finish.answer_loss());
  candidate.validation_rmse = problem.validation_rmse(candidate.point);
  candidate.path.strategy = FlowStrategy::greedy;
  candidate.stop = Stop::converged;
  candidate.matched = true;
  const Index rank = candidate.point.width();
  const Determination unique = determination(problem.train, rank);
  candidate.solved = finish.unique() && unique.determined();
  candidate.message = "rank " + std::to_string(rank) + " matches every observation";
  if (candidate.solved) {
    candidate.message = "solved: " + candidate.message;
  } else if (unique.undetermined_rows + unique.undetermined_columns > 0) {
    candidate.message += ", but " + std::to_string(unique.undetermined_rows) + " rows and " +
                         std::to_string(unique.undetermined_columns) +
                         " columns have fewer observations than the rank: they are not determined";
  } else {
    candidate.message += ", but so would other matrices of this rank: there are too few observations";
  }
  return candidate;
}

}  // namespace rankflow::flow
