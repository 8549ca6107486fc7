// When does a refit count as failed?
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "rankflow/types.h"
#include "solver/flow/refit.h"

namespace rankflow {
namespace {

LowRankModel rank_one(double size) {
  LowRankModel model;
  model.row_bias = Vector::Zero(4);
  model.column_bias = Vector::Zero(3);
  model.u = Matrix::Constant(4, 1, 0.5);
  model.v = Matrix::Constant(3, 1, 1 / std::sqrt(3.0));
  model.s = Vector::Constant(1, size);
  return model;
}

TEST(Refit, FailsWhenItMovesFarFitsWorseOrBreaksDown) {
  const LowRankModel first = rank_one(10);
  EXPECT_FALSE(flow::refit_failed(Stop::converged, rank_one(12), 0.5, first, 0.4));
  EXPECT_TRUE(flow::refit_failed(Stop::converged, rank_one(12), 0.61, first, 0.4));   // 1.5 times worse
  EXPECT_TRUE(flow::refit_failed(Stop::converged, rank_one(19.5), 0.4, first, 0.4));  // moved by .95 of its norm
  EXPECT_TRUE(flow::refit_failed(Stop::diverged, rank_one(10), 0.4, first, 0.4));
  EXPECT_TRUE(flow::refit_failed(Stop::converged, rank_one(kNaN), 0.4, first, 0.4));
  EXPECT_TRUE(flow::refit_failed(Stop::converged, rank_one(10), kNaN, first, 0.4));
}

// Residuals of two exact fits are both round-off, in any unit; which is larger means nothing.
TEST(Refit, DoesNotCompareRoundOff) {
  for (const double unit : {1e-30, 1.0, 1e30})
    EXPECT_FALSE(
        flow::refit_failed(Stop::converged, rank_one(10 * unit), 1e-12 * unit, rank_one(10 * unit), 1e-15 * unit));
}

TEST(Refit, MayGiveAProductToAFitThatHadNone) {
  LowRankModel none = rank_one(1);
  none.u.resize(4, 0);
  none.v.resize(3, 0);
  none.s.resize(0);
  EXPECT_FALSE(flow::refit_failed(Stop::converged, rank_one(10), 0.4, none, 0.4));
}

}  // namespace
}  // namespace rankflow
