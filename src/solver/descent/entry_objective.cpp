// Observed entries of a deep product. W = left right^T, where left is the factor on the longer side and right the
// product of the others; residuals, G_left = E right and G_right = E^T left need the observed entries alone.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>

#include "base/threads.h"
#include "linalg/entry_pass.h"
#include "solver/descent/chain.h"
#include "solver/descent/objective.h"

namespace rankflow::descent {
namespace {

constexpr Index kRange = 1024;  // entries that a thread takes at a time

template <class T>
class EntryObjective final : public Objective<T> {
 public:
  EntryObjective(const MatrixProblem<T>& problem, const std::vector<Index>& dims)
      : loss_(problem.loss),
        by_column_(problem.num_columns > problem.num_rows),
        layout_(dims, true),
        left_(add_left(dims)),
        chain_(add_others(dims)) {
    sort_entries(problem);
    pass_loss_.delta = loss_.penalty == Penalty::huber ? loss_.delta : 0;
    pass_loss_.slope_scale =
        loss_.normalization == Normalization::mean ? 2.0 / static_cast<double>(problem.count()) : 1.0;
    left_ranges_ = balanced_ranges(left_begin_, kRange);
    right_ranges_ = balanced_ranges(right_begin_, kRange);
    costs_.resize(left_ranges_.size());
  }

  const Layout<T>& layout() const override { return layout_; }

  double evaluate(const T* x, T* gradient) override {
    const T* right = chain_.product(x);
    const double sum = left_pass(x + left_.offset, right, gradient + left_.offset);
    right_pass(x + left_.offset, chain_.end_gradient(gradient));
    chain_.back_propagate(x, gradient);
    return loss_.value(sum, static_cast<Index>(slope_.size()));
  }

 private:
  // By rows: left = W_N and right^T = W_{N-1} ... W_1. By columns: left = W_1^T and right = W_N ... W_2.
  Part add_left(const std::vector<Index>& dims) {
    return by_column_ ? layout_.add(1, true) : layout_.add(static_cast<Index>(dims.size()) - 1, false);
  }
  std::vector<Part> add_others(const std::vector<Index>& dims) {
    const Index depth = static_cast<Index>(dims.size()) - 1;
    std::vector<Part> parts;
    if (by_column_) {
      for (Index l = depth; l > 1; --l) parts.push_back(layout_.add(l, false));
    } else {
      for (Index l = 1; l < depth; ++l) parts.push_back(layout_.add(l, true));
    }
    return parts;
  }

  void sort_entries(const MatrixProblem<T>& problem) {
    const EntryList<T>& entries = problem.entries;
    const auto& line = by_column_ ? entries.column : entries.row;
    const auto& other = by_column_ ? entries.row : entries.column;
    const auto count = static_cast<std::size_t>(entries.count());
    std::vector<Index> order = counted(line, left_.rows, left_begin_);
    left_other_.resize(count);
    value_.resize(count);
    slope_.resize(count);
    weight_.resize(entries.weight.size());
    for (std::size_t k = 0; k < count; ++k) {
      left_other_[k] = other[order[k]];
      value_[k] = entries.value[order[k]];
      if (!weight_.empty()) weight_[k] = entries.weight[order[k]];
    }
    const std::vector<Index> across = counted(left_other_, chain_.rows(), right_begin_);
    right_other_.resize(count);
    right_position_.resize(count);
    for (std::size_t k = 0; k < count; ++k) {
      right_other_[k] = line[order[across[k]]];
      right_position_[k] = static_cast<std::int32_t>(across[k]);
    }
  }

  // The order of a stable counting sort by `line`, and where each line begins.
  static std::vector<Index> counted(const std::vector<std::int32_t>& line, Index lines, std::vector<Index>& begin) {
    begin.assign(static_cast<std::size_t>(lines) + 1, 0);
    for (const std::int32_t i : line) ++begin[i + 1];
    std::partial_sum(begin.begin(), begin.end(), begin.begin());
    std::vector<Index> next(begin.begin(), begin.end() - 1), order(line.size());
    for (std::size_t k = 0; k < line.size(); ++k) order[next[line[k]]++] = static_cast<Index>(k);
    return order;
  }

  double range_ns() const { return static_cast<double>(kRange * left_.stride) * sizeof(T) / 20; }

  double left_pass(const T* left, const T* right, T* out) {
    EntryPass<T> pass;
    pass.begin = left_begin_.data();
    pass.other = left_other_.data();
    pass.value = value_.data();
    pass.weight = weight_.empty() ? nullptr : weight_.data();
    pass.stride = left_.stride;
    pass.left = left;
    pass.right = right;
    pass.slope = slope_.data();
    pass.out = out;
    pass.loss = pass_loss_;
    parallel_blocks(
        static_cast<Index>(left_ranges_.size()) - 1, 1,
        [&](Index range, Index, Index) {
          EntryPass<T> mine = pass;
          mine.first = left_ranges_[range];
          mine.last = left_ranges_[range + 1];
          costs_[range] = kernels_.pass(mine);
        },
        range_ns());
    return std::accumulate(costs_.begin(), costs_.end() - 1, 0.0);
  }

  void right_pass(const T* left, T* out) {
    EntryCollection<T> collection;
    collection.begin = right_begin_.data();
    collection.other = right_other_.data();
    collection.position = right_position_.data();
    collection.stride = left_.stride;
    collection.slope = slope_.data();
    collection.rows = left;
    collection.out = out;
    parallel_blocks(
        static_cast<Index>(right_ranges_.size()) - 1, 1,
        [&](Index range, Index, Index) {
          EntryCollection<T> mine = collection;
          mine.first = right_ranges_[range];
          mine.last = right_ranges_[range + 1];
          kernels_.collect(mine);
        },
        range_ns());
  }

  MatrixLoss loss_;
  EntryLoss pass_loss_;
  bool by_column_;
  Layout<T> layout_;
  Part left_;
  Chain<T> chain_;
  EntryKernels<T> kernels_ = entry_kernels<T>();
  std::vector<Index> left_begin_, right_begin_, left_ranges_, right_ranges_;
  std::vector<std::int32_t> left_other_, right_other_, right_position_;
  std::vector<T> value_, weight_, slope_;
  std::vector<double> costs_;  // one per range, and one that stays 0
};

}  // namespace

template <class T>
std::unique_ptr<Objective<T>> make_entry_objective(const MatrixProblem<T>& problem, const std::vector<Index>& dims) {
  return std::make_unique<EntryObjective<T>>(problem, dims);
}

template std::unique_ptr<Objective<double>> make_entry_objective<double>(const MatrixProblem<double>&,
                                                                         const std::vector<Index>&);
template std::unique_ptr<Objective<float>> make_entry_objective<float>(const MatrixProblem<float>&,
                                                                       const std::vector<Index>&);

}  // namespace rankflow::descent
