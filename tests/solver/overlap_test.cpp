// The overlap engine against dense linear algebra, finite differences, and arrays whose answer is known.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/overlap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <cmath>
#include <set>

#include "base/threads.h"
#include "rankflow/error.h"
#include "rankflow/rng.h"
#include "rankflow/tensor_parts.h"
#include "solver/overlap/mode_basis.h"
#include "solver/overlap/mode_product.h"
#include "solver/overlap/search.h"
#include "solver/overlap/smoother.h"

namespace rankflow {
namespace {

using namespace overlap;
using Shape = std::vector<Index>;

std::vector<double> normals(Index count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<double> x(static_cast<std::size_t>(count));
  for (double& value : x) value = rng.normal();
  return x;
}

CellMask random_mask(Index cells, double share, std::uint64_t seed) {
  Rng rng(seed, 1);
  CellMask mask(static_cast<std::size_t>(cells));
  for (auto& m : mask) m = rng.uniform() < share;
  return mask;
}

// Sum of products of gaussian factors: multilinear rank `rank` in each mode, plus noise.
DenseArray low_rank(const Shape& shape, Index rank, double noise, double observed, std::uint64_t seed) {
  DenseArray array;
  array.shape = shape;
  const Index cells = count_cells(shape);
  array.observed = random_mask(cells, observed, seed);
  const std::vector<Index> stride = strides(shape);
  array.value.assign(static_cast<std::size_t>(cells), 0);
  for (Index r = 0; r < rank; ++r) {
    std::vector<std::vector<double>> factor;
    for (std::size_t n = 0; n < shape.size(); ++n)
      factor.push_back(normals(shape[n], seed + 100 * static_cast<std::uint64_t>(r) + n));
    for (Index c = 0; c < cells; ++c) {
      double product = 1;
      for (std::size_t n = 0; n < shape.size(); ++n) product *= factor[n][c / stride[n] % shape[n]];
      array.value[c] += product;
    }
  }
  const std::vector<double> e = normals(cells, seed + 7);
  for (Index c = 0; c < cells; ++c) array.value[c] += noise * e[c];
  return array;
}

// Rows of an unfolding: the position of a cell along the modes of `rows`, and along the others.
std::pair<Index, Index> unfolded(const Shape& shape, const Shape& rows, Index cell) {
  const std::vector<Index> stride = strides(shape);
  Index row = 0, column = 0;
  for (Index n = 0; n < static_cast<Index>(shape.size()); ++n) {
    const bool is_row = std::find(rows.begin(), rows.end(), n) != rows.end();
    Index& number = is_row ? row : column;
    number = number * shape[n] + cell / stride[n] % shape[n];
  }
  return {row, column};
}

Matrix unfold(const Shape& shape, const Shape& rows, const std::vector<double>& x) {
  Index size = 1;
  for (const Index n : rows) size *= shape[n];
  const auto cells = static_cast<Index>(x.size());
  Matrix unfolding(size, cells / size);
  for (Index c = 0; c < cells; ++c) {
    const auto [i, j] = unfolded(shape, rows, c);
    unfolding(i, j) = x[c];
  }
  return unfolding;
}

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

std::vector<std::vector<Index>> validation_of(const DenseArray& array) {
  return choose_validation(array, array.observed, find_pattern(array), {.seed = 1});
}

double relative_error(const DenseArray& truth, const std::vector<float>& x, bool unseen) {
  double error = 0, size = 0;
  for (Index c = 0; c < truth.cells(); ++c) {
    if (unseen && truth.observed[c]) continue;
    error += (x[c] - truth.value[c]) * (x[c] - truth.value[c]);
    size += truth.value[c] * truth.value[c];
  }
  return std::sqrt(error / size);
}

TEST(Overlap, RecoversAnArrayOfLowMultilinearRank) {
  const DenseArray array = low_rank({14, 13, 12}, 2, 0, .5, 21);
  const OverlapResult result = fit_overlap({array, array.observed, validation_of(array)}, {});
  EXPECT_LT(relative_error(array, result.values, true), 1e-3);
  EXPECT_EQ(result.stop, Stop::validation);
  for (const OverlapUnfolding& unfolding : result.unfoldings) EXPECT_EQ(unfolding.rank, 2);
}

TEST(Overlap, ReportsTheSpectrumOfTheUnfoldings) {
  const DenseArray array = low_rank({8, 7, 6}, 2, .1, .8, 22);
  const OverlapResult result = fit_overlap({array, array.observed, validation_of(array)}, {.rounds = 0});
  const std::vector<double> x(result.values.begin(), result.values.end());
  for (Index n = 0; n < 3; ++n) {
    const Matrix a = unfold(array.shape, {n}, x);
    const Vector l = Eigen::SelfAdjointEigenSolver<Matrix>(Matrix(a * a.transpose())).eigenvalues().reverse();
    EXPECT_LT((result.unfoldings[n].singular_values - l.cwiseMax(0.0).cwiseSqrt()).norm(), 1e-4 * std::sqrt(l[0]));
  }
}

TEST(Overlap, PredictsFarBelowTheNoiseOnCellsItHasNotSeen) {
  const Shape shape = {20, 18, 16};
  const DenseArray clean = low_rank(shape, 2, 0, .6, 23), noisy = low_rank(shape, 2, .5, .6, 23);
  const OverlapResult result = fit_overlap({noisy, noisy.observed, validation_of(noisy)}, {});
  double error = 0, count = 0;
  for (Index c = 0; c < clean.cells(); ++c) {
    if (noisy.observed[c]) continue;
    error += std::pow(result.values[c] - clean.value[c], 2);
    count += 1;
  }
  // 2 (20 + 18 + 16) free numbers and 3,456 cells with noise .5 leave .5 sqrt(108 / 3456) = .09 at best.
  EXPECT_LT(std::sqrt(error / count), .2);
  EXPECT_NEAR(result.validation_rmse, std::hypot(.5, std::sqrt(error / count)), .03);
}

TEST(Overlap, GivesTheSameBitsForAnyNumberOfThreads) {
  const DenseArray array = low_rank({40, 36, 30}, 3, .3, .5, 24);
  OverlapOptions options{.search_ratio = .4, .final_ratio = .5, .rounds = 0, .full_below = 35, .leading = 12};
  set_num_threads(1);
  const OverlapResult one = fit_overlap({array, array.observed, validation_of(array)}, options);
  set_num_threads(3);
  const OverlapResult three = fit_overlap({array, array.observed, validation_of(array)}, options);
  set_num_threads(0);
  EXPECT_EQ(one.values, three.values);
  EXPECT_EQ(one.part_values, three.part_values);
  EXPECT_EQ(one.validation_rmse, three.validation_rmse);
}

TEST(Overlap, GoesOnFromASavedStateWithTheSameBits) {
  const DenseArray array = low_rank({9, 3, 5, 4}, 2, .2, .7, 25);
  const OverlapProblem problem{array, array.observed, validation_of(array)};
  const OverlapOptions options{.rounds = 0, .full_below = 8, .leading = 3};
  OverlapFit whole(problem, options);
  std::vector<Archive> states;
  for (int k = 0; whole.advance(); ++k)
    if (k % 37 == 0) states.push_back(whole.state());
  states.push_back(whole.state());
  const OverlapResult expected = whole.result();
  ASSERT_GT(states.size(), 4u);
  for (const Archive& state : states) {
    OverlapFit resumed(problem, options);
    resumed.restore(state);
    while (resumed.advance()) continue;
    const OverlapResult result = resumed.result();
    EXPECT_EQ(result.values, expected.values);
    EXPECT_EQ(result.part_values, expected.part_values);
    EXPECT_EQ(result.trials.size(), expected.trials.size());
    EXPECT_EQ(result.eps, expected.eps);
    EXPECT_EQ(result.stop, expected.stop);
  }
}

TEST(Overlap, StopsWhenAnObserverSaysSo) {
  const DenseArray array = low_rank({9, 8, 7}, 2, .2, .7, 26);
  Index seen = 0;
  const Observer stop_at_five = [&](const Step& step) {
    EXPECT_EQ(step.engine, "overlap");
    EXPECT_TRUE(std::isfinite(step.validation_rmse));
    return ++seen == 5 ? Next::finish : Next::proceed;
  };
  const std::vector<Observer> observers = {stop_at_five};
  const OverlapResult result = fit_overlap({array, array.observed, validation_of(array)}, {}, observers);
  EXPECT_EQ(seen, 5);
  EXPECT_EQ(result.stop, Stop::interrupted);
  EXPECT_THAT(result.message, testing::HasSubstr("search 1"));
  EXPECT_EQ(result.values.size(), array.value.size());
}

TEST(Overlap, CutsTheSearchShortAtTheTimeLimitAndStillFits) {
  const DenseArray array = low_rank({9, 8, 7}, 2, .2, .7, 27);
  const OverlapResult result = fit_overlap({array, array.observed, validation_of(array)}, {.max_seconds = 1e-9});
  EXPECT_EQ(result.stop, Stop::time_limit);
  EXPECT_EQ(result.trials.size(), 1u);
  EXPECT_FALSE(result.eps.empty());
  EXPECT_LT(relative_error(array, result.values, false), .5);
}

TEST(Overlap, WithoutValidationWalksTheWholePathWithEqualWeights) {
  const DenseArray array = low_rank({9, 8, 7}, 2, 0, .8, 28);
  const OverlapResult result = fit_overlap({array, array.observed, {}}, {.eps_end = .01});
  EXPECT_EQ(result.stop, Stop::converged);
  EXPECT_TRUE(std::isnan(result.validation_rmse));
  EXPECT_LT(result.eps.back(), .01 / .79);
  EXPECT_LT(relative_error(array, result.values, true), .02);
}

TEST(Overlap, RefusesCellsThatAreNotObserved) {
  DenseArray array = low_rank({4, 3, 2}, 1, 0, 1, 29);
  array.observed[5] = 0;
  CellMask all(24, 1);
  EXPECT_THROW(fit_overlap({array, all, {}}, {}), InputError);
  EXPECT_THROW(fit_overlap({array, array.observed, {{5}}}, {}), InputError);
  EXPECT_THROW(fit_overlap({array, array.observed, {}}, {.eps_end = 1}), OptionError);
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
