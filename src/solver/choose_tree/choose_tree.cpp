// The tree whose splits have the best scores, by dynamic programming over sets of modes.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/choose_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>

#include "base/threads.h"
#include "rankflow/error.h"
#include "solver/choose_tree/lowest_root.h"
#include "solver/choose_tree/split_fit.h"

namespace rankflow {
namespace {

using choose_tree_parts::BinaryTree;
using choose_tree_parts::fit_split;
using choose_tree_parts::ObservedBlock;

constexpr Index kMostModes = 16;
constexpr Index kExactModes = 7;  // groups that the exact search takes: 56 unfoldings
constexpr Index kMostCells = Index{1} << 16;
using Set = unsigned;  // a bit per mode

template <class T>
void check(const TensorProblem<T>& problem) {
  if (problem.measurement != TensorMeasurement::entries)
    throw OptionError("a mode tree can be chosen from observed cells only", "name a tree, e.g. a perfect one");
  if (problem.order() > kMostModes)
    throw OptionError(
        fmt::format("choosing a mode tree: found {} modes, expected at most {}", problem.order(), kMostModes),
        "name a tree, e.g. a perfect one");
  if (problem.count() == 0)
    throw InputError("the observations", "found none, expected cells to choose a mode tree from");
}

class Search {
 public:
  explicit Search(const ObservedBlock& block)
      : block_(block), order_(static_cast<Index>(block.shape.size())), tree_(order_) {
    for (Index n = 0; n < order_; ++n) groups_.push_back({Set{1} << n, n});
  }

  const SplitFit& found(Set modes) const { return fits_.at(key(modes)); }

  BinaryTree run() {
    while (static_cast<Index>(groups_.size()) > kExactModes) join_best_pair();
    if (groups_.size() > 1) split_exactly();
    return tree_;
  }

 private:
  struct Group {
    Set modes;
    Index node;  // of tree_
  };
  struct Best {
    double score = 0;
    Set part = 0;  // of the groups: one side
  };

  // A set and the rest are the same split: the one without the last mode stands for both.
  Set key(Set modes) const {
    const Set all = (Set{1} << order_) - 1;
    return (modes >> (order_ - 1) & 1U) != 0 ? all ^ modes : modes;
  }
  void fit(const std::vector<Set>& splits) {
    std::vector<Set> missing;
    for (const Set split : splits)
      if (fits_.emplace(key(split), SplitFit{}).second) missing.push_back(key(split));
    parallel_blocks(static_cast<Index>(missing.size()), 1,
                    [&](Index k, Index, Index) { fits_.at(missing[k]) = fit_split(block_, missing[k]); });
  }

  // Scores without what they owe to the unfolding's shape: the nearer to square, the fewer numbers a rank needs and the
  // better any split is completed. The line through scores over log(smaller side) is taken off; kWeight times the slope
  // 0 keeps a line through few points from fitting them all.
  std::vector<double> adjusted_scores(const std::vector<Set>& splits) {
    constexpr double kWeight = 2;
    if (splits.empty()) return {};
    fit(splits);
    const auto count = static_cast<Index>(splits.size());
    Vector side(count), score(count);
    for (Index k = 0; k < count; ++k) {
      double rows = 1, columns = 1;
      for (Index n = 0; n < order_; ++n)
        ((splits[k] >> n & 1U) != 0 ? rows : columns) *= static_cast<double>(block_.shape[n]);
      side[k] = std::log(std::min(rows, columns));
      score[k] = found(splits[k]).score;
    }
    side.array() -= side.mean();
    score.array() -= score.mean();
    score -= side.dot(score) / (side.squaredNorm() + kWeight) * side;
    return {score.begin(), score.end()};
  }

  void join_best_pair() {
    std::vector<Set> splits;
    std::vector<std::pair<std::size_t, std::size_t>> pairs;
    for (std::size_t b = 1; b < groups_.size(); ++b)
      for (std::size_t a = 0; a < b; ++a) {
        splits.push_back(groups_[a].modes | groups_[b].modes);
        pairs.emplace_back(a, b);
      }
    const std::vector<double> scores = adjusted_scores(splits);
    const auto [a, b] = pairs[std::min_element(scores.begin(), scores.end()) - scores.begin()];
    groups_[a] = {groups_[a].modes | groups_[b].modes, tree_.join(groups_[a].node, groups_[b].node)};
    groups_.erase(groups_.begin() + static_cast<std::ptrdiff_t>(b));
  }

  Set modes_of(Set groups) const {
    Set modes = 0;
    for (std::size_t g = 0; g < groups_.size(); ++g)
      if ((groups >> g & 1U) != 0) modes |= groups_[g].modes;
    return modes;
  }

  // best(S) = score(S) + min over S = A + B of best(A) + best(B), over all sets of groups but the last one, which may
  // stand outside because the root's place does not matter.
  void split_exactly() {
    const auto inside = static_cast<int>(groups_.size()) - 1;
    const Set everything = (Set{1} << inside) - 1;
    std::vector<Set> sets, splits;
    for (Set set = 1; set < everything; ++set)
      if (std::popcount(set) > 1) {
        sets.push_back(set);
        splits.push_back(modes_of(set));
      }
    const std::vector<double> scores = adjusted_scores(splits);
    best_.assign(everything + 1, {});
    for (std::size_t k = 0; k < sets.size(); ++k) best_[sets[k]].score = scores[k];
    for (Set set = 1; set <= everything; ++set) {
      if (std::popcount(set) == 1) continue;
      const Set lowest = set & (~set + 1);
      Best best{std::numeric_limits<double>::infinity(), 0};
      for (Set part = (set - 1) & set; part > 0; part = (part - 1) & set) {
        if ((part & lowest) == 0) continue;
        const double sum = best_[part].score + best_[set ^ part].score;
        if (sum < best.score) best = {sum, part};
      }
      best.score += best_[set].score;  // 0 for everything: that is the split of the last group alone
      best_[set] = best;
    }
    tree_.join(build(everything), groups_.back().node);
  }
  Index build(Set set) {
    if (std::popcount(set) == 1) return groups_[std::countr_zero(set)].node;
    const Index left = build(best_[set].part), right = build(set ^ best_[set].part);
    return tree_.join(left, right);
  }

  const ObservedBlock& block_;
  Index order_;
  std::vector<Group> groups_;
  std::map<Set, SplitFit> fits_;  // by key()
  std::vector<Best> best_;
  BinaryTree tree_;
};

}  // namespace

template <class T>
TreeChoice choose_tree(const TensorProblem<T>& problem) {
  check(problem);
  const ObservedBlock block = choose_tree_parts::observed_block(problem, kMostCells);
  TreeChoice choice;
  Search search(block);
  choice.tree = choose_tree_parts::lowest_root(search.run());
  choice.split.resize(static_cast<std::size_t>(choice.tree.num_nodes()));
  for (Index node = problem.order(); node < choice.tree.root(); ++node) {
    Set modes = 0;
    for (const Index mode : choice.tree.modes(node)) modes |= Set{1} << mode;
    if (std::popcount(modes) + 1 < problem.order()) choice.split[node] = search.found(modes);
  }
  return choice;
}

template TreeChoice choose_tree<double>(const TensorProblem<double>&);
template TreeChoice choose_tree<float>(const TensorProblem<float>&);

}  // namespace rankflow
