// The loss of a hierarchical factorization on cells, dense measurements or rank-one measurements, and its gradient.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/threads.h"
#include "rankflow/error.h"
#include "rankflow/tensor_descent.h"
#include "solver/tensor_descent/tree_pass.h"

namespace rankflow {
namespace {

using tensor_descent::LeafInput;
using tensor_descent::TreePass;

constexpr Index kMeasurements = 16;  // that a thread takes at a time
constexpr Index kCells = 4096;       // that a thread takes at a time
constexpr double kNumberNs = .3;     // a guess at the time a number of a measurement takes

template <class T>
void check_shapes(const TensorProblem<T>& problem, const TreeFactorization<T>& model) {
  const ModeTree& tree = model.tree;
  RANKFLOW_ASSERT(static_cast<Index>(model.weights.size()) == tree.num_nodes(), "weights for every node");
  if (model.shape() != problem.shape)
    throw OptionError(fmt::format("the factorization's shape: found {}, expected the problem's {}",
                                  fmt::join(model.shape(), " x "), fmt::join(problem.shape, " x ")));
  for (Index node = 0; node < tree.num_nodes(); ++node) {
    const Index expected = node == tree.root() ? 1 : model.width(tree.parent[node]);
    if (model.weights[node].cols() != expected)
      throw OptionError(fmt::format("the weights of node {} of {}: found {} columns, expected {}", node, tree.text(),
                                    model.weights[node].cols(), expected));
  }
}

// The indices of all cells, the last mode fastest.
std::vector<std::vector<std::int32_t>> all_cells(const std::vector<Index>& shape) {
  Index cells = 1;
  for (const Index size : shape) cells *= size;
  std::vector<std::vector<std::int32_t>> index(shape.size());
  Index inner = 1;
  for (std::size_t n = shape.size(); n-- > 0;) {
    index[n].resize(static_cast<std::size_t>(cells));
    for (Index cell = 0; cell < cells; ++cell) index[n][cell] = static_cast<std::int32_t>(cell / inner % shape[n]);
    inner *= shape[n];
  }
  return index;
}

template <class T>
LeafInput<T> leaf_input(const TensorProblem<T>& problem) {
  if (problem.measurement == TensorMeasurement::rank_one) return {{}, &problem.vectors};
  if (problem.measurement == TensorMeasurement::dense) return {all_cells(problem.shape), nullptr};
  return {problem.index, nullptr};
}

template <class T>
class TreeLoss final : public TensorModelLoss<T> {
 public:
  TreeLoss(const TensorProblem<T>& problem, TreeFactorization<T>& model)
      : problem_(problem), model_(model), pass_(checked(problem, model), leaf_input(problem)) {
    const auto count = static_cast<std::size_t>(problem.count());
    predicted_.resize(count);
    slope_.resize(count);
    if (problem.measurement == TensorMeasurement::dense) {
      cells_.resize(problem.tensors.cols());
      cell_slopes_.resize(problem.tensors.cols());
    }
  }

  std::vector<MatrixOf<T>*> weights() override {
    std::vector<MatrixOf<T>*> list;
    for (MatrixOf<T>& weights : model_.weights) list.push_back(&weights);
    return list;
  }

  double loss() override {
    predict();
    return loss_at(problem_, predicted_);
  }

  double gradient(std::vector<MatrixOf<T>>& gradient) override {
    predict();
    const double loss = loss_at(problem_, predicted_, &slope_);
    if (problem_.measurement != TensorMeasurement::dense) {
      pass_.backward(slope_.data(), gradient);
      return loss;
    }
    const Eigen::Map<const VectorOf<T>> slope(slope_.data(), static_cast<Index>(slope_.size()));
    parallel_blocks(
        cell_slopes_.size(), kCells,
        [&](Index begin, Index end, Index) {
          cell_slopes_.segment(begin, end - begin).noalias() =
              problem_.tensors.middleCols(begin, end - begin).transpose() * slope;
        },
        kNumberNs * static_cast<double>(slope.size()));
    pass_.backward(cell_slopes_.data(), gradient);
    return loss;
  }

 private:
  static const TreeFactorization<T>& checked(const TensorProblem<T>& problem, const TreeFactorization<T>& model) {
    check_shapes(problem, model);
    return model;
  }

  void predict() {
    if (problem_.measurement != TensorMeasurement::dense) return pass_.forward(predicted_.data());
    pass_.forward(cells_.data());
    parallel_blocks(
        problem_.count(), kMeasurements,
        [&](Index begin, Index end, Index) {
          Eigen::Map<VectorOf<T>>(predicted_.data() + begin, end - begin).noalias() =
              problem_.tensors.middleRows(begin, end - begin) * cells_;
        },
        kNumberNs * static_cast<double>(cells_.size()));
  }

  const TensorProblem<T>& problem_;
  TreeFactorization<T>& model_;
  TreePass<T> pass_;
  std::vector<T> predicted_, slope_;  // by observation
  VectorOf<T> cells_, cell_slopes_;   // dense measurements: the tensor and dL/dT
};

}  // namespace

template <class T>
std::unique_ptr<TensorModelLoss<T>> make_loss(const TensorProblem<T>& problem, TreeFactorization<T>& model) {
  return std::make_unique<TreeLoss<T>>(problem, model);
}

template std::unique_ptr<TensorModelLoss<double>> make_loss<double>(const TensorProblem<double>&,
                                                                    TreeFactorization<double>&);
template std::unique_ptr<TensorModelLoss<float>> make_loss<float>(const TensorProblem<float>&,
                                                                  TreeFactorization<float>&);

}  // namespace rankflow
