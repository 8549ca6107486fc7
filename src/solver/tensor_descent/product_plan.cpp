// Merging modes in pairs, the cheapest pair first, and the lists that go down the tree again.
// SPDX-License-Identifier: Apache-2.0
#include "solver/tensor_descent/product_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "rankflow/error.h"

namespace rankflow::tensor_descent {
namespace {

using Rows = std::vector<std::int32_t>;

// A node that is not merged yet, and the row that each observation takes of it.
struct Open {
  Index node = 0;
  Rows row;
};

// Pairs (line[q], other[q]) sorted by line by counting: within a line they keep their order.
RowLists lists_by(const Rows& line, Index lines, const Rows& other, const Rows& third) {
  RowLists lists;
  lists.begin.assign(static_cast<std::size_t>(lines) + 1, 0);
  for (const std::int32_t i : line) ++lists.begin[i + 1];
  std::partial_sum(lists.begin.begin(), lists.begin.end(), lists.begin.begin());
  lists.row.resize(line.size());
  lists.third.resize(line.size());
  std::vector<Index> next(lists.begin.begin(), lists.begin.end() - 1);
  for (std::size_t q = 0; q < line.size(); ++q) {
    const Index to = next[line[q]]++;
    lists.row[to] = other[q];
    lists.third[to] = third[q];
  }
  return lists;
}

Rows counted(std::size_t count) {
  Rows rows(count);
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

// Numbers the distinct keys in ascending order, replaces each by its number, and returns the keys.
std::vector<Index> number_distinct(const std::vector<Index>& key, Index most, Rows& number) {
  const Index m = static_cast<Index>(key.size());
  std::vector<Index> distinct;
  number.resize(key.size());
  if (most <= 8 * m + 1024) {
    Rows place(static_cast<std::size_t>(most), -1);
    for (const Index k : key) place[k] = 0;
    for (Index k = 0; k < most; ++k)
      if (place[k] == 0) {
        place[k] = static_cast<std::int32_t>(distinct.size());
        distinct.push_back(k);
      }
    for (Index k = 0; k < m; ++k) number[k] = place[key[k]];
    return distinct;
  }
  distinct = key;
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  for (Index k = 0; k < m; ++k)
    number[k] =
        static_cast<std::int32_t>(std::lower_bound(distinct.begin(), distinct.end(), key[k]) - distinct.begin());
  return distinct;
}

Open merge(std::vector<ProductNode>& nodes, const Open& a, const Open& b) {
  const Index wide = nodes[b.node].rows;
  std::vector<Index> key(a.row.size());
  for (std::size_t k = 0; k < key.size(); ++k) key[k] = a.row[k] * wide + b.row[k];
  Open merged;
  const std::vector<Index> distinct = number_distinct(key, nodes[a.node].rows * wide, merged.row);
  ProductNode node;
  node.rows = static_cast<Index>(distinct.size());
  node.child[0] = a.node;
  node.child[1] = b.node;
  for (const Index k : distinct) {
    node.child_row[0].push_back(static_cast<std::int32_t>(k / wide));
    node.child_row[1].push_back(static_cast<std::int32_t>(k % wide));
  }
  const Rows own = counted(distinct.size());
  for (int c = 0; c < 2; ++c)
    node.parents[c] = lists_by(node.child_row[c], nodes[node.child[c]].rows, own, node.child_row[1 - c]);
  merged.node = static_cast<Index>(nodes.size());
  nodes.push_back(std::move(node));
  return merged;
}

// The neighbours, around the end, whose product has the fewest rows.
std::size_t cheapest(const std::vector<ProductNode>& nodes, const std::vector<Open>& open, Index count) {
  std::size_t best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t p = 0; p < open.size(); ++p) {
    const Open& next = open[(p + 1) % open.size()];
    const double rows =
        std::min(static_cast<double>(nodes[open[p].node].rows) * static_cast<double>(nodes[next.node].rows),
                 static_cast<double>(count));
    if (rows < least) {
      least = rows;
      best = p;
    }
  }
  return best;
}

}  // namespace

ProductPlan ProductPlan::make(const std::vector<Index>& leaf_rows, const std::vector<Rows>& index) {
  RANKFLOW_ASSERT(!leaf_rows.empty() && leaf_rows.size() == index.size(), "one list of rows per factor");
  ProductPlan plan;
  plan.count = static_cast<Index>(index.front().size());
  if (plan.count > std::numeric_limits<std::int32_t>::max())
    throw InputError("the observations", fmt::format("there are {}, more than descent can take", plan.count));
  std::vector<Open> open;
  for (std::size_t n = 0; n < leaf_rows.size(); ++n) {
    plan.nodes.emplace_back().rows = leaf_rows[n];
    open.push_back({static_cast<Index>(n), index[n]});
  }
  if (open.size() == 1) {  // a vector: its other side is a row of ones
    plan.nodes.emplace_back().rows = 1;
    open.push_back({1, Rows(index.front().size(), 0)});
  }
  while (open.size() > 2) {
    const std::size_t p = cheapest(plan.nodes, open, plan.count), next = (p + 1) % open.size();
    open[p] = merge(plan.nodes, open[std::min(p, next)], open[std::max(p, next)]);
    open.erase(open.begin() + static_cast<std::ptrdiff_t>(next));
  }
  const bool swap = plan.nodes[open[0].node].rows < plan.nodes[open[1].node].rows;
  const Open &left = open[swap ? 1 : 0], &right = open[swap ? 0 : 1];
  plan.left = left.node;
  plan.right = right.node;

  // Pairs by rows of left, and by rows of right within one: two stable counting sorts.
  const Rows all = counted(index.front().size());
  const RowLists first = lists_by(right.row, plan.nodes[right.node].rows, left.row, all);
  Rows right_row(all.size());
  for (Index j = 0; j < plan.nodes[right.node].rows; ++j)
    std::fill(right_row.begin() + first.begin[j], right_row.begin() + first.begin[j + 1], static_cast<std::int32_t>(j));
  plan.by_left = lists_by(first.row, plan.nodes[left.node].rows, right_row, first.third);
  plan.in_order = std::is_sorted(plan.by_left.third.begin(), plan.by_left.third.end());
  Rows left_row(all.size());
  for (Index i = 0; i < plan.nodes[left.node].rows; ++i)
    std::fill(left_row.begin() + plan.by_left.begin[i], left_row.begin() + plan.by_left.begin[i + 1],
              static_cast<std::int32_t>(i));
  plan.by_right = lists_by(plan.by_left.row, plan.nodes[right.node].rows, left_row, all);
  return plan;
}

Index ProductPlan::inner_rows() const {
  Index rows = 0;
  for (const ProductNode& node : nodes) rows += node.is_leaf() ? 0 : node.rows;
  return rows;
}

Index ProductPlan::total_rows() const {
  Index rows = 0;
  for (const ProductNode& node : nodes) rows += node.rows;
  return rows;
}

}  // namespace rankflow::tensor_descent
