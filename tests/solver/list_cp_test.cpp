// Noisy lists: effects and components are found beside each other, and none where there is none.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/list_cp.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/threads.h"
#include "rankflow/error.h"
#include "rankflow/rng.h"

namespace rankflow {
namespace {

constexpr Index kShape[] = {60, 50, 20};
constexpr double kNoise = 0.5;

// offset 2 + effects + `rank` components + noise on a sixth of the cells.
Tensor planted(Index rank, double effect_size) {
  Matrix factor[3];
  for (std::size_t n = 0; n < 3; ++n) {
    factor[n] = Matrix(kShape[n], rank + 1);
    Rng rng(21, 2, n);
    for (Index k = 0; k < factor[n].size(); ++k) factor[n].data()[k] = rng.normal();
  }
  Tensor tensor;
  tensor.source = "list";
  tensor.index.resize(3);
  for (const Index size : kShape) tensor.modes.push_back(Axis::positions(size));
  Rng rng(22);
  for (std::int32_t i = 0; i < kShape[0]; ++i)
    for (std::int32_t j = 0; j < kShape[1]; ++j)
      for (std::int32_t k = 0; k < kShape[2]; ++k) {
        const double draw = rng.uniform(), noise = rng.normal();
        if (draw > 1.0 / 6) continue;
        const std::int32_t index[] = {i, j, k};
        double y = 2 + kNoise * noise;
        for (std::size_t n = 0; n < 3; ++n) {
          tensor.index[n].push_back(index[n]);
          y += effect_size * factor[n](index[n], rank);
        }
        for (Index r = 0; r < rank; ++r) y += factor[0](i, r) * factor[1](j, r) * factor[2](k, r);
        tensor.value.push_back(y);
      }
  return tensor;
}

std::vector<std::uint8_t> parts(const Tensor& tensor) {
  std::vector<std::uint8_t> part;
  for (Index k = 0; k < tensor.num_observed(); ++k) part.push_back(k % 11 == 0 ? 2 : k % 11 == 5 ? 1 : 0);
  return part;
}

double unseen_rmse(const Tensor& tensor, const GeneralizedCp& model) {
  double squares = 0, count = 0;
  const std::vector<std::uint8_t> part = parts(tensor);
  for (Index k = 0; k < tensor.num_observed(); ++k) {
    if (part[k] != 2) continue;
    const std::int32_t index[] = {tensor.index[0][k], tensor.index[1][k], tensor.index[2][k]};
    squares += std::pow(model.mean(index) - tensor.value[k], 2);
    ++count;
  }
  return std::sqrt(squares / count);
}

ListCpResult fitted(const Tensor& tensor, const ListCpOptions& options) {
  ListCpFit fit({tensor, parts(tensor)}, options);
  while (fit.advance()) {
  }
  return fit.result();
}

TEST(ListCp, FindsComponentsAndEffectsBesideEachOther) {
  set_num_threads(1);  // regions too short to share
  const Tensor tensor = planted(2, 0.7);
  for (const Index bayes_below : {Index{0}, Index{5'000'000}}) {
    ListCpOptions options;
    options.bayes_below = bayes_below;
    const ListCpResult result = fitted(tensor, options);
    EXPECT_EQ(result.model.components.components(), 2);
    EXPECT_LT(unseen_rmse(tensor, result.model), 1.06 * kNoise);  // degrees of freedom: 390 of 8200 cells
    EXPECT_NEAR(1 / std::sqrt(result.noise_precision), kNoise, 0.04 * kNoise);
    EXPECT_GT(result.effects_rmse, 2 * result.validation_rmse);
  }
}

// 50 cells of 50,000 in each row of the longest mode: regressions from random vectors find nothing there.
TEST(ListCp, FindsComponentsOfThinLists) {
  set_num_threads(1);
  const std::vector<Index> shape = {800, 500, 100};
  Matrix factor[3];
  Tensor tensor;
  tensor.source = "list";
  tensor.index.resize(3);
  for (std::size_t n = 0; n < 3; ++n) {
    tensor.modes.push_back(Axis::positions(shape[n]));
    factor[n] = Matrix(shape[n], 3);
    Rng rng(31, 2, n);
    for (Index k = 0; k < factor[n].size(); ++k) factor[n].data()[k] = rng.normal();
  }
  Rng rng(32);
  for (std::int32_t i = 0; i < shape[0]; ++i)
    for (int cell = 0; cell < 50; ++cell) {
      const std::int32_t index[] = {i, static_cast<std::int32_t>(rng.below(500)),
                                    static_cast<std::int32_t>(cell * 2 + static_cast<int>(rng.below(2)))};
      double y = kNoise * rng.normal();
      for (Index r = 0; r < 3; ++r) y += factor[0](i, r) * factor[1](index[1], r) * factor[2](index[2], r);
      for (std::size_t n = 0; n < 3; ++n) tensor.index[n].push_back(index[n]);
      tensor.value.push_back(y);
    }
  const ListCpResult result = fitted(tensor, {});
  EXPECT_EQ(result.model.components.components(), 3) << result.message;
  EXPECT_LT(unseen_rmse(tensor, result.model), 1.2 * kNoise);
}

TEST(ListCp, EffectsAloneAreNotDressedUpAsComponents) {
  set_num_threads(1);  // regions too short to share
  const Tensor tensor = planted(0, 0.7);
  const ListCpResult result = fitted(tensor, {});
  EXPECT_EQ(result.model.components.components(), 0);
  EXPECT_LT(unseen_rmse(tensor, result.model), 1.03 * kNoise);
}

TEST(ListCp, AFitToMoreCellsKeepsWhatWasChosen) {
  set_num_threads(1);  // regions too short to share
  const Tensor tensor = planted(2, 0.7);
  const ListCpResult chosen = fitted(tensor, {});
  std::vector<std::uint8_t> all = parts(tensor);
  for (std::uint8_t& part : all) part = part == 1 ? 0 : part;
  ListCpFit fit({tensor, all}, chosen, {});
  while (fit.advance()) {
  }
  EXPECT_EQ(fit.result().model.components.components(), 2);
  EXPECT_LT(unseen_rmse(tensor, fit.result().model), 1.06 * kNoise);
}

TEST(ListCp, TheSameBitsForAnyNumberOfThreads) {
  const Tensor tensor = planted(1, 0.3);
  ListCpOptions options;
  options.max_components = 2;
  std::vector<double> found;
  for (const int threads : {1, 3}) {
    set_num_threads(threads);
    found.push_back(unseen_rmse(tensor, fitted(tensor, options).model));
  }
  set_num_threads(1);
  EXPECT_EQ(found[0], found[1]);
}

TEST(ListCp, RefusesWhatItCannotFit) {
  const Tensor tensor = planted(0, 0.3);
  EXPECT_THROW(ListCpFit({tensor, {}}, ListCpOptions{}), InputError);
  std::vector<std::uint8_t> none(tensor.value.size(), 2), all(tensor.value.size(), 0);
  EXPECT_THROW(ListCpFit({tensor, none}, ListCpOptions{}), InputError);
  EXPECT_THROW(ListCpFit({tensor, all}, ListCpOptions{}), InputError);  // nothing to choose by
  ListCpOptions nothing;
  nothing.effects = false;
  nothing.max_components = 0;
  EXPECT_THROW(ListCpFit({tensor, parts(tensor)}, nothing), OptionError);
}

}  // namespace
}  // namespace rankflow
