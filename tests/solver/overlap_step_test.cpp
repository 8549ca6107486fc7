// The pieces of the overlap engine against dense linear algebra, finite differences and naive loops.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <cmath>
#include <set>

#include "rankflow/error.h"
#include "solver/overlap/mode_basis.h"
#include "solver/overlap/mode_product.h"
#include "solver/overlap/search.h"
#include "solver/overlap/smoother.h"
#include "support/small_arrays.h"

namespace rankflow {
namespace {

using namespace overlap;
using namespace test_arrays;

std::vector<Shape> row_sets(const Unfoldings& unfoldings) {
  std::vector<Shape> sets;
  for (Index n = 0; n < static_cast<Index>(unfoldings.shape.size()); ++n) sets.push_back({n});
  for (const auto& [first, second] : unfoldings.pairs) sets.push_back({first, second});
  return sets;
}

Vector shifted_moments(const Shape& shape, const Shape& rows, const std::vector<double>& x, double eps) {
  const Matrix a = unfold(shape, rows, x);
  const Matrix c = a * a.transpose() / static_cast<double>(a.cols());
  return Eigen::SelfAdjointEigenSolver<Matrix>(c).eigenvalues().array() + eps * eps;
}

// The penalty that smoother.h states.
double penalty(const Unfoldings& unfoldings, const Point& point, const std::vector<double>& x) {
  double sum = 0;
  const double p = point.power;
  const std::vector<Shape> sets = row_sets(unfoldings);
  for (std::size_t s = 0; s < sets.size(); ++s) {
    const Vector l = shifted_moments(unfoldings.shape, sets[s], x, point.eps);
    const double columns = static_cast<double>(x.size()) / static_cast<double>(l.size());
    const double f = p == 0 ? l.array().log().sum() : 2 / p * l.array().pow(p / 2).sum();
    sum += point.setting.weight[s] * point.setting.strength * columns * std::pow(point.eps, 2 - p) * f;
  }
  return sum;
}

// The step's normal equations with every matrix written out.
std::vector<double> dense_step(const Unfoldings& unfoldings, const Point& point, const std::vector<double>& y,
                               const CellMask& use, const std::vector<double>& x) {
  const auto cells = static_cast<Index>(x.size());
  Matrix system = Matrix::Zero(cells, cells);
  Vector rhs = Vector::Zero(cells);
  for (Index c = 0; c < cells; ++c)
    if (use[c]) system(c, c) = 1, rhs[c] = y[c];
  const std::vector<Shape> sets = row_sets(unfoldings);
  for (std::size_t s = 0; s < sets.size(); ++s) {
    const Matrix a = unfold(unfoldings.shape, sets[s], x);
    Matrix moment = a * a.transpose() / static_cast<double>(a.cols());
    moment.diagonal().array() += point.eps * point.eps;
    const Eigen::SelfAdjointEigenSolver<Matrix> eigen(moment);
    const double factor = point.setting.weight[s] * point.setting.strength * std::pow(point.eps, 2 - point.power);
    const Matrix w = eigen.eigenvectors() *
                     (factor * eigen.eigenvalues().array().pow(point.power / 2 - 1)).matrix().asDiagonal() *
                     eigen.eigenvectors().transpose();
    for (Index c = 0; c < cells; ++c)
      for (Index d = 0; d < cells; ++d) {
        const auto [i, j] = unfolded(unfoldings.shape, sets[s], c);
        const auto [k, l] = unfolded(unfoldings.shape, sets[s], d);
        if (j == l) system(c, d) += w(i, k);
      }
  }
  const Vector solved = system.partialPivLu().solve(rhs);
  return {solved.data(), solved.data() + cells};
}

struct Case {
  Shape shape;
  double power;
};

class OverlapStep : public testing::TestWithParam<Case> {
 protected:
  Unfoldings unfoldings = choose_unfoldings(GetParam().shape, 400);
  Index cells = count_cells(GetParam().shape);
  std::vector<double> y = normals(cells, 3);
  CellMask use = random_mask(cells, .6, 4);
  OverlapOptions options;
  WorkSpace<double> work{cells};
  Smoother<double> smoother{unfoldings, y, use, options, work};
  Point point;

