// New local components of a tree: which nodes they enter, and which vectors have the largest slope.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "rankflow/rng.h"
#include "solver/grow/tree_family.h"
#include "solver/grow/tree_pass.h"

namespace rankflow::grow {
namespace {

constexpr Index kStarts = 6, kSweeps = 15, kOffered = 3;
constexpr Index kFewInner = 5;  // inner nodes up to which all connected sets are tried
constexpr double kEnough = 1e-4;
constexpr std::uint64_t kStream = 0x74726565;

void add_set(const ModeTree& tree, Index top, std::vector<Index> nodes, std::vector<NodeSet>& sets) {
  NodeSet set{top, std::move(nodes), {}};
  for (const Index v : set.nodes)
    for (const Index c : tree.children[v])
      if (std::find(set.nodes.begin(), set.nodes.end(), c) == set.nodes.end()) set.outside.push_back(c);
  sets.push_back(std::move(set));
}

void add_subtree(const ModeTree& tree, Index node, std::vector<Index>& nodes) {
  nodes.push_back(node);
  for (const Index c : tree.children[node])
    if (!tree.is_leaf(c)) add_subtree(tree, c, nodes);
}

// One of the vectors that are free for a set of nodes: the row above its top, or the column of a child outside. On
// cell k it is multiplied by row k of `features`, or, for a leaf, its element `index[k]` is taken.
struct Slot {
  Index size = 0;
  const Matrix* features = nullptr;
  std::vector<std::int32_t> index;

