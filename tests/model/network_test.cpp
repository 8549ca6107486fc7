// Factorizations as networks: layers say the same number as the tensor, for one-hot and for any other inputs.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rankflow/error.h"
#include "support/tree_models.h"

namespace rankflow {
namespace {

using testing::HasSubstr;
constexpr double kRoundOff = 1e-12;

std::vector<Vector> random_inputs(const std::vector<Index>& shape, std::uint64_t seed) {
  std::vector<Vector> inputs;
  for (std::size_t n = 0; n < shape.size(); ++n) {
    Rng rng(seed, n);
    inputs.push_back(Vector::NullaryExpr(shape[n], [&] { return rng.normal(); }));
  }
  return inputs;
}

std::vector<Vector> one_hot(const std::vector<std::int32_t>& index, const std::vector<Index>& shape) {
  std::vector<Vector> inputs;
  for (std::size_t n = 0; n < shape.size(); ++n) inputs.push_back(Vector::Unit(shape[n], index[n]));
  return inputs;
}

// <T, x_1 o ... o x_N> by a sum over all cells.
double contracted(const Vector& cells, const std::vector<Index>& shape, const std::vector<Vector>& inputs) {
  double sum = 0;
  for (Index cell = 0; cell < cells.size(); ++cell) {
    const auto index = test::index_of(cell, shape);
    double product = cells[cell];
    for (std::size_t n = 0; n < shape.size(); ++n) product *= inputs[n][index[n]];
    sum += product;
  }
  return sum;
}

// Cells of a sum of outer products.
Vector cells_of(const CpFactorization<double>& model, const std::vector<Index>& shape) {
  Vector cells(test::num_cells(shape));
  for (Index cell = 0; cell < cells.size(); ++cell) {
    const auto index = test::index_of(cell, shape);
    Vector product = Vector::Ones(model.components());
    for (std::size_t n = 0; n < shape.size(); ++n)
      product = product.cwiseProduct(model.factors[n].row(index[n]).transpose()).eval();
    cells[cell] = product.sum();
  }
  return cells;
}

void expect_the_tensor(const Network<double>& network, const Vector& cells, const std::vector<Index>& shape) {
  const double size = cells.cwiseAbs().maxCoeff();
  for (Index cell = 0; cell < cells.size(); ++cell)
    EXPECT_NEAR(network.evaluate(one_hot(test::index_of(cell, shape), shape)), cells[cell], kRoundOff * size);
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const std::vector<Vector> inputs = random_inputs(shape, seed);
    double scale = cells.norm();
    for (const Vector& x : inputs) scale *= x.norm();
    EXPECT_NEAR(network.evaluate(inputs), contracted(cells, shape, inputs), kRoundOff * scale);
  }
}

// P13
TEST(Network, CpIsTheShallowOne) {
  for (const std::vector<Index>& shape : std::vector<std::vector<Index>>{{4}, {3, 5}, {3, 4, 2}, {2, 3, 2, 3, 2}}) {
    CpFactorization<double> model;
    for (std::size_t n = 0; n < shape.size(); ++n) {
      Rng rng(7, n);
      model.factors.push_back(Matrix::NullaryExpr(shape[n], 6, [&] { return rng.normal(); }));
    }
    const Network<double> network = as_network(model);
    EXPECT_EQ(network.layers.size(), 1u);
    expect_the_tensor(network, cells_of(model, shape), shape);
  }
}

// P14
TEST(Network, AHierarchicalFactorizationIsTheDeepOne) {
  for (const test::TreeCase& which : test::all_trees()) {
    SCOPED_TRACE(which.name);
    const auto model = test::random_tree(which, 3);
    expect_the_tensor(as_network(model), model.dense(), which.shape);
  }
}

TEST(Network, PublishedTreesHaveALayerForEveryPoolingAndNothingPassesThrough) {
  const Network<double> network = as_network(test::random_tree(test::every_tree()[2], 1));
  ASSERT_EQ(network.layers.size(), 3u);
  for (const std::size_t l : {0u, 1u, 2u}) {
    EXPECT_EQ(network.layers[l].weights.size(), (std::vector<std::size_t>{5, 3, 2})[l]);
    for (const Matrix& weights : network.layers[l].weights) EXPECT_GT(weights.size(), 0);
  }
  EXPECT_EQ(network.layers[0].pooling, (std::vector<std::vector<Index>>{{0, 1}, {2, 3}, {4}}));
}

TEST(Network, WrongInputsAreExplained) {
  const test::TreeCase which = test::every_tree()[0];
  const Network<double> network = as_network(test::random_tree(which, 1));
  const auto complaint = [&](const std::vector<Vector>& inputs) -> std::string {
    try {
      network.evaluate(inputs);
    } catch (const OptionError& error) {
      return error.what();
    }
    return "none";
  };
  std::vector<Vector> inputs = random_inputs(which.shape, 1);
  EXPECT_EQ(complaint(inputs), "none");
  inputs[2] = Vector::Ones(5);
  EXPECT_THAT(complaint(inputs), HasSubstr("found 5 numbers at position 2, expected 3"));
  inputs.pop_back();
  EXPECT_THAT(complaint(inputs), HasSubstr("found 3 input vectors, expected 4"));
}

}  // namespace
}  // namespace rankflow
