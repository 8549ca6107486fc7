// Tries every edge and every inner node as the root.
// SPDX-License-Identifier: Apache-2.0
#include "solver/choose_tree/lowest_root.h"

#include <algorithm>
#include <limits>
#include <string>

namespace rankflow::choose_tree_parts {
namespace {

struct Subtree {
  Index height = 0, first = 0;  // first: the least mode
  std::string text;
};

class Unrooted {
 public:
  explicit Unrooted(const BinaryTree& tree) : order_(tree.order()), neighbours_(tree.order() + tree.pairs().size()) {
    for (std::size_t k = 0; k < tree.pairs().size(); ++k) {
      const auto [left, right] = tree.pairs()[k];
      if (k + 1 == tree.pairs().size()) {
        connect(left, right);
      } else {
        connect(order_ + static_cast<Index>(k), left);
        connect(order_ + static_cast<Index>(k), right);
      }
    }
  }

  // Of equally low trees the first one found: edges come before nodes, in the order in which nodes were made.
  std::string lowest() const {
    Subtree best;
    best.height = std::numeric_limits<Index>::max();
    const auto nodes = static_cast<Index>(neighbours_.size());
    for (Index node = 0; node < nodes; ++node)
      for (const Index other : neighbours_[node])
        if (node < other) take(group({seen_from(other, node), seen_from(node, other)}), best);
    for (Index node = order_; node < nodes; ++node)
      if (!neighbours_[node].empty()) take(around(node, -1), best);
    return best.text;
  }

 private:
  void connect(Index a, Index b) {
    neighbours_[a].push_back(b);
    neighbours_[b].push_back(a);
  }
  static void take(Subtree candidate, Subtree& best) {
    if (candidate.height < best.height) best = std::move(candidate);
  }
  static Subtree group(std::vector<Subtree> parts) {
    std::sort(parts.begin(), parts.end(), [](const Subtree& a, const Subtree& b) { return a.first < b.first; });
    Subtree whole{0, parts.front().first, "("};
    for (std::size_t k = 0; k < parts.size(); ++k) {
      whole.height = std::max(whole.height, parts[k].height + 1);
      whole.text += (k > 0 ? "," : "") + parts[k].text;
    }
    whole.text += ")";
    return whole;
  }
  // What hangs at `node`, looked at from its neighbour `from`.
  Subtree seen_from(Index from, Index node) const {
    if (node < order_) return {0, node, std::to_string(node)};
    return around(node, from);
  }
  Subtree around(Index node, Index except) const {
    std::vector<Subtree> parts;
    for (const Index other : neighbours_[node])
      if (other != except) parts.push_back(seen_from(node, other));
    return group(std::move(parts));
  }

  Index order_;
  std::vector<std::vector<Index>> neighbours_;
};

}  // namespace

ModeTree lowest_root(const BinaryTree& tree) {
  if (tree.order() == 1) return ModeTree::perfect(1);
  return ModeTree::parse(Unrooted(tree).lowest(), tree.order());
}

}  // namespace rankflow::choose_tree_parts
