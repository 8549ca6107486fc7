// CP factorizations: cells by the definition, sizes of components, and how they start.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/cp_factorization.h"

#include <gtest/gtest.h>

#include "rankflow/error.h"
#include "support/tensor_problems.h"

namespace rankflow {
namespace {

double cell(const CpFactorization<double>& model, const std::vector<std::int32_t>& index) {
  double sum = 0;
  for (Index r = 0; r < model.components(); ++r) {
    double product = 1;
    for (std::size_t n = 0; n < index.size(); ++n) product *= model.factors[n](index[n], r);
    sum += product;
  }
  return sum;
}

TEST(CpFactorization, CellsAreSumsOfProductsForEveryOrder) {
  for (const std::vector<Index>& shape :
       {std::vector<Index>{5}, {4, 3}, {3, 4, 2}, {2, 3, 1, 4}, {2, 2, 3, 2, 2}, {2, 1, 2, 3, 2, 2}}) {
    const auto model = test::random_cp<double>(shape, 3, 1);
    EXPECT_EQ(model.shape(), shape);
    const Vector dense = model.dense();
    ASSERT_EQ(dense.size(), test::cells_of(shape));
    for (Index c = 0; c < dense.size(); ++c) {
      const auto index = test::index_of(c, shape);
      EXPECT_NEAR(model.entry(index), cell(model, index), 1e-13);
      EXPECT_NEAR(dense[c], cell(model, index), 1e-13);
    }
  }
}

TEST(CpFactorization, ComponentNormsAreFrobeniusNorms) {
  const auto model = test::random_cp<double>({3, 4, 5}, 4, 2);
  for (Index r = 0; r < 4; ++r) {
    CpFactorization<double> one;
    for (const Matrix& factor : model.factors) one.factors.emplace_back(factor.col(r));
    EXPECT_NEAR(model.component_norms()[r], one.dense().norm(), 1e-12);
  }
}

TEST(CpFactorization, ComponentNormsOfHundredsOfModesNeitherOverflowNorVanish) {
  CpFactorization<double> model;
  for (int n = 0; n < 400; ++n) model.factors.emplace_back(Matrix::Constant(1, 1, 1e3));
  for (int n = 0; n < 400; ++n) model.factors.emplace_back(Matrix::Constant(1, 1, 1e-3));
  EXPECT_NEAR(model.component_norms()[0], 1, 1e-12);
}

TEST(CpFactorization, UnbalancednessIsTheLargestDifferenceWithinAComponent) {
  CpFactorization<double> model;
  model.factors = {Matrix{{1, 3}}, Matrix{{2, 3}}, Matrix{{-1, 4}}};
  EXPECT_DOUBLE_EQ(model.unbalancedness(), 16 - 9);
}

// P15: scaling all weights by c scales the tensor by c^N.
TEST(CpFactorization, TensorIsHomogeneousOfTheDegreeOfItsOrder) {
  auto model = test::random_cp<double>({3, 2, 4, 2}, 5, 3);
  const Vector before = model.dense();
  for (Matrix& factor : model.factors) factor *= 1.5;
  EXPECT_LT((model.dense() - std::pow(1.5, 4) * before).norm(), 1e-12 * before.norm());
}

TEST(CpFactorization, TensorsThatNoMemoryHoldsAreRefused) {
  EXPECT_THROW(test::random_cp<double>(std::vector<Index>(40, 2), 1, 1).dense(), InputError);
}

TEST(CpStart, HasTheMeanAndDeviationThatWereAskedFor) {
  const auto model = initialize_cp<double>({200, 100, 150}, 40, {.mean = .3, .deviation = .02, .seed = 5});
  for (const Matrix& factor : model.factors) {
    const double mean = factor.mean(), count = static_cast<double>(factor.size());
    EXPECT_NEAR(mean, .3, 5 * .02 / std::sqrt(count));
    EXPECT_NEAR(std::sqrt((factor.array() - mean).square().mean()), .02, .02 * 4 / std::sqrt(count));
  }
  EXPECT_GT((model.factors[0].topRows(100) - model.factors[1]).norm(), 1);  // modes draw numbers of their own
}

TEST(CpStart, IsTheSameForFloatAndDoubleAndGrowsWithoutChangingWhatIsThere) {
  const auto fine = initialize_cp<double>({6, 5, 4}, 7, {.seed = 9});
  const auto coarse = initialize_cp<float>({6, 5, 4}, 7, {.seed = 9});
  const auto longer = initialize_cp<double>({8, 5, 4}, 7, {.seed = 9});
  for (int n = 0; n < 3; ++n) EXPECT_EQ(fine.factors[n].cast<float>(), coarse.factors[n]);
  EXPECT_EQ(longer.factors[0].topRows(6), fine.factors[0]);
}

TEST(CpStart, BalancedComponentsKeepTheirNormsAndDirections) {
  const TensorInitializationOptions options{.deviation = .1, .balanced = true, .seed = 4};
  const auto balanced = initialize_cp<double>({6, 5, 4}, 7, options);
  const auto plain = initialize_cp<double>({6, 5, 4}, 7, {.deviation = .1, .seed = 4});
  EXPECT_LT(balanced.unbalancedness(), 1e-16);
  EXPECT_GT(plain.unbalancedness(), 1e-3);
  EXPECT_LT((balanced.dense() - plain.dense()).norm(), 1e-14 * plain.dense().norm());
  EXPECT_LT((balanced.component_norms() - plain.component_norms()).norm(), 1e-14);
}

TEST(CpStart, ByDefaultHasAsManyComponentsAsATensorCanNeed) {
  EXPECT_EQ(initialize_cp<float>({10, 10, 10, 10}, 0, {}).components(), 1000);
  EXPECT_EQ(initialize_cp<float>({16, 16, 16}, 0, {}).components(), 256);
  EXPECT_EQ(initialize_cp<float>({2, 3, 7}, 0, {}).components(), 6);
}

TEST(CpStart, RefusesWhatCannotBe) {
  EXPECT_THROW(initialize_cp<float>(std::vector<Index>(784, 2), 0, {}), OptionError);
  EXPECT_THROW(initialize_cp<float>({3, 3}, -1, {}), OptionError);
  EXPECT_THROW(initialize_cp<float>({}, 1, {}), OptionError);
  EXPECT_THROW(initialize_cp<float>({3, 0}, 1, {}), OptionError);
  EXPECT_THROW(initialize_cp<float>({3, 3}, 1, {.deviation = 0}), OptionError);
  EXPECT_THROW(initialize_cp<float>({3, 3}, 1, {.deviation = -1}), OptionError);
}

}  // namespace
}  // namespace rankflow
