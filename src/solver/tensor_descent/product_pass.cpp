// Products of rows up the plan's tree, inner products at its top, gradients down again.
// SPDX-License-Identifier: Apache-2.0
#include "solver/tensor_descent/product_pass.h"

#include <algorithm>

#include "base/threads.h"
#include "rankflow/error.h"

namespace rankflow::tensor_descent {
namespace {

constexpr Index kLineBytes = 64;
// Cache lines of a row in a block: a hundred rows of four fit into 32 KB, and a line's worth of sums per vector
// register hides the latency of additions.
constexpr Index kBlockLines = 4;
constexpr Index kManyBlocks = 4;    // from here on threads take blocks
constexpr Index kRangeRows = 512;   // products of rows, or pairs, that a thread takes at a time
constexpr double kNumberNs = .1;    // a guess at the time that one component of them takes
constexpr Index kPageBytes = 4096;  // rows this far apart fall into the same few places of a cache

std::vector<Index> even_ranges(Index rows) {
  std::vector<Index> ranges;
  for (Index i = 0; i < rows; i += kRangeRows) ranges.push_back(i);
  ranges.push_back(rows);
  return ranges;
}

}  // namespace

template <class T>
ProductPass<T>::ProductPass(std::shared_ptr<const ProductPlan> plan, Index components, Columns columns)
    : shared_plan_(std::move(plan)), plan_(*shared_plan_), components_(components) {
  constexpr Index line = kLineBytes / static_cast<Index>(sizeof(T));
  const Index lines = (components + line - 1) / line;
  if (columns == Columns::at_once) {
    const bool collides = lines * kLineBytes % kPageBytes == 0;
    width_ = (lines + (collides ? 1 : 0)) * line;
  } else {
    num_blocks_ = (lines + kBlockLines - 1) / kBlockLines;
    width_ = (lines + num_blocks_ - 1) / num_blocks_ * line;
    // Few components in many rows: padding would be most of the memory that passes by.
    for (const Index narrow : {line / 2, line / 4})
      if (components <= narrow) width_ = narrow;
  }
  kernels_ = row_kernels<T>(width_);
  by_blocks_ = num_blocks_ >= kManyBlocks;
  offset_ = {0};
  for (const ProductNode& node : plan_.nodes) {
    offset_.push_back(offset_.back() + node.rows * width_);
    up_.push_back(even_ranges(node.rows));
    for (int c = 0; c < 2; ++c)
      down_[c].push_back(node.is_leaf() ? std::vector<Index>{0} : balanced_ranges(node.parents[c].begin, kRangeRows));
  }
  left_ranges_ = balanced_ranges(plan_.by_left.begin, kRangeRows);
  right_ranges_ = balanced_ranges(plan_.by_right.begin, kRangeRows);
  pair_ranges_ = even_ranges(plan_.count);
  values_.assign(static_cast<std::size_t>(num_blocks_ * offset_.back()), T(0));
  if (!by_blocks_) gradients_.assign(static_cast<std::size_t>(offset_.back()), T(0));
  partial_.assign(static_cast<std::size_t>(num_blocks_ * plan_.count), T(0));
  left_slope_.resize(static_cast<std::size_t>(plan_.count));
  right_slope_.resize(static_cast<std::size_t>(plan_.count));
  num_threads();  // one BLAS thread, before the first product
}

template <class T>
template <class Work>
void ProductPass<T>::over_blocks(Work&& work) {
  if (!by_blocks_) {
    for (Index block = 0; block < num_blocks_; ++block) work(block);
    return;
  }
  const double block_ns = kNumberNs * static_cast<double>((plan_.total_rows() + 3 * plan_.count) * width_);
  parallel_blocks(
      num_blocks_, 1, [&](Index block, Index, Index) { work(block); }, block_ns);
}

template <class T>
template <class Work>
void ProductPass<T>::over_rows(const std::vector<Index>& ranges, Work&& work) {
  if (ranges.back() == 0) return;
  if (by_blocks_) return work(0, ranges.back());
  parallel_blocks(
      static_cast<Index>(ranges.size()) - 1, 1,
      [&](Index range, Index, Index) { work(ranges[range], ranges[range + 1]); },
      kNumberNs * static_cast<double>(kRangeRows * width_));
}

template <class T>
T* ProductPass<T>::scratch() {
  if (!by_blocks_) return gradients_.data();
  thread_local AlignedVector<T> work;
  if (static_cast<Index>(work.size()) < offset_.back()) work.resize(static_cast<std::size_t>(offset_.back()));
  return work.data();
}

template <class T>
void ProductPass<T>::load(const std::vector<const MatrixOf<T>*>& factors, Index block) {
  const Index first = block * width_, columns = std::min(width_, components_ - first);
  for (std::size_t n = 0; n < factors.size(); ++n) {
    const MatrixOf<T>& factor = *factors[n];
    RANKFLOW_ASSERT(factor.rows() == plan_.nodes[n].rows && factor.cols() == components_,
                    "the factors have changed their shape");
    T* to = values_.data() + block * offset_.back() + offset_[n];
    for (Index i = 0; i < factor.rows(); ++i) std::copy_n(&factor(i, first), columns, to + i * width_);
  }
  if (factors.size() == 1) std::fill_n(values_.data() + block * offset_.back() + offset_[1], width_, T(1));
}

template <class T>
void ProductPass<T>::multiply_up(Index block) {
  T* values = values_.data() + block * offset_.back();
  for (std::size_t v = 0; v < plan_.nodes.size(); ++v) {
    const ProductNode& node = plan_.nodes[v];
    if (node.is_leaf()) continue;
    const RowProducts<T> products{.a = values + offset_[node.child[0]],
                                  .a_row = node.child_row[0].data(),
                                  .b = values + offset_[node.child[1]],
                                  .b_row = node.child_row[1].data(),
                                  .out = values + offset_[v],
                                  .width = width_};
    over_rows(up_[v], [&](Index first, Index last) { kernels_.multiply(products, first, last); });
  }
}

// d / d child = sum over the parent's rows that contain it of their gradient times the other child.
template <class T>
void ProductPass<T>::multiply_down(Index block, T* gradient) {
  const T* values = values_.data() + block * offset_.back();
  for (std::size_t v = plan_.nodes.size(); v-- > 0;) {
    const ProductNode& node = plan_.nodes[v];
    if (node.is_leaf()) continue;
    for (int c = 0; c < 2; ++c) {
      const RowProductSums<T> sums{.begin = node.parents[c].begin.data(),
                                   .a = gradient + offset_[v],
                                   .a_row = node.parents[c].row.data(),
                                   .b = values + offset_[node.child[1 - c]],
                                   .b_row = node.parents[c].third.data(),
                                   .out = gradient + offset_[node.child[c]],
                                   .width = width_};
      over_rows(down_[c][v], [&](Index first, Index last) { kernels_.sum_products(sums, first, last); });
    }
  }
}

template <class T>
void ProductPass<T>::store(const std::vector<MatrixOf<T>*>& gradients, Index block, const T* gradient) {
  const Index first = block * width_, columns = std::min(width_, components_ - first);
  for (std::size_t n = 0; n < gradients.size(); ++n) {
    const T* from = gradient + offset_[n];
    for (Index i = 0; i < gradients[n]->rows(); ++i)
      std::copy_n(from + i * width_, columns, &(*gradients[n])(i, first));
  }
}

template <class T>
void ProductPass<T>::multiply_up(const std::vector<const MatrixOf<T>*>& factors) {
  over_blocks([&](Index block) {
    load(factors, block);
    multiply_up(block);
  });
}

template <class T>
void ProductPass<T>::multiply_down(const std::vector<MatrixOf<T>*>& gradients) {
  RANKFLOW_ASSERT(num_blocks_ == 1, "only passes over all components have gradients of their own");
  multiply_down(0, gradients_.data());
  store(gradients, 0, gradients_.data());
}

template <class T>
void ProductPass<T>::evaluate(const std::vector<const MatrixOf<T>*>& factors, std::vector<T>& x) {
  over_blocks([&](Index block) {
    load(factors, block);
    multiply_up(block);
    const T* values = values_.data() + block * offset_.back();
    const RowDots<T> dots{.begin = plan_.by_left.begin.data(),
                          .left = values + offset_[plan_.left],
                          .right = values + offset_[plan_.right],
                          .right_row = plan_.by_left.row.data(),
                          .x = partial_.data() + block * plan_.count,
                          .width = width_};
    over_rows(left_ranges_, [&](Index first, Index last) { kernels_.dots(dots, first, last); });
  });
  x.resize(static_cast<std::size_t>(plan_.count));
  for (Index block = 1; block < num_blocks_; ++block) {
    const T* part = partial_.data() + block * plan_.count;
    for (Index q = 0; q < plan_.count; ++q) partial_[q] += part[q];
  }
  if (plan_.in_order) {
    std::copy_n(partial_.begin(), plan_.count, x.begin());
  } else {
    for (Index q = 0; q < plan_.count; ++q) x[plan_.by_left.third[q]] = partial_[q];
  }
}

template <class T>
void ProductPass<T>::collect(const std::vector<T>& slope, const std::vector<MatrixOf<T>*>& gradients) {
  for (Index q = 0; q < plan_.count; ++q) left_slope_[q] = slope[plan_.by_left.third[q]];
  for (Index q = 0; q < plan_.count; ++q) right_slope_[q] = left_slope_[plan_.by_right.third[q]];
  over_blocks([&](Index block) {
    const T* values = values_.data() + block * offset_.back();
    T* gradient = scratch();
    const auto sum_up = [&](const RowLists& lists, const std::vector<T>& factor, Index from, Index to,
                            const std::vector<Index>& ranges) {
      const RowSums<T> sums{.begin = lists.begin.data(),
                            .factor = factor.data(),
                            .rows = values + offset_[from],
                            .row = lists.row.data(),
                            .out = gradient + offset_[to],
                            .width = width_};
      over_rows(ranges, [&](Index first, Index last) { kernels_.sums(sums, first, last); });
    };
    sum_up(plan_.by_left, left_slope_, plan_.right, plan_.left, left_ranges_);
    sum_up(plan_.by_right, right_slope_, plan_.left, plan_.right, right_ranges_);
    multiply_down(block, gradient);
    store(gradients, block, gradient);
  });
}

template class ProductPass<double>;
template class ProductPass<float>;

}  // namespace rankflow::tensor_descent
