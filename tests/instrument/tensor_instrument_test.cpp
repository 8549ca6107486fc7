// Every instrument for tensors against numbers worked out by hand or by another formula.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/tensor_instrument.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "linalg/decompositions.h"
#include "rankflow/error.h"
#include "rankflow/tensor_descent.h"
#include "support/fixed_tensor_snapshot.h"
#include "support/tensor_problems.h"

namespace rankflow {
namespace {

using test::FixedTensorSnapshot;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<double> measured(const std::string& spec, TensorSnapshot& snapshot, const TensorReference& reference = {}) {
  const ModeTree* tree = snapshot.tree() == nullptr ? nullptr : &snapshot.tree()->tree;
  const auto shape = snapshot.cp() == nullptr ? snapshot.tree()->shape() : snapshot.cp()->shape();
  const TensorInstrument instrument = make_tensor_instrument(spec, {shape, tree, &reference});
  std::vector<double> out;
  instrument.measure(snapshot, out);
  EXPECT_EQ(out.size(), instrument.columns.size()) << spec;
  return out;
}

std::string refusal(const std::string& spec, const ModeTree* tree = nullptr) {
  const TensorReference none;
  try {
    make_tensor_instrument(spec, {{2, 3, 2, 2}, tree, &none});
  } catch (const OptionError& error) {
    return error.what();
  }
  return "no OptionError";
}

// 2 e_1 o e_1 o e_1 + 5 e_2 o e_2 o e_2 + 3 e_3 o e_3 o e_3, the sizes in different modes.
CpFactorization<double> diagonal_cp() {
  Matrix first = Matrix::Identity(3, 3), second = first, third = first;
  first(0, 0) = 2, second(1, 1) = 5, third(2, 2) = 3;
  return {{first, second, third}};
}

// 3 x 4 x 3 x 2 over ((0,1),(2,3)), widths 5, 4 and 3 at the root.
TreeFactorization<double> random_tree(std::uint64_t seed) {
  return initialize_tree<double>(ModeTree::perfect(4), {3, 4, 3, 2}, {5, 4, 3}, {.deviation = .7, .seed = seed});
}

// Cell by cell, by the definition.
Matrix matricize(const TreeFactorization<double>& model, const std::vector<Index>& modes) {
  const std::vector<Index> shape = model.shape();
  Index rows = 1;
  for (const Index n : modes) rows *= shape[n];
  Matrix made(rows, test::cells_of(shape) / rows);
  for (Index cell = 0; cell < made.size(); ++cell) {
    const std::vector<std::int32_t> index = test::index_of(cell, shape);
    Index i = 0, j = 0;
    for (Index n = 0; n < model.order(); ++n) {
      const bool row = std::find(modes.begin(), modes.end(), n) != modes.end();
      (row ? i : j) = (row ? i : j) * shape[n] + index[n];
    }
    made(i, j) = model.entry(index);
  }
  return made;
}

TEST(TensorInstruments, ComponentNormsDescend) {
  FixedTensorSnapshot snapshot(diagonal_cp());
  EXPECT_THAT(measured("component_norms:4", snapshot), ElementsAre(5, 3, 2, 0));
  EXPECT_EQ(measured("unbalancedness", snapshot)[0], 24) << "5^2 - 1^2 in the second component";
}

TEST(TensorInstruments, LocalComponentsAreProductsOfTheirVectorsNorms) {
  const TreeFactorization<double> model = random_tree(3);
  FixedTensorSnapshot snapshot(model);
  for (const auto& [label, node] : {std::pair<std::string, Index>{"0,1", 4}, {"root", 6}}) {
    std::vector<double> norms;
    for (Index r = 0; r < model.width(node); ++r) {
      double product = model.weights[node].row(r).norm();
      for (const Index child : model.tree.children[node]) product *= model.weights[child].col(r).norm();
      norms.push_back(product);
    }
    std::sort(norms.begin(), norms.end(), std::greater<>());
    const auto seen = measured("local_component_norms:" + label + ":2", snapshot);
    EXPECT_NEAR(seen[0], norms[0], 1e-13 * norms[0]);
    EXPECT_NEAR(seen[1], norms[1], 1e-13 * norms[0]);
  }
}

TEST(TensorInstruments, ColumnsAreNamedAfterModes) {
  const ModeTree tree = ModeTree::perfect(4);
  const TensorReference reference{.truth = Vector::Ones(24), .test = {}, .observed = nullptr};
  const TensorSubject subject{{2, 3, 2, 2}, &tree, &reference};
  EXPECT_THAT(make_tensor_instrument("local_component_norms:0,1:2", subject).columns,
              ElementsAre("local_01_1", "local_01_2"));
  EXPECT_THAT(make_tensor_instrument("matricization_singular_values:2,0:1", subject).columns,
              ElementsAre("matricization_02_1", "truth_matricization_02_1"));
  EXPECT_THAT(make_tensor_instrument("hierarchical_rank", subject).columns,
              ElementsAre("rank_0", "rank_1", "rank_2", "rank_3", "rank_01", "rank_23"));
  EXPECT_EQ(mode_label({0, 11}, 12), "0_11");
}

TEST(TensorInstruments, MatricizationsAndRanksOfATree) {
  const TreeFactorization<double> model = random_tree(5);
  FixedTensorSnapshot snapshot(model);
  for (const auto& [label, modes] : {std::pair<std::string, std::vector<Index>>{"0,1", {0, 1}}, {"0,2", {0, 2}}}) {
    const Vector s = singular_values(matricize(model, modes));
    const auto seen = measured("matricization_singular_values:" + label + ":6", snapshot);
    for (Index r = 0; r < 6; ++r) EXPECT_NEAR(seen[r], r < s.size() ? s[r] : 0, 1e-12 * s[0]);
  }
  EXPECT_THAT(measured("hierarchical_rank:1e-9", snapshot), ElementsAre(3, 4, 3, 2, 3, 3)) << "min(width above, sizes)";
}

TEST(TensorInstruments, TheTensorRankOfSumsOfOuterProducts) {
  FixedTensorSnapshot larger(test::random_cp<double>({5, 4, 6}, 3, 2));
  EXPECT_EQ(measured("tensor_rank", larger)[0], 3);
  FixedTensorSnapshot random(test::random_cp<double>({4, 5, 3}, 2, 1));
  EXPECT_EQ(measured("tensor_rank", random)[0], 2);
  EXPECT_EQ(measured("tensor_rank:1e6", random)[0], 0) << "all of it is below the tolerance";
}

TEST(TensorInstruments, Errors) {
  const CpFactorization<double> model = test::random_cp<double>({3, 4, 2}, 2, 2);
  FixedTensorSnapshot snapshot(model);
  TensorReference reference;
  reference.truth = snapshot.cells();
  reference.truth[5] += 2;
  reference.test = {{{0}, {2}, {1}}, {snapshot.cells()[5] + 3}, {}};  // cell (0, 2, 1) is number 5
  EXPECT_NEAR(measured("relative_error", snapshot, reference)[0], 2 / reference.truth.norm(), 1e-14);
  EXPECT_NEAR(measured("reconstruction_error", snapshot, reference)[0], 4. / 24, 1e-14);
  EXPECT_NEAR(measured("test_error", snapshot, reference)[0], 9, 1e-13);
}

TEST(TensorInstruments, TheTrainErrorIsTheMeanSquareOfEveryMeasurement) {
  const CpFactorization<double> model = test::random_cp<double>({3, 2, 3}, 2, 4);
  FixedTensorSnapshot snapshot(model);
  for (const auto& problem :
       {test::entry_problem<double>({3, 2, 3}, 9, 5, {.penalty = TensorPenalty::huber, .delta = .1}),
        test::dense_problem<double>({3, 2, 3}, 9, 5), test::rank_one_problem<double>({3, 2, 3}, 9, 5)}) {
    TensorReference reference;
    reference.observed = &problem;
    const std::vector<double> x = test::plain_predictions(problem, model);
    double squares = 0;
    for (std::size_t k = 0; k < x.size(); ++k) squares += std::pow(x[k] - problem.value[k], 2);
    EXPECT_NEAR(measured("train_error", snapshot, reference)[0], squares / 9, 1e-12);
  }
}

TEST(TensorInstruments, TheLinearBaselineIsWhatIsObserved) {
  // Two cells that share no index: rank 2, whatever the model says.
  TensorProblem<double> problem;
  problem.shape = {3, 3, 3};
  problem.index = {{0, 1}, {0, 1}, {0, 1}};
  problem.value = {1, 2};
  TensorReference reference;
  reference.observed = &problem;
  FixedTensorSnapshot snapshot(diagonal_cp());
  EXPECT_EQ(measured("linear_rank", snapshot, reference)[0], 2);
}

// Between two points of a gradient flow (small plain steps) components move as the law says.
template <class Model>
void check_rates(Model model, const std::string& spec, double tolerance) {
  auto problem = test::entry_problem<double>(model.shape(), 8, 3);
  const auto loss = make_loss(problem, model);
  DescentOptions options{.optimizer = Optimizer::plain, .step_size = 1e-5, .loss_tolerance = 0, .max_iterations = 100};
  TensorDescent<double> engine(*loss, options);
  const ModeTree* tree = nullptr;
  if constexpr (std::is_same_v<Model, TreeFactorization<double>>) tree = &model.tree;
  const TensorReference none;
  const TensorInstrument rates = make_tensor_instrument(spec, {model.shape(), tree, &none});
  std::vector<double> out;
  const auto look = [&] {
    std::vector<Matrix> gradient;
    for (const Matrix* w : loss->weights()) gradient.push_back(Matrix::Zero(w->rows(), w->cols()));
    loss->gradient(gradient);
    FixedTensorSnapshot snapshot(model, gradient);
    snapshot.time = engine.moment().time;
    out.clear();
    rates.measure(snapshot, out);
  };
  look();
  EXPECT_TRUE(std::isnan(out[0])) << "nothing to compare with yet";
  engine.advance(100);
  look();
  for (std::size_t k = 0; k + 1 < out.size(); k += 2) {
    EXPECT_GT(std::abs(out[k]), 1e-4);
    EXPECT_NEAR(out[k] / out[k + 1], 1, tolerance) << spec << " " << k;
  }
}

TEST(TensorInstruments, ComponentsOfBalancedWeightsGrowByTheLaw) {
  check_rates(initialize_cp<double>({3, 2, 3}, 3, {.deviation = .8, .balanced = true, .seed = 2}), "component_rates:3",
              1e-3);
  TreeFactorization<double> tree =
      initialize_tree<double>(ModeTree::perfect(4), {2, 3, 2, 2}, {3}, {.deviation = .7, .balanced = true, .seed = 4});
  check_rates(tree, "local_component_rates:root:2", 1e-3);
  check_rates(tree, "local_component_rates:2,3:2", 1e-3);
}

TEST(TensorInstruments, MistakesAreNamed) {
  const ModeTree tree = ModeTree::perfect(4);
  EXPECT_THAT(refusal("component_norm"), HasSubstr("component_norms"));
  EXPECT_THAT(refusal("component_norms:0"), HasSubstr("got '0', expected an integer from 1"));
  EXPECT_THAT(refusal("component_norms", &tree), HasSubstr("local_component_norms"));
  EXPECT_THAT(refusal("hierarchical_rank"), HasSubstr("component_norms"));
  EXPECT_THAT(refusal("local_component_norms:0,2", &tree), HasSubstr("inner node of ((0,1),(2,3))"));
  EXPECT_THAT(refusal("matricization_singular_values:0,4"), HasSubstr("different modes from 0 to 3"));
  EXPECT_THAT(refusal("relative_error:3"), HasSubstr("the form relative_error"));
  EXPECT_THAT(refusal("relative_error"), HasSubstr("needs the true tensor"));
}

}  // namespace
}  // namespace rankflow
