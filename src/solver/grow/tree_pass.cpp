// Features from the leaves up, adjoints from the root down.
// SPDX-License-Identifier: Apache-2.0
#include "solver/grow/tree_pass.h"

namespace rankflow::grow {

TreeLayout::TreeLayout(const ModeTree& tree, const std::vector<Index>& shape, const std::vector<Index>& widths)
    : tree_(&tree), offset_{0} {
  for (Index v = 0; v < tree.num_nodes(); ++v) rows_.push_back(tree.is_leaf(v) ? shape[v] : widths[v - tree.order]);
  for (Index v = 0; v < tree.num_nodes(); ++v) offset_.push_back(offset_.back() + rows(v) * columns(v));
}

void TreePass::forward(const TreeLayout& layout, const Cells& cells, const double* weights, Index first, Index last) {
  const ModeTree& tree = layout.tree();
  begin = first, end = last;
  below.resize(static_cast<std::size_t>(tree.num_nodes()));
  inside.resize(below.size());
  for (Index v = 0; v < tree.num_nodes(); ++v) {
    const auto w = layout.block(weights, v);
    if (tree.is_leaf(v)) {
      below[v].resize(end - begin, w.cols());
      for (Index k = 0; k < end - begin; ++k) below[v].row(k) = w.row(index(cells, v, k));
      continue;
    }
    const std::vector<Index>& children = tree.children[v];
    inside[v] = below[children[0]];
    for (std::size_t c = 1; c < children.size(); ++c) inside[v].array() *= below[children[c]].array();
    below[v].noalias() = inside[v] * w;
  }
}

void TreePass::backward(const TreeLayout& layout, const double* weights) {
  const ModeTree& tree = layout.tree();
  above.resize(below.size());
  above[tree.root()] = Matrix::Ones(end - begin, 1);
  Matrix through;
  for (Index v = tree.root(); v >= tree.order; --v) {
    through.noalias() = above[v] * layout.block(weights, v).transpose();
    const std::vector<Index>& children = tree.children[v];
    for (const Index c : children) {
      above[c] = through;
      for (const Index other : children)
        if (other != c) above[c].array() *= below[other].array();
    }
  }
}

}  // namespace rankflow::grow
