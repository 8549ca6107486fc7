// Descent on hierarchical factorizations against trajectories of an independent program in double precision
// (tests/refdata/tensor): every column of every row.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "rankflow/tensor_descent.h"
#include "support/reference_runs.h"
#include "support/tree_models.h"

namespace rankflow {
namespace {

constexpr double kReplay = 1e-9;  // relative; the runs amplify a change of 1e-13 in the start to 1e-11 at most
constexpr double kTiny = 1e-6;    // of a column's maximum: below it, deviations count as absolute

std::vector<Index> numbers(const std::string& text) {
  std::stringstream stream(text);
  std::vector<Index> list;
  for (Index n = 0; stream >> n;) list.push_back(n);
  return list;
}

struct ReferenceTree {
  std::map<std::string, std::string> words;
  TreeFactorization<double> model, end;
  std::vector<Index> first;  // by level: its first node
  TensorProblem<double> problem;
  Vector target;
  test::CsvTable trajectory;

  Index node(const std::string& parameter) const {  // "L1N0", "OUT"
    if (parameter == "OUT") return model.tree.root();
    return first[std::stoul(parameter.substr(1))] + std::stol(parameter.substr(parameter.find('N') + 1));
  }
};

void read_weights(const ReferenceTree& run, const std::string& file, TreeFactorization<double>& model) {
  for (const auto& row : test::read_csv_table(file).rows) {
    Matrix& weights = model.weights[run.node(row[0])];
    const Index i = std::stol(row[1]), j = std::stol(row[2]);
    if (weights.rows() <= i || weights.cols() <= j)
      weights.conservativeResize(std::max(weights.rows(), i + 1), std::max(weights.cols(), j + 1));
    weights(i, j) = std::strtod(row[3].c_str(), nullptr);
  }
}

ReferenceTree read_run(const std::string& name) {
  const std::string folder = "tensor/" + name + "/";
  ReferenceTree run;
  for (const auto& row : test::read_csv_table(folder + "meta.csv").rows)
    run.words[row[0]] = row.size() > 1 ? row[1] : "";
  const std::vector<Index> shape = numbers(run.words["dims"]);
  const auto order = static_cast<Index>(shape.size());
  run.model.tree =
      run.words["pattern"] == "half" ? ModeTree::halves(order) : ModeTree::perfect(order, std::stol(run.words["pool"]));
  std::vector<Index> height(static_cast<std::size_t>(run.model.tree.num_nodes()), 0);
  for (Index node = 0; node < run.model.tree.num_nodes(); ++node) {
    for (const Index child : run.model.tree.children[node]) height[node] = height[child] + 1;
    if (height[node] == static_cast<Index>(run.first.size())) run.first.push_back(node);
  }
  run.model.weights.resize(height.size());
  run.end = run.model;
  read_weights(run, folder + "init.csv", run.model);
  read_weights(run, folder + "final.csv", run.end);

  run.target = Vector::Zero(test::num_cells(shape));
  for (const auto& row : test::read_csv_table(folder + "target.csv").rows)
    run.target[std::stol(row[0])] = std::strtod(row[1].c_str(), nullptr);
  run.problem.shape = shape;
  run.problem.index.resize(shape.size());
  for (const auto& row : test::read_csv_table(folder + "obs.csv").rows) {
    for (std::size_t n = 0; n < shape.size(); ++n)
      run.problem.index[n].push_back(static_cast<std::int32_t>(std::stol(row[n])));
    run.problem.value.push_back(std::strtod(row[shape.size()].c_str(), nullptr));
  }
  run.trajectory = test::read_csv_table(folder + "traj.csv");
  return run;
}

// What the reference recorded: the step size belongs to the update that follows, 0 in the last row.
std::map<std::string, double> record(const ReferenceTree& run, double loss, double squared_norm, double step) {
  const TreeFactorization<double>& model = run.model;
  std::map<std::string, double> values = {{"loss", loss},
                                          {"mse", loss},
                                          {"recon_error", (model.dense() - run.target).norm() / run.target.norm()},
                                          {"grad_sq_norm", squared_norm},
                                          {"unbalancedness", model.unbalancedness()},
                                          {"step", step}};
  std::size_t level = 1;
  for (Index node = model.tree.order; node < model.tree.num_nodes(); ++node) {
    while (level + 1 < run.first.size() && node >= run.first[level + 1]) ++level;
    const Vector norms = model.local_component_norms(node);
    for (Index r = 0; r < norms.size(); ++r)
      values["sigma_l" + std::to_string(level - 1) + "_g" + std::to_string(node - run.first[level]) + "_r" +
             std::to_string(r)] = norms[r];
  }
  return values;
}

void compare(const test::CsvTable& wanted, std::size_t row, const std::map<std::string, double>& found,
             const std::map<std::string, double>& size) {
  ASSERT_EQ(found.size() + 1, wanted.column.size());  // and "iter"
  for (const auto& [name, value] : found) {
    const double reference = wanted.number(row, name);
    EXPECT_NEAR(value, reference, kReplay * std::max(std::abs(reference), kTiny * size.at(name)))
        << name << ", row " << row;
  }
}

class TreeReference : public testing::TestWithParam<std::string> {};

TEST_P(TreeReference, IsReplayed) {
  ReferenceTree run = read_run(GetParam());
  const bool adaptive = run.words["optimizer"] == "adaptive";
  const double rate = std::stod(run.words["lr"]), beta = std::stod(run.words["beta"]),
               epsilon = std::stod(run.words["eps"]);
  const Index iterations = std::stol(run.words["iterations"]);
  std::map<std::string, double> size;
  for (const auto& [name, unused] : run.trajectory.column)
    for (std::size_t row = 0; row < run.trajectory.rows.size(); ++row)
      size[name] = std::max(size[name], std::abs(run.trajectory.number(row, name)));

  const auto loss = make_loss<double>(run.problem, run.model);
  std::vector<Matrix> gradient = test::like(run.model.weights);
  double mean_square = 0;
  std::size_t row = 0;
  for (Index iteration = 0; iteration <= iterations; ++iteration) {
    const double value = loss->gradient(gradient);
    double squared_norm = 0, step = rate;
    for (const Matrix& g : gradient) squared_norm += g.squaredNorm();
    if (adaptive) {
      mean_square = beta * mean_square + (1 - beta) * squared_norm;
      step /= std::sqrt(mean_square / (1 - std::pow(beta, static_cast<double>(iteration + 1)))) + epsilon;
    }
    const bool last = iteration == iterations;
    if (row < run.trajectory.rows.size() && run.trajectory.number(row, "iter") == static_cast<double>(iteration)) {
      compare(run.trajectory, row++, record(run, value, squared_norm, last ? 0 : step), size);
      if (HasFailure()) return;
    }
    if (last) break;
    for (std::size_t k = 0; k < gradient.size(); ++k) run.model.weights[k] -= step * gradient[k];
  }
  EXPECT_EQ(row, run.trajectory.rows.size());
  for (std::size_t k = 0; k < gradient.size(); ++k)
    EXPECT_LE((run.model.weights[k] - run.end.weights[k]).norm(), kReplay * run.end.weights[k].norm());
}

INSTANTIATE_TEST_SUITE_P(Runs, TreeReference,
                         testing::Values("htf_o4_gd", "htf_o4_adaptive", "htf_o4_half_gd", "htf_o5_rem_gd",
                                         "htf_o6_pool3_gd"),
                         [](const auto& name) { return name.param; });

}  // namespace
}  // namespace rankflow
