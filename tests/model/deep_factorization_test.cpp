// Deep factorizations: their starts have the published scales, and balanced factors are balanced.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/deep_factorization.h"

#include <gtest/gtest.h>

#include "linalg/decompositions.h"
#include "rankflow/error.h"
#include "support/flow_problems.h"

namespace rankflow {
namespace {

constexpr double kRoundOff = 1e-12;

double root_mean_square(const Matrix& a) {
  return a.norm() / std::sqrt(static_cast<double>(a.size()));
}

double imbalance(const DeepFactorization<double>& model) {
  double worst = 0;
  for (std::size_t l = 0; l + 1 < model.factors.size(); ++l)
    worst = std::max(worst, (model.factors[l + 1].transpose() * model.factors[l + 1] -
                             model.factors[l] * model.factors[l].transpose())
                                .norm());
  return worst;
}

TEST(LayerDims, GoFromColumnsToRowsAndDoNotLimitTheRank) {
  EXPECT_EQ(layer_dims(7, 4, 1), (std::vector<Index>{4, 7}));
  EXPECT_EQ(layer_dims(7, 4, 3), (std::vector<Index>{4, 4, 4, 7}));
  EXPECT_EQ(layer_dims(7, 4, 2, 9), (std::vector<Index>{4, 9, 7}));
  EXPECT_THROW(layer_dims(7, 4, 0), OptionError);
}

TEST(Initialize, EndMatrixScaleIsThatOfAroraEtAl) {
  for (const Index depth : {1, 2, 3, 4}) {
    const double s = 1e-3, each = std::pow(s, 1.0 / static_cast<double>(depth));
    const std::vector<Index> dims = layer_dims(100, 100, depth);
    const auto gaussian = initialize<double>(dims, {.initialization = Initialization::gaussian, .scale = s});
    for (const Matrix& factor : gaussian.factors) EXPECT_NEAR(root_mean_square(factor), each / 10, .03 * each / 10);
    const double ratio = gaussian.end_matrix().norm() / (s * 10);
    EXPECT_GT(ratio, .8);  // the authors' program asserts this
    EXPECT_LT(ratio, 1.2);

    const auto uniform = initialize<double>(dims, {.initialization = Initialization::uniform, .scale = s});
    EXPECT_LE(uniform.factors[0].cwiseAbs().maxCoeff(), std::sqrt(3.0) * each / 10);
    EXPECT_NEAR(root_mean_square(uniform.factors[0]), each / 10, .03 * each / 10);

    const auto orthogonal = initialize<double>(dims, {.initialization = Initialization::orthogonal, .scale = s});
    const Vector spectrum = singular_values(orthogonal.end_matrix());
    EXPECT_NEAR(spectrum[0], 10 * s, kRoundOff);
    EXPECT_NEAR(spectrum[99], 10 * s, kRoundOff);

    const auto identity = initialize<double>(dims, {.initialization = Initialization::identity, .scale = s});
    EXPECT_LT((identity.end_matrix() - s * Matrix::Identity(100, 100)).norm(), kRoundOff);
  }
}

TEST(Initialize, EntryScaleIsTheStandardDeviationOfTheEndMatrixsEntries) {
  const InitializationOptions options{.scale = 1e-6, .scale_of = ScaleOf::entry};
  const auto small = initialize<double>({2, 2, 2, 2}, options);
  EXPECT_EQ(small.depth(), 3);
  // alpha = (1e-6 / 2)^(1/3) = 7.9e-3 (Razin and Cohen 2020); the mean over seeds estimates it.
  double squares = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const auto model = initialize<double>({2, 2, 2, 2}, {.scale = 1e-6, .scale_of = ScaleOf::entry, .seed = seed});
    for (const Matrix& factor : model.factors) squares += factor.squaredNorm();
  }
  EXPECT_NEAR(std::sqrt(squares / (500 * 12)), 7.937e-3, .03 * 7.937e-3);
  const auto rectangular = initialize<double>({90, 60, 80, 70}, {.scale = 1e-2, .scale_of = ScaleOf::entry});
  EXPECT_NEAR(root_mean_square(rectangular.end_matrix()), 1e-2, 1e-3);
  const auto identity = initialize<double>(
      {8, 8, 8}, {.initialization = Initialization::identity, .scale = 1e-2, .scale_of = ScaleOf::entry});
  EXPECT_NEAR(root_mean_square(identity.end_matrix()), 1e-2, kRoundOff);
}

TEST(Initialize, FactorScaleIsThatOfEachFactor) {
  InitializationOptions options{.scale = .2, .scale_of = ScaleOf::factor};
  EXPECT_NEAR(root_mean_square(initialize<double>({50, 60, 70}, options).factors[1]), .2, .01);
  options.initialization = Initialization::perturbed;
  options.perturbation = .05;
  const auto perturbed = initialize<double>({3, 3, 3, 3}, options);
  EXPECT_EQ(perturbed.factors[1], Matrix(.2 * Matrix::Identity(3, 3)));
  EXPECT_LT((perturbed.factors[2] - .15 * Matrix::Identity(3, 3)).norm(), kRoundOff);
}

TEST(Initialize, BalancedStartsAreBalancedAndHaveTheirScale) {
  for (const ScaleOf scale_of : {ScaleOf::end_matrix, ScaleOf::entry, ScaleOf::factor}) {
    const InitializationOptions options{.initialization = Initialization::balanced, .scale = .1, .scale_of = scale_of};
    const auto model = initialize<double>({40, 45, 50, 60}, options);
    EXPECT_LT(imbalance(model), kRoundOff);
    InitializationOptions gaussian = options;
    gaussian.initialization = Initialization::gaussian;
    const double wanted = initialize<double>({40, 45, 50, 60}, gaussian).end_matrix().norm();
    EXPECT_NEAR(model.end_matrix().norm() / wanted, 1, .15);
  }
}

TEST(Initialize, DrawsAgainUntilTheDeterminantHasTheSignAskedFor) {
  for (const Initialization initialization :
       {Initialization::gaussian, Initialization::uniform, Initialization::orthogonal, Initialization::balanced})
    for (const int sign : {1, -1})
      for (std::uint64_t seed = 0; seed < 5; ++seed) {
        const auto w =
            initialize<double>(
                {2, 2, 2, 2}, {.initialization = initialization, .scale = 1e-2, .determinant_sign = sign, .seed = seed})
                .end_matrix();
        EXPECT_GT(sign * (w(0, 0) * w(1, 1) - w(0, 1) * w(1, 0)), 0);
      }
  EXPECT_THROW(initialize<double>({2, 3}, {.determinant_sign = 1}), OptionError);
  EXPECT_THROW(initialize<double>({2, 2}, {.initialization = Initialization::identity, .determinant_sign = -1}),
               OptionError);
}

TEST(Initialize, IsTheSameForFloatAndDoubleUpToRounding) {
  const auto fine = initialize<double>({5, 6, 7}, {.seed = 4});
  const auto coarse = initialize<float>({5, 6, 7}, {.seed = 4});
  for (std::size_t l = 0; l < 2; ++l) EXPECT_EQ(coarse.factors[l], fine.factors[l].cast<float>());
  EXPECT_NE(fine.factors[0], (initialize<double>({5, 6, 7}, {.seed = 5}).factors[0]));
}

TEST(Initialize, RefusesStartsThatCannotBe) {
  EXPECT_THROW(initialize<double>({3, 3}, {.scale = 0}), OptionError);
  EXPECT_THROW(initialize<double>({3, 3, 3}, {.initialization = Initialization::perturbed, .perturbation = 5}),
               OptionError);
}

TEST(BalancedFactors, MultiplyToTheMatrixTheyWereMadeFrom) {
  const Matrix w = test::low_rank_matrix(9, 6, 3, 2);
  for (const std::vector<Index>& dims : {std::vector<Index>{6, 9}, {6, 3, 9}, {6, 6, 8, 9}, {6, 10, 4, 12, 9}}) {
    const auto model = balanced_factors(w, dims);
    EXPECT_LT((model.end_matrix() - w).norm(), kRoundOff * w.norm());
    EXPECT_LT(imbalance(model), kRoundOff * w.norm());
  }
  EXPECT_THROW(balanced_factors(w, {6, 2, 9}), InputError);
}

}  // namespace
}  // namespace rankflow
