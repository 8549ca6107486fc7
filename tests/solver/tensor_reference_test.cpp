// Descent on CP factorizations against trajectories of an independent program.
// SPDX-License-Identifier: Apache-2.0
#include "support/tensor_reference.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "rankflow/tensor_descent.h"

namespace rankflow {
namespace {

// A perturbation of the start by 1e-13 moves a column by at most 1e-11 (tests/refdata/tensor/README.md).
constexpr double kTolerance = 1e-9;
constexpr double kFloor = 1e-6;  // of the column's largest number: below it the error counts relative to this

class TensorReference : public testing::TestWithParam<const char*> {};

TEST_P(TensorReference, FollowsTheTrajectoryOfTheIndependentProgram) {
  test::TensorReferenceRun run = test::read_tensor_reference_run(GetParam());
  const auto loss = make_loss(run.problem, run.start);  // moves run.start
  TensorDescent<double> engine(*loss, run.options);
  TensorProblem<double> squares = run.problem;
  squares.loss = {};
  const auto mean_square = make_loss(squares, run.start);
  const test::CsvTable& rows = run.trajectory;

  std::map<std::string, double> largest, worst;
  for (const auto& [name, column] : rows.column)
    for (std::size_t k = 0; k < rows.rows.size(); ++k)
      largest[name] = std::max(largest[name], std::abs(rows.number(k, name)));
  const auto compare = [&](std::size_t k, const std::string& name, double found) {
    const double wanted = rows.number(k, name);
    const double error = std::abs(found - wanted) / std::max(std::abs(wanted), kFloor * largest[name]);
    worst[name] = std::max(worst[name], std::isfinite(error) ? error : 1);
  };
  for (std::size_t k = 0; k < rows.rows.size(); ++k) {
    const auto iteration = static_cast<Index>(rows.number(k, "iter"));
    engine.advance(iteration - engine.moment().iteration);
    const TensorMoment now = engine.moment();
    ASSERT_EQ(now.iteration, iteration);
    compare(k, "loss", now.loss);
    compare(k, "mse", mean_square->loss());
    compare(k, "recon_error", (run.start.dense() - run.target).norm() / run.target.norm());
    compare(k, "grad_sq_norm", now.gradient_norm * now.gradient_norm);
    compare(k, "unbalancedness", run.start.unbalancedness());
    const Vector sigma = run.start.component_norms();
    for (Index r = 0; r < sigma.size(); ++r) compare(k, fmt::format("sigma_{}", r), sigma[r]);
    if (k + 1 == rows.rows.size()) break;
    engine.advance(1);
    compare(k, "step", engine.moment().step_size);  // of the update that follows the row
  }
  EXPECT_EQ(worst.size() + 1, rows.column.size());  // all but "iter"
  for (const auto& [name, error] : worst) EXPECT_LT(error, kTolerance) << name;
  for (std::size_t n = 0; n < run.end.factors.size(); ++n)
    EXPECT_LT((run.start.factors[n] - run.end.factors[n]).norm(), kTolerance * run.end.factors[n].norm());
  EXPECT_FALSE(engine.advance(1));
  EXPECT_EQ(engine.result().stop, Stop::iteration_limit);
}

INSTANTIATE_TEST_SUITE_P(Cp, TensorReference,
                         testing::Values("tf_o3_gd", "tf_o3_gd_balanced", "tf_o3_huber_gd", "tf_o3_sensing_gd",
                                         "tf_o3_smoothl1_adaptive", "tf_o4_adaptive"),
                         [](const auto& name) { return std::string(name.param); });

}  // namespace
}  // namespace rankflow
