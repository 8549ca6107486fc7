// Local components that move once per window: as good as moving in every update, and the same bits however one looks.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/threads.h"
#include "rankflow/error.h"
#include "rankflow/tensor_descent.h"
#include "support/tensor_problems.h"
#include "support/window_runs.h"

namespace rankflow {
namespace {

const std::vector<Index> kShape = {4, 4, 4, 4};

// Widths (2, 2), half of the cells, root mean square 1.
template <class T>
TensorProblem<T> completion(const ModeTree& tree) {
  Vector truth = initialize_tree<double>(tree, kShape, {2}, {.deviation = 1, .seed = 1}).dense();
  truth *= 16 / truth.norm();
  return test::entry_problem<T>(kShape, 128, 2, {}, truth);
}

template <class T>
TreeFactorization<T> small_start(const ModeTree& tree, double deviation = .03) {
  return initialize_tree<T>(tree, kShape, {48}, {.deviation = deviation, .seed = 3});
}

const DescentOptions kOptions{.step_size = 1e-2, .loss_tolerance = 0};

// The largest difference of a local component's norm, of the largest norm at its node.
double norm_gap(const TreeFactorization<double>& a, const TreeFactorization<double>& b) {
  double worst = 0;
  for (Index node = a.tree.order; node < a.tree.num_nodes(); ++node) {
    const Vector norms = a.local_component_norms(node);
    worst = std::max(worst, (b.local_component_norms(node) - norms).cwiseAbs().maxCoeff() / norms.maxCoeff());
  }
  return worst;
}

class TreeWindows : public testing::TestWithParam<const char*> {
 protected:
  ModeTree tree() const { return ModeTree::parse(GetParam(), 4); }
};

// Until components have been learned, and as long as a start that differs by 1e-10 does not run away.
TEST_P(TreeWindows, ChangeNoComponentAndNoLossByAThousandth) {
  const auto problem = completion<double>(tree());
  auto plain = small_start<double>(tree()), windowed = plain, moved = plain;
  for (Matrix& weights : moved.weights) weights.array() *= 1 + 1e-10;
  const auto plain_loss = make_loss(problem, plain), window_loss = make_loss(problem, windowed, TreeWindowOptions{});
  const auto moved_loss = make_loss(problem, moved);
  TensorDescent<double> every(*plain_loss, kOptions), once(*window_loss, kOptions), third(*moved_loss, kOptions);
  const double start = every.moment().loss;
  double worst_norm = 0, worst_loss = 0, least = start;
  for (int k = 0; k < 14; ++k) {
    every.advance(50);
    once.advance(50);
    third.advance(50);
    if (std::abs(third.moment().loss / every.moment().loss - 1) > 1e-8) break;
    least = every.moment().loss;
    worst_norm = std::max(worst_norm, norm_gap(plain, windowed));
    worst_loss = std::max(worst_loss, std::abs(once.moment().loss / least - 1));
  }
  EXPECT_LT(least, .5 * start);
  EXPECT_LT(worst_norm, 1e-3);
  EXPECT_LT(worst_loss, 1e-3);
  EXPECT_GT(worst_norm, 0);  // something was postponed
  RecordProperty("norm", std::to_string(worst_norm * 1e6));
  RecordProperty("loss", std::to_string(worst_loss * 1e6));
}

TEST_P(TreeWindows, OfOneUpdateAreOrdinaryDescent) {
  const auto problem = completion<double>(tree());
  auto plain = small_start<double>(tree()), windowed = plain;
  const auto plain_loss = make_loss(problem, plain),
             window_loss = make_loss(problem, windowed, TreeWindowOptions{.updates = 1});
  TensorDescent<double> every(*plain_loss, kOptions), once(*window_loss, kOptions);
  every.advance(100);
  once.advance(100);
  for (std::size_t v = 0; v < plain.weights.size(); ++v)
    EXPECT_LT((plain.weights[v] - windowed.weights[v]).norm(), 1e-9 * plain.weights[v].norm());
}

template <class T>
TreeFactorization<T> run(const ModeTree& tree, const std::vector<Index>& strides, bool looks, bool restores) {
  return test::follow_windows<TreeWindowOptions>(completion<T>(tree), small_start<T>(tree), kOptions, strides, looks,
                                                 restores);
}

template <class T>
void expect_same(const TreeFactorization<T>& a, const TreeFactorization<T>& b) {
  for (std::size_t v = 0; v < a.weights.size(); ++v) EXPECT_EQ(a.weights[v], b.weights[v]) << v;
}

TEST_P(TreeWindows, HaveTheSameBitsWhereverOneLooksStopsOrRestores) {
  const auto whole = run<float>(tree(), {500}, false, false);
  expect_same(whole, run<float>(tree(), {1, 30, 2, 16, 51, 400}, false, false));
  expect_same(whole, run<float>(tree(), {1, 30, 2, 16, 51, 400}, true, false));
  expect_same(whole, run<float>(tree(), {1, 30, 1, 16, 16, 436}, false, true));
  expect_same(whole, run<float>(tree(), {5, 27, 60, 370, 38}, true, true));
}

TEST_P(TreeWindows, HaveTheSameBitsForAnyNumberOfThreads) {
  set_num_threads(1);
  const auto one = run<float>(tree(), {200}, false, false);
  set_num_threads(2);
  expect_same(one, run<float>(tree(), {200}, false, false));
  set_num_threads(0);
}

INSTANTIATE_TEST_SUITE_P(Trees, TreeWindows,
                         testing::Values("((0,1),(2,3))", "((0,2),(1,3))", "(0,1,2,3)", "(((0,1),2),3)"),
                         [](const auto& name) { return "Tree" + std::to_string(name.index); });

TEST(TreeWindowOptions, AreChecked) {
  const ModeTree tree = ModeTree::perfect(4);
  const auto problem = completion<double>(tree);
  auto model = small_start<double>(tree);
  EXPECT_THROW(make_loss(problem, model, TreeWindowOptions{.updates = 0}), OptionError);
  EXPECT_THROW(make_loss(problem, model, TreeWindowOptions{.change = 0}), OptionError);
  const auto loss = make_loss(problem, model, TreeWindowOptions{});
  EXPECT_THROW((TensorDescent<double>(*loss, {.optimizer = Optimizer::adam})), OptionError);
}

}  // namespace
}  // namespace rankflow
