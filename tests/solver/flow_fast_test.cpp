// The fast motion finds matrices of low rank from a part of their entries, and never claims what the data do not say.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "rankflow/error.h"
#include "support/flow_problems.h"

namespace rankflow {
namespace {

constexpr double kExact =
    1e-10;  // mean squared error; entries are of size 1 and rounded to 2^-24 in the reference data

double mean_square(const LowRankModel& model, const Matrix& w) {
  return (test::product(model) - w).squaredNorm() / static_cast<double>(w.size());
}

TEST(FlowFast, SolvesTheReferenceProblemAtDepthThree) {
  const Matrix w = test::reference_matrix();
  const auto set = make_observations(100, 100, test::reference_entries(w));
  const FlowResult result = fit_flow(set, {}, FlowOptions{});
  EXPECT_TRUE(result.solved) << result.message;
  EXPECT_EQ(result.stop, Stop::converged);
  EXPECT_EQ(result.model.rank(), 5);
  EXPECT_EQ(result.model.width(), 5);
  EXPECT_GT(effective_rank(result.model.s), 4.90);
  EXPECT_LT(effective_rank(result.model.s), 4.95);
  EXPECT_LT(mean_square(result.model, w), kExact);
}

class DepthAndSize : public testing::TestWithParam<std::tuple<double, Index>> {};
INSTANTIATE_TEST_SUITE_P(Grid, DepthAndSize,
                         testing::Combine(testing::Values(2.5, 3.0, 4.0), testing::Values(1200, 1500)));

// 975 degrees of freedom. Lines with fewer than five observations are not determined by anything; the rest is.
TEST_P(DepthAndSize, RecoversWhatFewObservationsDetermine) {
  const auto [depth, count] = GetParam();
  const Matrix w = test::reference_matrix();
  for (std::uint64_t draw = 0; draw < 3; ++draw) {
    const EntryList<double> list = test::sample(w, count, 500 + draw);
    const auto set = make_observations(100, 100, list);
    const FlowResult result = fit_flow(set, {}, FlowOptions{.depth = depth});
    ASSERT_EQ(result.model.width(), 5) << result.message;
    const Matrix fitted = test::product(result.model);
    double worst = 0;
    Index undetermined = 0;
    for (Index i = 0; i < 100; ++i) {
      undetermined += set.by_row.count(i) < 5;
      undetermined += set.by_column.count(i) < 5;
      for (Index j = 0; j < 100; ++j)
        if (set.by_row.count(i) > 5 && set.by_column.count(j) > 5)
          worst = std::max(worst, std::abs(fitted(i, j) - w(i, j)));
    }
    EXPECT_LT(worst, 1e-3);
    EXPECT_EQ(result.solved, undetermined == 0) << result.message;
  }
}

TEST(FlowFast, SolvesRectanglesAroundAMean) {
  Matrix w = test::low_rank_matrix(150, 90, 4, 3);
  w.array() += 2;
  FlowOptions options;
  options.centering = Centering::mean;
  const FlowResult result = fit_flow(make_observations(150, 90, test::sample(w, 5000, 1)), {}, options);
  EXPECT_TRUE(result.solved) << result.message;
  Matrix fitted = test::product(result.model);
  fitted.array() += result.model.mean;
  EXPECT_LT((fitted - w).squaredNorm() / static_cast<double>(w.size()), kExact);
}

TEST(FlowFast, SolvesInFloatToFloatAccuracy) {
  const Matrix w = test::low_rank_matrix(80, 60, 3, 8);
  const FlowResult result = fit_flow(make_observations(80, 60, test::sample<float>(w, 2000, 1)), {}, FlowOptions{});
  EXPECT_TRUE(result.solved) << result.message;
  EXPECT_LT(mean_square(result.model, w), 1e-9);
}

// Noise, full rank, and too few entries: nothing of this is ever solved.
TEST(FlowFast, NeverSaysSolvedWhereTheDataAreNotOfLowRank) {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    const Matrix noise = test::normal_matrix(40, 30, 100 + seed);
    const Matrix almost = test::low_rank_matrix(40, 30, 3, seed) + 1e-3 * noise;
    for (const Matrix& w : {noise, almost})
      for (const Index count : {300, 600, 1200}) {
        const FlowResult result = fit_flow(make_observations(40, 30, test::sample(w, count, seed)), {}, FlowOptions{});
        EXPECT_FALSE(result.solved) << count << " entries, seed " << seed << ": " << result.message;
      }
  }
}

TEST(FlowFast, SaysSolvedOnlyWithTheTrueMatrix) {
  int solved = 0;
  for (std::uint64_t seed = 0; seed < 8; ++seed)
    for (const Index count : {260, 320, 400, 600}) {  // 201 degrees of freedom
      const Matrix w = test::low_rank_matrix(40, 30, 3, 50 + seed);
      const FlowResult result = fit_flow(make_observations(40, 30, test::sample(w, count, seed)), {}, FlowOptions{});
      if (!result.solved) continue;
      ++solved;
      EXPECT_LT(mean_square(result.model, w), 1e-6) << count << " entries, seed " << seed;
    }
  EXPECT_GT(solved, 8);
}

TEST(FlowFast, WithNoisePicksByValidationAndBeatsTheMean) {
  const Matrix truth = test::low_rank_matrix(120, 100, 4, 2);
  const Matrix w = truth + .3 * test::normal_matrix(120, 100, 7);
  EntryList<double> all = test::sample(w, 5000, 4), train, validation;
  for (Index k = 0; k < all.count(); ++k) {
    EntryList<double>& part = k % 12 == 0 ? validation : train;
    part.row.push_back(all.row[k]), part.column.push_back(all.column[k]), part.value.push_back(all.value[k]);
  }
  FlowOptions options;
  const FlowResult result = fit_flow(make_observations(120, 100, train), validation, options);
  EXPECT_FALSE(result.solved);
  EXPECT_EQ(result.stop, Stop::validation);
  const FlowResult refit = refit_flow(make_observations(120, 100, all), result, options);
  // A fit that knew the row space would have 0.3 sqrt(864 / 5000) = .125.
  EXPECT_LT(std::sqrt(mean_square(refit.model, truth)), .25) << refit.message;
  EXPECT_LT(std::abs(result.validation_rmse - .3), .1);
}

TEST(FlowFast, HandlesEmptyConstantAndTinyData) {
  const FlowOptions options;
  EXPECT_EQ(fit_flow(make_observations(5, 4, EntryList<double>{}), {}, options).model.width(), 0);
  const EntryList<double> zeros{{0, 1}, {0, 1}, {0, 0}, {}};
  EXPECT_EQ(fit_flow(make_observations(5, 4, zeros), {}, options).model.width(), 0);
  const EntryList<double> one{{0}, {0}, {3}, {}};
  const FlowResult single = fit_flow(make_observations(1, 1, one), {}, options);
  EXPECT_TRUE(single.model.u.allFinite());
  FlowOptions with_biases;
  with_biases.centering = Centering::biases;
  with_biases.strategy = FlowStrategy::noisy;
  EXPECT_TRUE(fit_flow(make_observations(5, 4, zeros), zeros, with_biases).model.row_bias.allFinite());
}

TEST(FlowOptions, AreCheckedAllAtOnce) {
  FlowOptions options;
  options.depth = 1;
  options.alpha = -1;
  try {
    check(options);
    FAIL() << "not refused";
  } catch (const OptionError& error) {
    EXPECT_NE(std::string(error.what()).find("depth"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("alpha"), std::string::npos);
  }
  EXPECT_EQ(fields(options).size(), 15u);  // one for every member of FlowOptions
}

}  // namespace
}  // namespace rankflow
