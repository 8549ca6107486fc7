// Means of modes and pairs against closed forms.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/tensor_effects.h"

#include <gtest/gtest.h>

#include <cmath>

#include "rankflow/rng.h"

namespace rankflow {
namespace {

constexpr double kRounding = 1e-10;

TEST(TensorEffects, ReproduceSumsOfPairsExactlyWithoutShrinkage) {
  DenseArray array;
  array.shape = {4, 5, 3};
  for (Index i = 0; i < 4; ++i)
    for (Index j = 0; j < 5; ++j)
      for (Index k = 0; k < 3; ++k)
        array.value.push_back(7 + std::sin(1.0 + double(i * j)) + std::cos(double(3 * j + k)) + .3 * double(i * i * k));
  array.observed.assign(60, 1);
  const TensorEffects effects = fit_effects(array, array.observed, {.shrinkage = 0, .sweeps = 4});
  const std::vector<double> everywhere = effects.everywhere();
  for (Index c = 0; c < 60; ++c) {
    EXPECT_NEAR(everywhere[c], array.value[c], kRounding);
    EXPECT_NEAR(effects.at({c / 15, c / 3 % 5, c % 3}), everywhere[c], kRounding);
  }
  EXPECT_EQ(effects.groups.size(), 6u);
}

TEST(TensorEffects, ShrinkByTheNumberOfObservations) {
  // Two rows, one effect: row 0 is seen four times at +1 from the mean, row 1 four times at -1.
  DenseArray array;
  array.shape = {2, 4};
  array.value = {6, 6, 6, 6, 4, 4, 4, 4};
  array.observed.assign(8, 1);
  const TensorEffects effects = fit_effects(array, array.observed, {.largest_group = 1, .shrinkage = 4, .sweeps = 60});
  EXPECT_NEAR(effects.mean, 5, kRounding);
  EXPECT_NEAR(effects.at({0, 0}), 5.5, kRounding);  // 4 / (4 + 4) of the deviation
  EXPECT_NEAR(effects.at({1, 3}), 4.5, kRounding);
}

TEST(TensorEffects, OfAListAndOfTheDenseArrayAreTheSame) {
  Tensor tensor;
  tensor.modes = {Axis::positions(5), Axis::positions(4), Axis::positions(3)};
  tensor.index.resize(3);
  Rng rng(3);
  CellMask use, dense_use(60, 0);
  for (std::int32_t c = 0; c < 60; ++c) {
    if (rng.uniform() < .4) continue;
    tensor.index[0].push_back(c / 12), tensor.index[1].push_back(c / 3 % 4), tensor.index[2].push_back(c % 3);
    tensor.value.push_back(rng.normal());
    use.push_back(c % 7 != 0);
    dense_use[c] = c % 7 != 0;
  }
  const std::vector<double> list = fit_effects(tensor, use).everywhere();
  const std::vector<double> dense = fit_effects(to_dense(tensor), dense_use).everywhere();
  for (std::size_t c = 0; c < 60; ++c) EXPECT_NEAR(list[c], dense[c], kRounding);
}

TEST(TensorEffects, OfNothingAreZero) {
  DenseArray array;
  array.shape = {2, 2};
  array.value.assign(4, 0);
  array.observed.assign(4, 0);
  for (const double x : fit_effects(array, array.observed).everywhere()) EXPECT_EQ(x, 0);
}

}  // namespace
}  // namespace rankflow
