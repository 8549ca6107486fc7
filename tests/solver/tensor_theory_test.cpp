// How components of a CP factorization move under gradient flow and descent: the laws of Razin, Maman and Cohen 2021
// as numbers.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "rankflow/tensor_descent.h"
#include "support/tensor_problems.h"

namespace rankflow {
namespace {

constexpr double kIdentity = 1e-10;  // relative, for identities in double

// A random problem with a model on it, and everything that the laws speak of, by definition where they define it.
struct Instance {
  TensorProblem<double> problem;
  CpFactorization<double> model;
  std::vector<Matrix> gradient;
  Vector sigma, gamma, rate;  // gamma_r = <-dL/dT, component r / |component r|>; rate = d sigma_r / dt of the flow

  Instance(const std::vector<Index>& shape, Index components, std::uint64_t seed, bool balanced)
      : problem(test::entry_problem<double>(shape, test::cells_of(shape) * 2 / 3, seed)),
        model(initialize_cp<double>(shape, components, {.deviation = .6, .balanced = balanced, .seed = seed})) {
    make_loss(problem, model)->gradient(gradient);
    sigma = model.component_norms();
    std::vector<double> slope;
    loss_at(problem, test::plain_predictions(problem, model), &slope);
    gamma = Vector::Zero(components);
    rate = Vector::Zero(components);
    for (Index r = 0; r < components; ++r) {
      for (Index k = 0; k < problem.count(); ++k) {
        double product = -slope[k] / sigma[r];
        for (std::size_t n = 0; n < shape.size(); ++n) product *= model.factors[n](problem.index[n][k], r);
        gamma[r] += product;
      }
      for (std::size_t n = 0; n < shape.size(); ++n)
        rate[r] -= sigma[r] / model.factors[n].col(r).squaredNorm() * model.factors[n].col(r).dot(gradient[n].col(r));
    }
  }
  double order() const { return static_cast<double>(problem.order()); }
  double scale() const { return rate.cwiseAbs().maxCoeff(); }
};

const std::vector<std::vector<Index>> kShapes = {{4, 5}, {3, 4, 5}, {3, 2, 4, 3}, {2, 3, 2, 2, 3}};

// P1: d sigma / dt = N sigma^(2 - 2/N) gamma.
TEST(CpFlow, BalancedComponentsGrowAtARateOfTheirSize) {
  for (const auto& shape : kShapes) {
    const Instance at(shape, 7, 3, true);
    for (Index r = 0; r < 7; ++r)
      EXPECT_NEAR(at.rate[r], at.order() * std::pow(at.sigma[r], 2 - 2 / at.order()) * at.gamma[r],
                  kIdentity * at.scale());
  }
}

// P2: d sigma / dt = sigma^2 gamma sum_n 1 / |w^n|^2, balanced or not.
TEST(CpFlow, AnyComponentGrowsAtARateOfItsVectorsNorms) {
  for (const auto& shape : kShapes) {
    const Instance at(shape, 7, 4, false);
    for (Index r = 0; r < 7; ++r) {
      double sum = 0;
      for (const Matrix& factor : at.model.factors) sum += 1 / factor.col(r).squaredNorm();
      EXPECT_NEAR(at.rate[r], at.sigma[r] * at.sigma[r] * at.gamma[r] * sum, kIdentity * at.scale());
    }
  }
}

// P3: N sigma^2 / (sigma^(2/N) + eps) gamma <= d sigma / dt <= N (sigma^(2/N) + eps)^(N - 1) gamma where gamma >= 0,
// reversed where not.
TEST(CpFlow, RatesKeepTheirBoundsForEveryUnbalancedness) {
  int instances = 0;
  for (std::uint64_t seed = 0; seed < 250; ++seed)
    for (const auto& shape : kShapes) {
      const Instance at(shape, 3, seed, false);
      const double n = at.order(), eps = at.model.unbalancedness();
      ++instances;
      for (Index r = 0; r < 3; ++r) {
        const double root = std::pow(at.sigma[r], 2 / n) + eps;
        double low = n * at.sigma[r] * at.sigma[r] / root * at.gamma[r], high = n * std::pow(root, n - 1) * at.gamma[r];
        if (at.gamma[r] < 0) std::swap(low, high);
        const double rounding = kIdentity * std::abs(at.rate[r]);
        EXPECT_LE(low, at.rate[r] + rounding);
        EXPECT_GE(high, at.rate[r] - rounding);
        EXPECT_LT(low, high);
      }
    }
  EXPECT_EQ(instances, 1000);
}

// P4: <w^n, dL/dw^n> = -sigma gamma for all modes.
TEST(CpFlow, ConservesDifferencesOfSquaredNorms) {
  for (const auto& shape : kShapes) {
    const Instance at(shape, 7, 5, false);
    for (Index r = 0; r < 7; ++r)
      for (std::size_t n = 0; n < shape.size(); ++n)
        EXPECT_NEAR(at.model.factors[n].col(r).dot(at.gradient[n].col(r)), -at.sigma[r] * at.gamma[r],
                    kIdentity * at.scale());
  }
}

// P5: a step changes |w|^2 - |u|^2 by step^2 (|g_w|^2 - |g_u|^2), exactly.
TEST(CpDescent, ChangesDifferencesOfSquaredNormsByTheSquareOfTheStep) {
  Instance at({3, 4, 5}, 7, 6, false);
  const CpFactorization<double> before = at.model;
  const auto loss = make_loss(at.problem, at.model);
  TensorDescent<double> engine(*loss, {.optimizer = Optimizer::plain, .step_size = .3, .loss_tolerance = 0});
  engine.advance(1);
  const auto difference = [](const std::vector<Matrix>& list, Index r, int n, int m) {
    return list[n].col(r).squaredNorm() - list[m].col(r).squaredNorm();
  };
  for (Index r = 0; r < 7; ++r)
    for (int n = 1; n < 3; ++n)
      EXPECT_NEAR(difference(at.model.factors, r, 0, n) - difference(before.factors, r, 0, n),
                  .09 * difference(at.gradient, r, 0, n), 1e-12);
}

// P6: with constant gamma, sigma(t) = sigma_0 e^(2 gamma t) at N = 2, else
// (sigma_0^-(1 - 2/N) - (N - 2) gamma t)^(-1 / (1 - 2/N)). The gradient is constant where the Huber loss is linear.
double closed_form(double start, double gamma, double t, double order) {
  if (order == 2) return start * std::exp(2 * gamma * t);
  const double power = 1 - 2 / order;
  return std::pow(std::pow(start, -power) - (order - 2) * gamma * t, -1 / power);
}

double error_of_closed_form(Index order, double step) {
  TensorProblem<double> problem;
  problem.measurement = TensorMeasurement::rank_one;
  problem.shape.assign(order, 3);
  problem.loss = {.normalization = Normalization::half_sum, .penalty = TensorPenalty::huber, .delta = .5};
  problem.value = {100};
  CpFactorization<double> model;
  const double start = .02;
  for (Index n = 0; n < order; ++n) {
    const Vector direction = Vector{{1, -2, 2}} / 3;
    problem.vectors.emplace_back(direction.transpose());
    model.factors.emplace_back(std::pow(start, 1.0 / static_cast<double>(order)) * direction);
  }
  const double gamma = .25;  // delta / 2 <unit component, unit component>
  // Until the component is ten times as large.
  const double n = static_cast<double>(order), power = 1 - 2 / n;
  const double end = order == 2 ? std::log(10) / (2 * gamma)
                                : std::pow(start, -power) * (1 - std::pow(10, -power)) / ((n - 2) * gamma);
  const auto loss = make_loss(problem, model);
  TensorDescent<double> engine(*loss, {.optimizer = Optimizer::plain, .step_size = step, .loss_tolerance = 0});
  engine.advance(static_cast<Index>(end / step));
  const double wanted = closed_form(start, gamma, engine.moment().time, n);
  EXPECT_GT(wanted, 9.5 * start);
  return model.component_norms()[0] / wanted - 1;
}

TEST(CpDescent, ComponentsFollowTheClosedFormWhileTheGradientIsConstant) {
  for (const Index order : {2, 3, 4, 6}) {
    SCOPED_TRACE(order);
    const double coarse = error_of_closed_form(order, 2e-3), fine = error_of_closed_form(order, 1e-3);
    EXPECT_LT(std::abs(fine), 3e-3);
    EXPECT_NEAR(coarse / fine, 2, .05);  // of first order in the step
  }
}

// P7: halving the start makes the first component wait 2^(N - 2) times as long.
TEST(CpDescent, ComponentsEscapeAfterTimesThatGrowAsThePowerOfTheStart) {
  for (const Index order : {3, 4}) {
    const std::vector<Index> shape(order, 4);
    const auto truth = test::random_cp<double>(shape, 1, 2);
    const Vector cells = truth.dense();
    const auto problem = test::entry_problem<double>(
        shape, test::cells_of(shape), 3, {.normalization = Normalization::half_sum}, Vector(cells / cells.norm()));
    std::vector<double> escape;
    for (const double deviation : {.02, .01}) {
      auto model = initialize_cp<double>(shape, 5, {.deviation = deviation, .seed = 3});
      const auto loss = make_loss(problem, model);
      TensorDescent<double> engine(*loss, {.optimizer = Optimizer::plain, .step_size = .05, .loss_tolerance = 0});
      while (model.component_norms().maxCoeff() < .3 && engine.advance(50)) {
      }
      escape.push_back(engine.moment().time);
    }
    EXPECT_NEAR(escape[1] / escape[0], std::pow(2, order - 2), .08 * std::pow(2, order - 2));
  }
}

// P13: <T, x_1 o ... o x_N> = sum_r prod_n <w_r^n, x_n>, the network with one hidden layer; measured without and with
// the tensor.
TEST(CpFactorizationAsNetwork, PredictsWhatTheTensorMeasures) {
  const std::vector<Index> shape = {3, 4, 2, 3};
  auto model = test::random_cp<double>(shape, 6, 1);
  const auto vectors = test::rank_one_problem<double>(shape, 20, 2);
  TensorProblem<double> tensors = vectors;
  tensors.measurement = TensorMeasurement::dense;
  tensors.tensors.resize(20, test::cells_of(shape));
  const Vector cells = model.dense();
  double sum = 0;
  for (Index k = 0; k < 20; ++k) {
    for (Index c = 0; c < cells.size(); ++c) {
      const auto index = test::index_of(c, shape);
      double product = 1;
      for (std::size_t n = 0; n < shape.size(); ++n) product *= vectors.vectors[n](k, index[n]);
      tensors.tensors(k, c) = product;
    }
    double network = 0;
    for (Index r = 0; r < 6; ++r) {
      double product = 1;
      for (std::size_t n = 0; n < shape.size(); ++n) product *= vectors.vectors[n].row(k).dot(model.factors[n].col(r));
      network += product;
    }
    EXPECT_NEAR(network, tensors.tensors.row(k).dot(cells), 1e-13);
    sum += std::pow(network - vectors.value[k], 2);
  }
  EXPECT_NEAR(make_loss(vectors, model)->loss(), sum / 20, 1e-13);
  EXPECT_NEAR(make_loss(tensors, model)->loss(), sum / 20, 1e-13);
}

}  // namespace
}  // namespace rankflow
