// Hierarchical factorizations as points: the weights of all nodes, one after another.
// SPDX-License-Identifier: Apache-2.0
#include "solver/grow/tree_family.h"

#include <algorithm>
#include <cmath>

#include "solver/grow/tree_least_squares.h"

namespace rankflow::grow {
namespace {

constexpr Index kBalanceSweeps = 3;
constexpr Index kModestAttempts = 2;
constexpr double kModestFreedom = .5;  // of the observations

class TreeFamily final : public Family {
 public:
  TreeFamily(const ModeTree& tree, std::vector<Index> shape) : tree_(tree), shape_(std::move(shape)) {}

  Point nothing() const override {
    return {std::vector<Index>(static_cast<std::size_t>(tree_.num_inner()), 0), Vector()};
  }
  bool valid(const Point& point) const override {
    if (std::ssize(point.widths) != tree_.num_inner()) return false;
    const auto [least, most] = std::minmax_element(point.widths.begin(), point.widths.end());
    if (*least < 0 || *most > (Index{1} << 20) || (*least == 0 && *most > 0)) return false;
    return point.weights.size() == layout(point.widths).size() && point.weights.allFinite();
  }
  std::unique_ptr<LeastSquares> least_squares(const Cells& cells, const Point& like) const override {
    return tree_least_squares(cells, tree_, like.widths);
  }
  void values(const Cells& cells, const Point& point, std::vector<double>& x) const override {
    tree_values(cells, layout(point.widths), point.weights, x);
  }
  std::vector<Candidate> directions(const Cells& cells, const Point& point, const std::vector<double>& slope,
                                    const DrawKey& key, const Budget& budget) const override {
    return tree_directions(tree_, cells, point, slope, key, budget);
  }

  // Equalizing the vectors of one local component minimizes the sum of their squares; it changes those of its
  // neighbours, hence sweeps.
  void balance(const std::vector<Index>& widths, Vector& weights) const override {
    const TreeLayout at = layout(widths);
    for (Index sweep = 0; sweep < kBalanceSweeps; ++sweep)
      for (Index v = tree_.root(); v >= tree_.order; --v)
        for (Index r = 0; r < at.rows(v); ++r) equalize(at, v, r, weights);
  }

  // Weights, less the rescalings that change nothing. At a root with two children more than rescalings do: there the
  // tensor is Z_1 M Z_2^T with M of rank R and size R_1 x R_2, which has R (R_1 + R_2 - R) dimensions.
  // Widths that the shape cannot use make it less: then this is a bound.
  double degrees_of_freedom(const std::vector<Index>& widths) const override {
    const TreeLayout at = layout(widths);
    const Index root = tree_.root();
    double freedom = 0;
    for (Index v = 0; v < root; ++v)
      if (tree_.parent[v] != root) freedom += static_cast<double>(at.rows(v) * at.columns(v));
    for (Index v = tree_.order; v < root; ++v) {
      const double width = static_cast<double>(at.rows(v)), children = static_cast<double>(tree_.children[v].size());
      // With a single child only the product of two matrices counts.
      const bool product = children == 1 && at.rows(v) <= std::min(at.rows(tree_.children[v][0]), at.columns(v));
      freedom -= product ? width * width : width * children;
    }
    const std::vector<Index>& children = tree_.children[root];
    if (children.size() == 2) {
      const Index a = at.rows(children[0]), b = at.rows(children[1]), r = std::min({at.rows(root), a, b});
      return freedom + static_cast<double>(r * (a + b - r));
    }
    for (const Index c : children) freedom += static_cast<double>(at.rows(c) * at.rows(root));
    return freedom + static_cast<double>(at.rows(root)) * (1 - static_cast<double>(children.size()));
  }

  // A bad start can grow to many superfluous weights, which cost most of all: the first attempts end before.
  double most_freedom(Index attempt) const override { return attempt < kModestAttempts ? kModestFreedom : 1; }

  // By the share that a local component has in the observed cells.
  std::vector<double> part_sizes(const Cells& cells, const Point& point) const override {
    const TreeLayout at = layout(point.widths);
    const std::vector<Part> list = parts(point.widths);
    std::vector<double> squares(list.size(), 0);
    if (list.empty()) return squares;
    TreePass pass;
    for (Index first = 0; first < cells.count(); first += kTreeStretch) {
      pass.forward(at, cells, point.weights.data(), first, std::min(cells.count(), first + kTreeStretch));
      pass.backward(at, point.weights.data());
      for (std::size_t p = 0; p < list.size(); ++p) {
        const auto [v, r] = list[p];
        const Vector slope = pass.above[v] * at.block(point.weights.data(), v).row(r).transpose();
        for (Index k = 0; k < slope.size(); ++k) {
          const double share = slope[k] * pass.inside[v](k, r);
          squares[p] += cells.weight_of(first + k) * share * share;
        }
      }
    }
    for (double& size : squares) size = std::sqrt(size);
    return squares;
  }

