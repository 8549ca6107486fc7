// Mode trees: read from text, written as text, and built by rule.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/mode_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <numeric>

#include "rankflow/error.h"

namespace rankflow {
namespace {

using Groups = std::vector<std::vector<Index>>;  // children of inner nodes; group g is called order + g

// Numbers inner nodes by height, from left to right at equal height: perfect trees then come level by level, and a
// tree's numbers do not depend on how it was made. `groups` has children before parents, the root last.
ModeTree number_nodes(Index order, const Groups& groups) {
  const auto inner = static_cast<Index>(groups.size());
  std::vector<Index> height(static_cast<std::size_t>(order + inner), 0);
  for (Index g = 0; g < inner; ++g)
    for (const Index child : groups[g]) height[order + g] = std::max(height[order + g], height[child] + 1);
  std::vector<Index> sorted(static_cast<std::size_t>(inner));
  std::iota(sorted.begin(), sorted.end(), order);
  std::stable_sort(sorted.begin(), sorted.end(), [&](Index a, Index b) { return height[a] < height[b]; });

  std::vector<Index> number(static_cast<std::size_t>(order + inner));
  std::iota(number.begin(), number.end(), 0);
  for (Index k = 0; k < inner; ++k) number[sorted[k]] = order + k;
  ModeTree tree;
  tree.order = order;
  tree.children.resize(number.size());
  tree.parent.assign(number.size(), -1);
  for (Index g = 0; g < inner; ++g)
    for (const Index child : groups[g]) {
      tree.children[number[order + g]].push_back(number[child]);
      tree.parent[number[child]] = number[order + g];
    }
  return tree;
}

class Reader {
 public:
  Reader(const std::string& text, Index order) : text_(text), order_(order), seen_(static_cast<std::size_t>(order)) {}

  ModeTree read() {
    expect('(', "\"(\"");
    open_.emplace_back();
    while (!open_.empty()) {
      if (next() == '(') {
        ++at_;
        open_.emplace_back();
        continue;
      }
      open_.back().push_back(read_mode());
      close_groups();
    }
    if (next() != '\0') fail("the end");
    for (Index mode = 0; mode < order_; ++mode)
      if (!seen_[mode])
        throw OptionError(fmt::format("mode tree \"{}\": mode {} is missing", text_, mode),
                          fmt::format("each mode from 0 to {} occurs once", order_ - 1));
    return number_nodes(order_, groups_);
  }

 private:
  // After a node: a comma, or the ends of groups. Leaves at the next node, or at the end of the root.
  void close_groups() {
    while (!open_.empty() && next() == ')') {
      ++at_;
      groups_.push_back(std::move(open_.back()));
      open_.pop_back();
      if (!open_.empty()) open_.back().push_back(order_ + static_cast<Index>(groups_.size()) - 1);
    }
    if (!open_.empty()) expect(',', "\",\" or \")\"");
  }

  Index read_mode() {
    const std::string expected = fmt::format("\"(\" or a mode from 0 to {}", order_ - 1);
    if (std::isdigit(static_cast<unsigned char>(next())) == 0) fail(expected);
    const std::size_t begin = at_;
    Index mode = 0;
    while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])) != 0)
      mode = std::min<Index>(10 * mode + (text_[at_++] - '0'), order_);
    const std::string word = text_.substr(begin, at_ - begin);
    if (mode >= order_) fail_at(begin, "mode " + word, expected);
    if (seen_[mode]) fail_at(begin, fmt::format("mode {} again", mode), "each mode once");
    seen_[mode] = true;
    return mode;
  }

  char next() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  void expect(char c, const std::string& expected) {
    if (next() != c) fail(expected);
    ++at_;
  }
  [[noreturn]] void fail(const std::string& expected) {
    fail_at(at_, at_ < text_.size() ? fmt::format("\"{}\"", text_[at_]) : "the end", expected);
  }
  [[noreturn]] void fail_at(std::size_t where, const std::string& found, const std::string& expected) {
    throw OptionError(
        fmt::format("mode tree \"{}\", character {}: found {}, expected {}", text_, where + 1, found, expected),
        fmt::format("nested groups of the modes 0 to {}, e.g. {}", order_ - 1, ModeTree::perfect(order_).text()));
  }

  const std::string& text_;
  Index order_;
  std::vector<bool> seen_;
  std::vector<std::vector<Index>> open_;
  Groups groups_;
  std::size_t at_ = 0;
};

void append_text(const ModeTree& tree, Index node, std::string& text) {
  if (tree.is_leaf(node)) {
    text += std::to_string(node);
    return;
  }
  text += '(';
  for (std::size_t k = 0; k < tree.children[node].size(); ++k) {
    if (k > 0) text += ',';
    append_text(tree, tree.children[node][k], text);
  }
  text += ')';
}

void append_modes(const ModeTree& tree, Index node, std::vector<Index>& modes) {
  if (tree.is_leaf(node)) modes.push_back(node);
  for (const Index child : tree.children[node]) append_modes(tree, child, modes);
}

void require_order(Index order) {
  if (order < 1) throw OptionError(fmt::format("mode tree: found order {}, expected at least 1", order));
}

// Pools levels until one node is left. arrange(m) is the order in which the m nodes of a level are grouped.
template <class Arrange>
ModeTree pool_levels(Index order, Index arity, Arrange arrange) {
  require_order(order);
  if (arity < 2) throw OptionError(fmt::format("mode tree: found groups of {}, expected at least 2", arity));
  Groups groups;
  std::vector<Index> level(static_cast<std::size_t>(order));
  std::iota(level.begin(), level.end(), 0);
  do {
    const auto size = static_cast<Index>(level.size());
    const std::vector<Index> arranged = arrange(size);
    std::vector<Index> above;
    for (Index k = 0; k < size; ++k) {
      if (k % arity == 0) {
        above.push_back(order + static_cast<Index>(groups.size()));
        groups.emplace_back();
      }
      groups.back().push_back(level[arranged[k]]);
    }
    level = std::move(above);
  } while (level.size() > 1);
  return number_nodes(order, groups);
}

}  // namespace

std::vector<Index> ModeTree::modes(Index node) const {
  std::vector<Index> found;
  append_modes(*this, node, found);
  std::sort(found.begin(), found.end());
  return found;
}

ModeTree ModeTree::parse(const std::string& text, Index order) {
  require_order(order);
  return Reader(text, order).read();
}

std::string ModeTree::text() const {
  std::string text;
  append_text(*this, root(), text);
  return text;
}

ModeTree ModeTree::perfect(Index order, Index arity) {
  return pool_levels(order, arity, [](Index size) {
    std::vector<Index> same(static_cast<std::size_t>(size));
    std::iota(same.begin(), same.end(), 0);
    return same;
  });
}

// 0, h, 1, h + 1, ... with h = (size + 1) / 2, so that of an odd level the middle one comes last.
ModeTree ModeTree::halves(Index order) {
  return pool_levels(order, 2, [](Index size) {
    const Index half = (size + 1) / 2;
    std::vector<Index> across;
    for (Index k = 0; k < half; ++k) {
      across.push_back(k);
      if (k + half < size) across.push_back(k + half);
    }
    return across;
  });
}

}  // namespace rankflow