  // One column a start; what the vectors say about every cell.
  Matrix values(const Matrix& vectors) const {
    if (features != nullptr) return *features * vectors;
    Matrix x(static_cast<Index>(index.size()), vectors.cols());
    for (Index k = 0; k < x.rows(); ++k) x.row(k) = vectors.row(index[k]);
    return x;
  }
  Matrix transposed(const Matrix& x) const {
    if (features != nullptr) return features->transpose() * x;
    Matrix sums = Matrix::Zero(size, x.cols());
    for (Index k = 0; k < x.rows(); ++k) sums.row(index[k]) += x.row(k);
    return sums;
  }
};

Vector normalize_columns(Matrix& vectors) {
  Vector norms = vectors.colwise().norm().transpose();
  for (Index s = 0; s < norms.size(); ++s)
    if (norms[s] > 0) vectors.col(s) /= norms[s];
  return norms;
}

struct Winner {
  double slope = 0, squares = 0;  // sum w e C and sum w C^2 over the cells
  std::vector<Vector> vectors;    // by slot
};

// Alternating power iteration over the slots from several starts; the one with the largest gain.
Winner iterate(const std::vector<Slot>& slots, const Cells& cells, const std::vector<double>& slope, Rng& rng) {
  const auto weights = Eigen::Map<const Vector>(slope.data(), cells.count());
  std::vector<Matrix> vectors, values;
  for (const Slot& slot : slots) {
    Matrix start(slot.size, kStarts);
    for (Index k = 0; k < start.size(); ++k) start.data()[k] = rng.normal();
    normalize_columns(start);
    vectors.push_back(start);
    values.push_back(slot.values(start));
  }
  Vector gamma = Vector::Zero(kStarts);
  for (Index sweep = 0; sweep < kSweeps; ++sweep) {
    const Vector before = gamma;
    for (std::size_t f = 0; f < slots.size(); ++f) {
      Matrix others = weights.replicate(1, kStarts);
      for (std::size_t g = 0; g < slots.size(); ++g)
        if (g != f) others.array() *= values[g].array();
      vectors[f] = slots[f].transposed(others);
      gamma = normalize_columns(vectors[f]);
      values[f] = slots[f].values(vectors[f]);
    }
    if (((gamma - before).array() <= kEnough * gamma.array()).all()) break;
  }
  Matrix product = values[0];
  for (std::size_t f = 1; f < slots.size(); ++f) product.array() *= values[f].array();
  Winner best;
  for (Index s = 0; s < kStarts; ++s) {
    double squares = 0;
    for (Index k = 0; k < cells.count(); ++k) squares += cells.weight_of(k) * product(k, s) * product(k, s);
    if (!(squares > 0) || !(gamma[s] > 0)) continue;
    if (best.squares > 0 && gamma[s] * gamma[s] / squares <= best.slope * best.slope / best.squares) continue;
    best.slope = gamma[s], best.squares = squares;
    best.vectors.clear();
    for (const Matrix& v : vectors) best.vectors.push_back(v.col(s));
  }
  return best;
}

// The point with one more local component at every node of the set, linked through ones; `size` multiplies the whole.
Point extend(const ModeTree& tree, const std::vector<Index>& shape, const Point& point, const NodeSet& set,
             const std::vector<Vector>& vectors, double size) {
  Point more{point.widths, Vector()};
  for (const Index v : set.nodes) ++more.widths[v - tree.order];
  const TreeLayout before(tree, shape, point.widths), after(tree, shape, more.widths);
  more.weights = Vector::Zero(after.size());
  for (Index v = 0; v < tree.num_nodes(); ++v)
    after.block(more.weights.data(), v).topLeftCorner(before.rows(v), before.columns(v)) =
        before.block(point.weights.data(), v);
  // Equal norms for the vectors, ones between the nodes of the set.
  const double each = std::pow(size, 1 / static_cast<double>(vectors.size()));
  for (const Index v : set.nodes) {
    auto block = after.block(more.weights.data(), v);
    if (v == set.top) {
      block.row(before.rows(v)).head(vectors[0].size()) = each * vectors[0].transpose();
    } else {
      block(before.rows(v), before.columns(v)) = 1;
    }
  }
  for (std::size_t c = 0; c < set.outside.size(); ++c) {
    auto block = after.block(more.weights.data(), set.outside[c]);
    block.col(before.columns(set.outside[c])).head(vectors[c + 1].size()) = each * vectors[c + 1];
  }
  return more;
}

}  // namespace

std::vector<NodeSet> node_sets(const ModeTree& tree) {
  std::vector<NodeSet> sets;
  const Index inner = tree.num_inner();
  if (inner <= kFewInner) {
    for (Index mask = 1; mask < (Index{1} << inner); ++mask) {
      std::vector<Index> nodes;
      Index top = -1, tops = 0;
      for (Index v = tree.root(); v >= tree.order; --v) {
        if ((mask >> (v - tree.order) & 1) == 0) continue;
        nodes.push_back(v);
        const bool below = v != tree.root() && (mask >> (tree.parent[v] - tree.order) & 1) != 0;
        if (!below) top = v, ++tops;
      }
      if (tops == 1) add_set(tree, top, nodes, sets);
    }
    return sets;
  }
  for (Index v = tree.order; v < tree.num_nodes(); ++v) {
    add_set(tree, v, {v}, sets);
    Index inner_children = 0;
    for (const Index c : tree.children[v])
      if (!tree.is_leaf(c)) add_set(tree, v, {v, c}, sets), ++inner_children;
    std::vector<Index> subtree;
    add_subtree(tree, v, subtree);
    if (std::ssize(subtree) > 2 || (std::ssize(subtree) == 2 && inner_children != 1)) add_set(tree, v, subtree, sets);
  }
  return sets;
}

std::vector<Candidate> tree_directions(const ModeTree& tree, const Cells& cells, const Point& point,
                                       const std::vector<double>& slope, const DrawKey& key, const Budget& budget) {
  const bool empty = point.weights.size() == 0;
  const TreeLayout layout(tree, cells.shape, point.widths);
  TreePass pass;
  if (!empty) {
    pass.forward(layout, cells, point.weights.data(), 0, cells.count());
    pass.backward(layout, point.weights.data());
  }
  const Matrix ones = Matrix::Ones(cells.count(), 1);
  double all_cells = 1;
  for (const Index size : cells.shape) all_cells *= static_cast<double>(size);
  const double density = static_cast<double>(cells.count()) / all_cells;

  struct Ranked {
    double priority;
    Candidate candidate;
  };
  std::vector<Ranked> found;
  const std::vector<NodeSet> sets = node_sets(tree);
  for (std::size_t number = 0; number < sets.size() && !budget.spent(); ++number) {
    const NodeSet& set = sets[number];
    if (empty && std::ssize(set.nodes) != tree.num_inner()) continue;
    std::vector<Slot> slots;
    const Matrix* top = set.top == tree.root() ? &ones : &pass.above[set.top];
    slots.push_back({top->cols(), top, {}});
    for (const Index c : set.outside) {
      Slot slot{layout.rows(c), tree.is_leaf(c) ? nullptr : &pass.inside[c], {}};
      if (tree.is_leaf(c))
        for (Index k = 0; k < cells.count(); ++k)
          slot.index.push_back(cells.row[k * cells.order() + c] - static_cast<std::int32_t>(cells.first_row[c]));
      slots.push_back(std::move(slot));
    }
    Rng rng(key.seed, kStream, static_cast<std::uint64_t>(key.attempt),
            static_cast<std::uint64_t>(key.round) * 4096 + number);
    const Winner winner = iterate(slots, cells, slope, rng);
    if (winner.vectors.empty()) continue;
    const double gain = winner.slope * winner.slope / winner.squares;
    Candidate candidate{std::sqrt(gain * density),
                        extend(tree, cells.shape, point, set, winner.vectors, winner.slope / winner.squares)};
    const double added = static_cast<double>(candidate.extended.weights.size() - point.weights.size());
    found.push_back({gain / added, std::move(candidate)});
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Ranked& a, const Ranked& b) { return a.priority > b.priority; });
  std::vector<Candidate> best;
  for (std::size_t k = 0; k < std::min<std::size_t>(found.size(), kOffered); ++k)
    best.push_back(std::move(found[k].candidate));
  return best;
}

}  // namespace rankflow::grow