  Point without(const Point& point, Index part) const override {
    const auto [node, r] = parts(point.widths)[part];
    Point less{point.widths, Vector()};
    --less.widths[node - tree_.order];
    const TreeLayout before = layout(point.widths), after = layout(less.widths);
    less.weights.resize(after.size());
    for (Index v = 0; v < tree_.num_nodes(); ++v) {
      const auto old = before.block(point.weights.data(), v);
      auto block = after.block(less.weights.data(), v);
      const Index row = v == node ? r : old.rows();
      const Index column = v != tree_.root() && tree_.parent[v] == node ? r : old.cols();
      for (Index i = 0; i < block.rows(); ++i)
        for (Index j = 0; j < block.cols(); ++j) block(i, j) = old(i + (i >= row), j + (j >= column));
    }
    return less;
  }

  Index num_components(const Point& point) const override {
    return *std::max_element(point.widths.begin(), point.widths.end());
  }
  // Of the root.
  std::vector<double> component_norms(const Point& point) const override {
    const TreeLayout at = layout(point.widths);
    std::vector<double> norms;
    for (Index r = 0; r < at.rows(tree_.root()); ++r) {
      double norm = std::abs(at.block(point.weights.data(), tree_.root())(r, 0));
      for (const Index c : tree_.children[tree_.root()]) norm *= at.block(point.weights.data(), c).col(r).norm();
      norms.push_back(norm);
    }
    std::sort(norms.begin(), norms.end(), std::greater<>());
    return norms;
  }

 private:
  struct Part {
    Index node, component;
  };
  // The last local component of a node stays.
  std::vector<Part> parts(const std::vector<Index>& widths) const {
    std::vector<Part> list;
    for (Index v = tree_.order; v < tree_.num_nodes(); ++v)
      for (Index r = 0; r < widths[v - tree_.order] && widths[v - tree_.order] > 1; ++r) list.push_back({v, r});
    return list;
  }

  TreeLayout layout(const std::vector<Index>& widths) const { return {tree_, shape_, widths}; }

  void equalize(const TreeLayout& at, Index v, Index r, Vector& weights) const {
    const std::vector<Index>& children = tree_.children[v];
    auto own = at.block(weights.data(), v);
    std::vector<double> norms{own.row(r).norm()};
    for (const Index c : children) norms.push_back(at.block(weights.data(), c).col(r).norm());
    double log_mean = 0;
    for (const double norm : norms) {
      if (!(norm > 0)) return;
      log_mean += std::log(norm) / static_cast<double>(norms.size());
    }
    const double common = std::exp(log_mean);
    own.row(r) *= common / norms[0];
    for (std::size_t c = 0; c < children.size(); ++c)
      at.block(weights.data(), children[c]).col(r) *= common / norms[c + 1];
  }

  ModeTree tree_;
  std::vector<Index> shape_;
};

}  // namespace

std::unique_ptr<Family> tree_family(const ModeTree& tree, const std::vector<Index>& shape) {
  return std::make_unique<TreeFamily>(tree, shape);
}

// A scale is shared out over the weights of the root.
TreeFactorization<double> to_tree(const ModeTree& tree, const std::vector<Index>& shape, const Point& point,
                                  double scale) {
  const TreeLayout layout(tree, shape, point.widths);
  TreeFactorization<double> model{tree, {}};
  for (Index v = 0; v < tree.num_nodes(); ++v) model.weights.push_back(layout.block(point.weights.data(), v));
  model.weights.back() *= scale;
  return model;
}

Point from_tree(const TreeFactorization<double>& model, double scale) {
  Point point;
  std::vector<Index> shape;
  Index size = 0;
  for (Index v = 0; v < model.tree.num_nodes(); ++v) {
    (model.tree.is_leaf(v) ? shape : point.widths).push_back(model.weights[v].rows());
    size += model.weights[v].size();
  }
  const TreeLayout layout(model.tree, shape, point.widths);
  point.weights.resize(size);
  if (layout.size() != size) return {};
  for (Index v = 0; v < model.tree.num_nodes(); ++v) layout.block(point.weights.data(), v) = model.weights[v];
  layout.block(point.weights.data(), model.tree.root()) /= scale;
  return point;
}

}  // namespace rankflow::grow
