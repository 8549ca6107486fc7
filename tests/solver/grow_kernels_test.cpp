// Passes over observed cells against loops by definition, and the two ways to solve normal equations.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/processor.h"
#include "base/threads.h"
#include "linalg/cp_passes.h"
#include "solver/grow/cp_family.h"
#include "solver/grow/cp_least_squares.h"
#include "solver/grow/normal_equations.h"
#include "support/planted_tensors.h"

namespace rankflow::grow {
namespace {

struct Case {
  std::vector<Index> shape;
  Index components, count;
  bool weighted;
};

// Everything by definition: the Jacobian of all observed cells, row by row.
struct Naive {
  Vector error, weight;
  Matrix jacobian;  // count x unknowns

  Naive(const Cells& cells, Index components, const Vector& weights) {
    const Index order = cells.order();
    const auto at = [&](Index row, Index r) { return weights[row * components + r]; };
    error.resize(cells.count()), weight.resize(cells.count());
    jacobian = Matrix::Zero(cells.count(), weights.size());
    for (Index k = 0; k < cells.count(); ++k) {
      const std::int32_t* row = cells.row.data() + k * order;
      double value = 0;
      for (Index r = 0; r < components; ++r) {
        double product = 1;
        for (Index n = 0; n < order; ++n) product *= at(row[n], r);
        value += product;
        for (Index n = 0; n < order; ++n) {
          double others = 1;
          for (Index m = 0; m < order; ++m)
            if (m != n) others *= at(row[m], r);
          jacobian(k, row[n] * components + r) = others;
        }
      }
      error[k] = value - cells.value[k];
      weight[k] = cells.weight_of(k);
    }
  }
  Matrix normal() const { return jacobian.transpose() * weight.asDiagonal() * jacobian; }
  Vector gradient() const { return jacobian.transpose() * (weight.array() * error.array()).matrix(); }
  double loss() const { return .5 * (weight.array() * error.array().square()).sum(); }
};

Cells observed_cells(const Case& c) {
  const Vector all = test::cp_cells(test::cp_target(c.shape, 2, 7));
  TensorProblem<double> problem = test::observe(c.shape, all, c.count, 3, .1);
  Rng rng(5);
  if (c.weighted)
    for (Index k = 0; k < problem.count(); ++k) problem.weight.push_back(.2 + rng.uniform());
  return make_cells(problem);
}

Vector random_vector(Index size, std::uint64_t seed) {
  Vector x(size);
  Rng rng(seed, 9);
  for (double& value : x) value = rng.normal();
  return x;
}

class GrowKernels : public ::testing::TestWithParam<Case> {};

TEST_P(GrowKernels, AgreeWithLoopsByDefinitionOnEveryInstructionSet) {
  const Case& c = GetParam();
  const Cells cells = observed_cells(c);
  const Vector weights = random_vector(cells.num_rows() * c.components, 1);
  const Vector direction = random_vector(weights.size(), 2);
  const Naive naive(cells, c.components, weights);
  const Matrix normal = naive.normal();
  for (const InstructionSet set : {InstructionSet::baseline, InstructionSet::avx2, InstructionSet::avx512}) {
    if (force_instruction_set(set) != set) continue;
    SCOPED_TRACE(cp_passes().name);
    const auto problem = cp_least_squares(cells, c.components);
    Vector gradient, product, diagonal;
    Matrix matrix;
    EXPECT_NEAR(problem->loss(weights), naive.loss(), 1e-12 * naive.loss());
    EXPECT_NEAR(problem->linearize(weights, gradient), naive.loss(), 1e-12 * naive.loss());
    EXPECT_LE((gradient - naive.gradient()).norm(), 1e-12 * naive.gradient().norm());
    problem->normal_product(direction, product);
    EXPECT_LE((product - normal * direction).norm(), 1e-12 * product.norm());
    problem->normal_matrix(matrix);
    const Matrix lower = normal.triangularView<Eigen::Lower>();
    EXPECT_LE((Matrix(matrix.triangularView<Eigen::Lower>()) - lower).norm(), 1e-12 * lower.norm());
    problem->diagonal(diagonal);
    EXPECT_LE((diagonal - normal.diagonal()).norm(), 1e-12 * diagonal.norm());

    const double shift = .3;
    problem->set_preconditioner(shift);
    problem->precondition(direction, product);
    for (Index row = 0; row < cells.num_rows(); row += 3) {
      const Index at = row * c.components, r = c.components;
      const Matrix block = normal.block(at, at, r, r) + shift * Matrix::Identity(r, r);
      EXPECT_LE((block * product.segment(at, r) - direction.segment(at, r)).norm(), 1e-10 * block.norm());
    }

    // One mode's gradient of <slope, tensor> is the Jacobian's part of that mode, summed over components.
    const Vector drawn = random_vector(cells.count(), 4);
    const std::vector<double> slope(drawn.begin(), drawn.end());
    const Matrix factors = Eigen::Map<const Matrix>(weights.data(), cells.num_rows(), c.components);
    const Vector expected = naive.jacobian.transpose() * Eigen::Map<const Vector>(slope.data(), cells.count());
    Matrix mode_gradient;
    const Index mode = cells.order() - 1;
    cp_one_mode(cells, slope, factors, mode, mode_gradient);
    EXPECT_LE(
        (Eigen::Map<const Vector>(mode_gradient.data(), mode_gradient.size()) - expected.tail(mode_gradient.size()))
            .norm(),
        1e-12 * expected.norm());
  }
  force_instruction_set(InstructionSet::avx512);
}

INSTANTIATE_TEST_SUITE_P(Shapes, GrowKernels,
                         ::testing::Values(Case{{5, 4}, 3, 15, false}, Case{{4, 3, 5}, 1, 40, true},
                                           Case{{4, 3, 5}, 9, 40, true}, Case{{3, 4, 3, 5}, 5, 120, false},
                                           Case{{3, 2, 3, 2, 3}, 8, 70, true}, Case{{2, 3, 2, 2, 3, 2}, 17, 90, false},
                                           Case{{2, 2, 3, 2, 2, 3, 2}, 4, 200, true}));

TEST(GrowKernels, AreTheSameBitsForAnyNumberOfThreads) {
  const Cells cells = observed_cells({{30, 30, 30}, 4, 20'000, true});
  const Vector weights = random_vector(cells.num_rows() * 4, 1);
  std::vector<double> losses;
  std::vector<Vector> gradients, products;
  std::vector<Matrix> matrices;
  for (const int threads : {1, 3}) {
    set_num_threads(threads);
    const auto problem = cp_least_squares(cells, 4);
    Vector gradient, product;
    Matrix matrix;
    losses.push_back(problem->linearize(weights, gradient));
    problem->normal_product(weights, product);
    problem->normal_matrix(matrix);
    gradients.push_back(gradient), products.push_back(product), matrices.push_back(matrix);
  }
  set_num_threads(1);
  EXPECT_EQ(losses[0], losses[1]);
  EXPECT_EQ(gradients[0], gradients[1]);
  EXPECT_EQ(products[0], products[1]);
  EXPECT_EQ(Matrix(matrices[0].triangularView<Eigen::Lower>()), Matrix(matrices[1].triangularView<Eigen::Lower>()));
}

TEST(NormalEquations, ConjugateGradientsAgreeWithCholesky) {
  const Cells cells = observed_cells({{6, 5, 7}, 3, 150, true});
  const Vector weights = random_vector(cells.num_rows() * 3, 1), right = random_vector(weights.size(), 2);
  const auto problem = cp_least_squares(cells, 3);
  Vector gradient, direct, iterative;
  problem->linearize(weights, gradient);
  const Matrix normal = Naive(cells, 3, weights).normal();
  NormalEquations cholesky(*problem, NormalEquations::Solver::cholesky);
  NormalEquations gradients(*problem, NormalEquations::Solver::conjugate_gradients);
  cholesky.refresh(), gradients.refresh();
  ASSERT_TRUE(cholesky.solve(right, .5, 0, 0, direct));
  ASSERT_TRUE(gradients.solve(right, .5, 1e-12, 1000, iterative));
  EXPECT_LE((normal * direct + .5 * direct - right).norm(), 1e-10 * right.norm());
  EXPECT_LE((iterative - direct).norm(), 1e-9 * direct.norm());
}

TEST(CpDirections, AreStationaryAndFindThePlantedOne) {
  const std::vector<Index> shape{6, 5, 7};
  const Cells cells = observed_cells({shape, 1, 140, false});
  std::vector<double> slope(static_cast<std::size_t>(cells.count()));
  Rng rng(2);
  std::vector<Vector> planted;
  for (const Index size : shape) planted.push_back(random_vector(size, 11).normalized());
  for (Index k = 0; k < cells.count(); ++k) {
    slope[k] = 1e-3 * rng.normal();
    double product = 1;
    for (Index n = 0; n < 3; ++n) product *= planted[n][cells.row[k * 3 + n] - cells.first_row[n]];
    slope[k] += product;
  }
  const CpDirections found = cp_directions(cells, slope, {1, 0, 0}, {});
  ASSERT_GT(found.gamma.size(), 0);
  double cosine = 1;
  for (Index n = 0; n < 3; ++n) cosine *= found.vectors.col(0).segment(cells.first_row[n], shape[n]).dot(planted[n]);
  EXPECT_GT(cosine, .8);  // 70 of 210 cells are not seen
  for (Index s = 0; s < found.gamma.size(); ++s) {
    const Naive naive(cells, 1, found.vectors.col(s));
    const Vector slopes = Eigen::Map<const Vector>(slope.data(), cells.count());
    const Vector gradient = naive.jacobian.transpose() * slopes;
    // gamma is <slope, unit tensor>, and at a maximum each mode's gradient is gamma times its vector.
    EXPECT_NEAR(gradient.dot(found.vectors.col(s)) / 3, found.gamma[s], 1e-9 * found.gamma[0]);
    if (s > 0) {
      EXPECT_LE(found.gamma[s], found.gamma[s - 1]);
    }
  }
  const Naive best(cells, 1, found.vectors.col(0));
  const Vector gradient = best.jacobian.transpose() * Eigen::Map<const Vector>(slope.data(), cells.count());
  EXPECT_LE((gradient - found.gamma[0] * found.vectors.col(0)).norm(), 2e-2 * gradient.norm());
}

}  // namespace
}  // namespace rankflow::grow