  void SetUp() override {
    point.eps = .4;
    point.power = GetParam().power;
    point.iterations = 300;
    point.tolerance = 1e-12;
    point.setting.strength = .5;
    for (Index s = 0; s < unfoldings.count(); ++s) point.setting.weight.push_back(.5 + .3 * static_cast<double>(s));
  }
};

constexpr double kSolveTolerance = 1e-9;  // conjugate gradients to 1e-12 at condition numbers below 100

TEST_P(OverlapStep, SolvesItsNormalEquations) {
  const std::vector<double> start = normals(cells, 5);
  const std::vector<double> expected = dense_step(unfoldings, point, y, use, start);
  smoother.start(start);
  smoother.step(point);
  for (Index c = 0; c < cells; ++c) EXPECT_NEAR(smoother.x()[c], expected[c], kSolveTolerance);
}

TEST_P(OverlapStep, RestsWhereFiniteDifferencesOfThePenalizedSumVanish) {
  smoother.start(normals(cells, 6));
  for (int k = 0; k < 400; ++k) smoother.step(point);
  std::vector<double> x = smoother.x();
  const auto objective = [&] {
    double sum = penalty(unfoldings, point, x);
    for (Index c = 0; c < cells; ++c)
      if (use[c]) sum += (x[c] - y[c]) * (x[c] - y[c]);
    return sum;
  };
  constexpr double kStep = 1e-5, kGradient = 1e-5;  // central differences; gradients away from rest are of size 1
  for (Index c = 0; c < cells; c += 5) {
    const double at = x[c];
    x[c] = at + kStep;
    const double above = objective();
    x[c] = at - kStep;
    const double below = objective();
    x[c] = at;
    EXPECT_NEAR((above - below) / (2 * kStep), 0, kGradient) << "cell " << c;
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, OverlapStep,
                         testing::Values(Case{{5, 4, 3}, 0}, Case{{5, 4, 3}, .5}, Case{{6, 7}, 0},
                                         Case{{3, 2, 4, 2}, 0}, Case{{2, 5, 2, 2}, .3}));

TEST(OverlapModeBasis, OfALargeModeIsOrthogonalAndDiagonalizesItsLeadingPart) {
  const Shape shape = {3, 12, 4};
  const DenseArray array = low_rank(shape, 3, 1e-3, 1, 8);
  std::vector<double> work(array.value.size()), there = work, back = work;
  ModeBasis<double> basis(view_along(shape, 1), 4, 1, 1);
  for (int k = 0; k < 30; ++k) basis.update(array.value.data(), work.data());
  basis.forward(array.value.data(), there.data());
  basis.backward(there.data(), back.data());
  for (std::size_t c = 0; c < back.size(); ++c) EXPECT_NEAR(back[c], array.value[c], 1e-12);
  const Matrix turned = unfold(shape, {1}, there), moment = turned * turned.transpose() / 12;
  for (Index i = 0; i < 4; ++i) {
    EXPECT_NEAR(moment(i, i), basis.values()[i], 1e-10);
    EXPECT_NEAR(moment.row(i).cwiseAbs().sum(), std::abs(moment(i, i)), 1e-7);
  }
  EXPECT_NEAR(moment.trace(), basis.values().sum(), 1e-10);  // the rest is its mean
}

TEST(OverlapModeProduct, AgreesWithTheNaiveLoops) {
  const Shape shape = {4, 5, 6};
  const std::vector<double> x = normals(120, 1);
  for (const Index mode : {0, 1, 2}) {
    const ModeView view = view_along(shape, mode);
    const std::vector<double> numbers = normals(3 * view.size, 2);
    const Matrix matrix = Eigen::Map<const Matrix>(numbers.data(), 3, view.size);
    const Matrix transposed = matrix.transpose();
    std::vector<double> straight(static_cast<std::size_t>(view.outer * 3 * view.inner)), flipped = straight;
    mode_product<double>(view, x.data(), matrix, false, straight.data());
    mode_product<double>(view, x.data(), transposed, true, flipped.data());
    const Matrix gram = mode_gram<double>(view, x.data(), straight.data(), 3);
    Matrix expected_gram = Matrix::Zero(view.size, 3);
    for (Index o = 0; o < view.outer; ++o)
      for (Index j = 0; j < 3; ++j)
        for (Index k = 0; k < view.inner; ++k) {
          double sum = 0;
          for (Index i = 0; i < view.size; ++i) sum += matrix(j, i) * x[(o * view.size + i) * view.inner + k];
          EXPECT_NEAR(straight[(o * 3 + j) * view.inner + k], sum, 1e-12);
          EXPECT_NEAR(flipped[(o * 3 + j) * view.inner + k], sum, 1e-12);
          for (Index i = 0; i < view.size; ++i) expected_gram(i, j) += x[(o * view.size + i) * view.inner + k] * sum;
        }
    EXPECT_LT((gram - expected_gram).norm(), 1e-11);
  }
}

TEST(OverlapSearch, FindsTheBestOfASmoothErrorWithoutLookingTwice) {
  const auto error = [](const OverlapSetting& s) {
    const double a = std::log(s.weight[0] / s.weight[1] / 30), b = std::log(s.weight[2] / s.weight[1] / .3);
    return 1 + .01 * (a * a + b * b + std::pow(std::log(s.strength / 1), 2));
  };
  std::vector<OverlapTrial> trials;
  std::set<std::vector<double>> seen;
  while (const auto setting = next_setting(3, {}, trials)) {
    trials.push_back({*setting, error(*setting), 1});
    std::vector<double> key = setting->weight;
    key.push_back(setting->strength);
    EXPECT_TRUE(seen.insert(key).second);
    EXPECT_NEAR(setting->weight[0] + setting->weight[1] + setting->weight[2], 3, 1e-12);
    ASSERT_LT(trials.size(), 60u);
  }
  EXPECT_LT(best_trial(trials)->rmse, 1.02);
}

TEST(OverlapUnfoldings, ArePairsFromFourModesOn) {
  EXPECT_EQ(choose_unfoldings({5, 4, 3}, 400).count(), 3);
  EXPECT_EQ(choose_unfoldings({5, 4, 3, 2}, 400).count(), 10);
  EXPECT_EQ(choose_unfoldings({5, 4, 3, 2}, 10).count(), 7);  // 5 x 2, 4 x 2, 3 x 2
}

TEST(OverlapOptions, AreCheckedByNameAndRange) {
  OverlapOptions options;
  EXPECT_EQ(fields(options).size(), 14u);
  options.search_ratio = 1;
  EXPECT_THROW(check(options), OptionError);
}

}  // namespace
}  // namespace rankflow
