// Passes of a CP factorization over a list of cells, cut into blocks that threads share: each block has its own sums
// where rows are shared, so that results do not depend on the number of threads.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

#include "base/threads.h"
#include "linalg/aligned.h"
#include "linalg/cp_passes.h"

namespace rankflow {

/// The rows of all modes' factors are numbered through; row[k order + n] is the one that cell k takes of mode n. The
/// list is kept by reference.
class CpBlocks {
 public:
  CpBlocks(const std::vector<std::int32_t>& row, Index order, Index num_rows, Index columns)
      : row_(row),
        order_(order),
        count_(static_cast<Index>(row.size()) / order),
        factors_(num_rows, columns, padded(columns)) {
    // Blocks large enough for adding up their sums to be a small part.
    const Index floor = std::max<Index>(4096, 2 * num_rows);
    block_ = std::max(floor, (count_ + 31) / 32);
    num_blocks_ = std::max<Index>(1, (count_ + block_ - 1) / block_);
  }

  static Index padded(Index columns) { return (columns + kCpRowMultiple - 1) / kCpRowMultiple * kCpRowMultiple; }

  AlignedRows<double>& factors() { return factors_; }
  Index stride() const { return factors_.stride(); }
  Index count() const { return count_; }

  CpPass pass(Index begin, Index end) const {
    CpPass p;
    p.row = row_.data();
    p.order = static_cast<int>(order_);
    p.begin = begin, p.end = end;
    p.factors = factors_.data().data();
    p.stride = factors_.stride();
    return p;
  }

  /// The sum of work(pass) over all blocks, in their order.
  template <class Work>
  double sum(Work&& work) const {
    return parallel_sum(
        count_, block_, 0.0, [&](Index begin, Index end) { return work(pass(begin, end)); }, item_ns());
  }

  /// work(pass, sums) adds to `width` numbers a row; returns the sum of what it returns.
  template <class Work>
  double scatter(Index width, AlignedVector<double>& out, Work&& work) {
    const auto size = static_cast<std::size_t>(factors_.rows() * width);
    out.assign(size, 0);
    if (num_blocks_ == 1) return work(pass(0, count_), out.data());
    parts_.resize(static_cast<std::size_t>(num_blocks_));
    std::vector<double> value(static_cast<std::size_t>(num_blocks_), 0);
    parallel_blocks(
        count_, block_,
        [&](Index begin, Index end, Index block) {
          parts_[block].assign(size, 0);
          value[block] = work(pass(begin, end), parts_[block].data());
        },
        item_ns());
    double total = 0;
    for (Index block = 0; block < num_blocks_; ++block) {
      total += value[block];
      const double* part = parts_[block].data();
      for (std::size_t i = 0; i < size; ++i) out[i] += part[i];
    }
    return total;
  }

 private:
  double item_ns() const { return 2.0 * static_cast<double>(order_ * stride()); }

  const std::vector<std::int32_t>& row_;
  Index order_, count_;
  AlignedRows<double> factors_;
  Index block_ = 0, num_blocks_ = 1;
  std::vector<AlignedVector<double>> parts_;
};

}  // namespace rankflow
