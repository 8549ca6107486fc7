// Components that move once per window: as good as moving in every update, and the same bits however one looks at them.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/threads.h"
#include "rankflow/error.h"
#include "rankflow/tensor_descent.h"
#include "support/tensor_problems.h"
#include "support/window_runs.h"

namespace rankflow {
namespace {

const std::vector<Index> kShape = {6, 6, 6, 6};

// Rank 2, 800 of 1,296 cells, Frobenius norm 1.
template <class T>
TensorProblem<T> completion() {
  const Vector truth = test::random_cp<double>(kShape, 2, 1).dense();
  return test::entry_problem<T>(kShape, 800, 2, {}, Vector(truth / truth.norm()));
}

template <class T>
CpFactorization<T> small_start() {
  return initialize_cp<T>(kShape, 216, {.deviation = .01, .seed = 3});
}

const DescentOptions kOptions{.step_size = 1e-2, .loss_tolerance = 0};

// A plateau of 1,700 updates, a component that is learned, and on until just before the edge of stability: there a
// start that differs by 1e-10 runs away (a third run shows that it has not yet).
TEST(CpWindows, ChangeNoComponentAndNoLossByAThousandth) {
  const auto problem = completion<double>();
  auto plain = initialize_cp<double>(kShape, 216, {.deviation = .003, .seed = 3}), windowed = plain, moved = plain;
  for (Matrix& factor : moved.factors) factor.array() *= 1 + 1e-10;
  const auto plain_loss = make_loss(problem, plain), window_loss = make_loss(problem, windowed, {});
  const auto moved_loss = make_loss(problem, moved);
  TensorDescent<double> every(*plain_loss, kOptions), once(*window_loss, kOptions), third(*moved_loss, kOptions);
  double worst_norm = 0, worst_loss = 0;
  const auto gap = [&](const CpFactorization<double>& other) {
    const Vector norms = plain.component_norms();
    return ((other.component_norms() - norms).array() / norms.array()).abs().maxCoeff();
  };
  const double start = plain.component_norms().maxCoeff();
  for (int k = 0; k < 22; ++k) {
    every.advance(100);
    once.advance(100);
    third.advance(100);
    worst_norm = std::max(worst_norm, gap(windowed));
    worst_loss = std::max(worst_loss, std::abs(once.moment().loss / every.moment().loss - 1));
  }
  EXPECT_LT(gap(moved), 1e-6);
  EXPECT_GT(plain.component_norms().maxCoeff(), 1e6 * start);  // a component has been learned
  EXPECT_LT(worst_norm, 1e-3);
  EXPECT_LT(worst_loss, 1e-3);
  EXPECT_GT(worst_norm, 1e-7);  // something was postponed
  RecordProperty("norm", std::to_string(worst_norm * 1e6));
  RecordProperty("loss", std::to_string(worst_loss * 1e6));
}

TEST(CpWindows, OfOneUpdateAreOrdinaryDescent) {
  const auto problem = completion<double>();
  auto plain = small_start<double>(), windowed = plain;
  const auto plain_loss = make_loss(problem, plain), window_loss = make_loss(problem, windowed, {.updates = 1});
  TensorDescent<double> every(*plain_loss, kOptions), once(*window_loss, kOptions);
  every.advance(300);
  once.advance(300);
  for (int n = 0; n < 4; ++n)
    EXPECT_LT((plain.factors[n] - windowed.factors[n]).norm(), 1e-10 * plain.factors[n].norm());
  EXPECT_NEAR(every.moment().gradient_norm, once.moment().gradient_norm, 1e-9 * every.moment().gradient_norm);
}

template <class T>
CpFactorization<T> run(const TensorProblem<T>& problem, const std::vector<Index>& strides, bool looks, bool restores) {
  return test::follow_windows<CpWindowOptions>(problem, small_start<T>(), kOptions, strides, looks, restores);
}

template <class T>
void expect_same(const CpFactorization<T>& a, const CpFactorization<T>& b) {
  for (std::size_t n = 0; n < a.factors.size(); ++n) EXPECT_EQ(a.factors[n], b.factors[n]);
}

TEST(CpWindows, HaveTheSameBitsWhereverOneLooksStopsOrRestores) {
  const auto problem = completion<float>();
  const auto whole = run(problem, {1100}, false, false);
  expect_same(whole, run(problem, {1, 30, 2, 16, 51, 1000}, false, false));
  expect_same(whole, run(problem, {1, 30, 2, 16, 51, 1000}, true, false));
  expect_same(whole, run(problem, {1, 30, 1, 16, 16, 1036}, false, true));
  expect_same(whole, run(problem, {5, 27, 60, 970, 38}, true, true));
}

TEST(CpWindows, HaveTheSameBitsForAnyNumberOfThreads) {
  const auto problem = completion<float>();
  set_num_threads(1);
  const auto one = run(problem, {400}, false, false);
  set_num_threads(2);
  expect_same(one, run(problem, {400}, false, false));
  set_num_threads(0);
}

TEST(CpWindows, RefuseWhatTheyCannotServe) {
  const auto problem = completion<double>();
  auto model = small_start<double>();
  EXPECT_THROW(make_loss(problem, model, {.updates = 0}), OptionError);
  EXPECT_THROW(make_loss(problem, model, {.change = 0}), OptionError);
  const auto loss = make_loss(problem, model, {});
  EXPECT_THROW((TensorDescent<double>(*loss, {.optimizer = Optimizer::adam})), OptionError);
  EXPECT_THROW((TensorDescent<double>(*loss, {.optimizer = Optimizer::momentum})), OptionError);
  const auto dense = test::dense_problem<double>({3, 3}, 5, 1);
  auto small = test::random_cp<double>({3, 3}, 2, 1);
  EXPECT_THROW(make_loss(dense, small, {}), OptionError);
}

}  // namespace
}  // namespace rankflow
