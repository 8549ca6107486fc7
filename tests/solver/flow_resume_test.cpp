// A fit that is interrupted after any step and resumed gives the bits of one that was not; so does any number of
// threads. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/threads.h"
#include "rankflow/error.h"
#include "support/flow_problems.h"

namespace rankflow {
namespace {

struct Setting {
  const char* name;
  FlowOptions options;
  double noise;
  Index entries;
};

std::vector<Setting> settings() {
  FlowOptions greedy, vanishing, noisy, automatic, faithful;
  greedy.strategy = FlowStrategy::greedy;
  vanishing.strategy = FlowStrategy::vanishing_decay;
  noisy.strategy = FlowStrategy::noisy;
  noisy.centering = Centering::biases;
  automatic.centering = Centering::mean;
  faithful.motion = Motion::faithful;
  faithful.alpha = .01;
  faithful.max_time = .6;
  return {{"greedy", greedy, 0, 700},
          {"vanishing", vanishing, 0, 500},
          {"noisy", noisy, .3, 700},
          {"automatic", automatic, .3, 700},
          {"faithful", faithful, 0, 700}};
}

struct Data {
  Observations<double> train;
  EntryList<double> validation;
};

Data data_of(const Setting& setting) {
  const Matrix w = test::low_rank_matrix(40, 36, 3, 5) + setting.noise * test::normal_matrix(40, 36, 6);
  const EntryList<double> all = test::sample(w, setting.entries, 1);
  EntryList<double> train;
  Data data;
  for (Index k = 0; k < all.count(); ++k) {
    EntryList<double>& part = setting.noise > 0 && k % 10 == 0 ? data.validation : train;
    part.row.push_back(all.row[k]), part.column.push_back(all.column[k]), part.value.push_back(all.value[k]);
  }
  data.train = make_observations(40, 36, train);
  return data;
}

void expect_same(const FlowResult& a, const FlowResult& b) {
  EXPECT_EQ(a.model.u, b.model.u);
  EXPECT_EQ(a.model.v, b.model.v);
  EXPECT_EQ(a.model.s, b.model.s);
  EXPECT_EQ(a.model.row_bias, b.model.row_bias);
  EXPECT_EQ(a.model.column_bias, b.model.column_bias);
  EXPECT_EQ(a.iterations, b.iterations);
  EXPECT_EQ(a.solved, b.solved);
  EXPECT_EQ(a.stop, b.stop);
  EXPECT_EQ(a.time, b.time);
  EXPECT_EQ(a.message, b.message);
}

TEST(FlowResume, FromEveryThirdStepGivesTheSameBits) {
  for (const Setting& setting : settings()) {
    SCOPED_TRACE(setting.name);
    const Data data = data_of(setting);
    Flow<double> whole(data.train, data.validation, setting.options);
    std::vector<FlowState> states;
    for (Index k = 0; whole.step(); ++k)
      if (k % 3 == 0) states.push_back(whole.state());
    const FlowResult expected = whole.result();
    ASSERT_GT(states.size(), 3u);
    EXPECT_GT(expected.model.width(), 0);
    const std::size_t stride = std::max<std::size_t>(1, states.size() / 12);
    for (std::size_t k = 0; k < states.size(); k += stride) {
      SCOPED_TRACE("state " + std::to_string(k));
      expect_same(fit_flow(data.train, data.validation, setting.options, &states[k]), expected);
    }
  }
}

TEST(FlowResume, OfAFinishedFitGivesItsResult) {
  const Setting setting = settings()[0];
  const Data data = data_of(setting);
  Flow<double> whole(data.train, data.validation, setting.options);
  while (whole.step()) {
  }
  const FlowState state = whole.state();
  expect_same(fit_flow(data.train, data.validation, setting.options, &state), whole.result());
}

TEST(FlowResume, GoesOnAfterAnObserverSaidFinish) {
  const Setting setting = settings()[2];
  const Data data = data_of(setting);
  const FlowResult expected = fit_flow(data.train, data.validation, setting.options);
  Flow<double> first(data.train, data.validation, setting.options);
  for (int k = 0; k < 5; ++k) first.step();
  first.finish(Stop::interrupted);
  EXPECT_FALSE(first.step());
  EXPECT_EQ(first.result().stop, Stop::interrupted);
  const FlowState state = first.state();
  expect_same(fit_flow(data.train, data.validation, setting.options, &state), expected);
}

TEST(FlowResume, RefusesAStateOfOtherData) {
  const Setting setting = settings()[0];
  const Data data = data_of(setting);
  Flow<double> flow(data.train, data.validation, setting.options);
  flow.step();
  const FlowState state = flow.state();
  const auto other = make_observations(40, 36, test::sample(test::low_rank_matrix(40, 36, 2, 5), 300, 1));
  EXPECT_THROW(fit_flow(other, {}, setting.options, &state), InputError);
}

TEST(FlowThreads, DoNotChangeABit) {
  for (const Setting& setting : settings()) {
    SCOPED_TRACE(setting.name);
    // Long enough for several blocks of lines and of rows.
    const Matrix w = test::low_rank_matrix(2300, 60, 3, 5) + setting.noise * test::normal_matrix(2300, 60, 6);
    if (setting.options.strategy == FlowStrategy::vanishing_decay) continue;  // dense: for small tables only
    const auto train = make_observations(2300, 60, test::sample(w, 40000, 1));
    const EntryList<double> validation = setting.noise > 0 ? test::sample(w, 2000, 9) : EntryList<double>{};
    FlowOptions options = setting.options;
    options.max_iterations = 12;
    if (options.motion == Motion::faithful) options.max_time = .01;
    set_num_threads(1);
    const FlowResult one = fit_flow(train, validation, options);
    set_num_threads(2);
    expect_same(one, fit_flow(train, validation, options));
  }
}

TEST(FlowObservers, SeeEveryStepAndChangeNothing) {
  const Setting setting = settings()[3];
  const Data data = data_of(setting);
  Index seen = 0;
  const std::vector<Observer> observers{[&](const Step& step) {
    EXPECT_EQ(step.iteration, ++seen);
    EXPECT_EQ(static_cast<Index>(step.singular_values.size()), step.rank);
    EXPECT_TRUE(std::is_sorted(step.singular_values.rbegin(), step.singular_values.rend()));
    return Next::proceed;
  }};
  const FlowResult watched = fit_flow(data.train, data.validation, setting.options, nullptr, observers);
  EXPECT_EQ(seen, watched.iterations);
  expect_same(watched, fit_flow(data.train, data.validation, setting.options));
}

}  // namespace
}  // namespace rankflow
