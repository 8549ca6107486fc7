// Product pooling: each row of a result is written by one thread, sums in the order of the pairs.
// SPDX-License-Identifier: Apache-2.0
#include "solver/tensor_descent/pooling.h"

#include "base/threads.h"

namespace rankflow::tensor_descent {
namespace {

constexpr Index kRows = 64;        // that a thread takes at a time
constexpr double kNumberNs = .15;  // a guess at the time a product takes

template <class T>
using Row = Eigen::Map<Eigen::Array<T, 1, Eigen::Dynamic>, Eigen::Aligned64>;
template <class T>
using ConstRow = Eigen::Map<const Eigen::Array<T, 1, Eigen::Dynamic>, Eigen::Aligned64>;

// Padding is computed too: it is 0 and stays so.
template <class T>
ConstRow<T> row(const AlignedRows<T>& rows, Index i) {
  return {rows.row(i), rows.stride()};
}
template <class T>
Row<T> row(AlignedRows<T>& rows, Index i) {
  return {rows.row(i), rows.stride()};
}

}  // namespace

template <class T>
void pool(const PairRows& pairs, const AlignedRows<T>& left, const AlignedRows<T>& right, AlignedRows<T>& out) {
  parallel_blocks(
      pairs.count(), kRows,
      [&](Index begin, Index end, Index) {
        for (Index p = begin; p < end; ++p) row(out, p) = row(left, pairs.left[p]) * row(right, pairs.right[p]);
      },
      kNumberNs * static_cast<double>(out.stride()));
}

template <class T>
void pool_back(const PairRows& pairs, const AlignedRows<T>& d_out, const AlignedRows<T>& left,
               const AlignedRows<T>& right, AlignedRows<T>& d_left, AlignedRows<T>& d_right) {
  const auto range_ns = [&](const std::vector<Index>& ranges) {
    return 2 * kNumberNs * static_cast<double>(d_out.stride() * pairs.count()) / static_cast<double>(ranges.size());
  };
  parallel_blocks(
      static_cast<Index>(pairs.left_ranges.size()) - 1, 1,
      [&](Index range, Index, Index) {
        for (Index i = pairs.left_ranges[range]; i < pairs.left_ranges[range + 1]; ++i) {
          Row<T> sum = row(d_left, i);
          sum.setZero();
          for (Index p = pairs.left_begin[i]; p < pairs.left_begin[i + 1]; ++p)
            sum += row(d_out, p) * row(right, pairs.right[p]);
        }
      },
      range_ns(pairs.left_ranges));
  parallel_blocks(
      static_cast<Index>(pairs.right_ranges.size()) - 1, 1,
      [&](Index range, Index, Index) {
        for (Index j = pairs.right_ranges[range]; j < pairs.right_ranges[range + 1]; ++j) {
          Row<T> sum = row(d_right, j);
          sum.setZero();
          for (Index k = pairs.right_begin[j]; k < pairs.right_begin[j + 1]; ++k) {
            const std::int32_t p = pairs.right_pair[k];
            sum += row(d_out, p) * row(left, pairs.left[p]);
          }
        }
      },
      range_ns(pairs.right_ranges));
}

#define RANKFLOW_INSTANTIATE(T)                                                                                    \
  template void pool<T>(const PairRows&, const AlignedRows<T>&, const AlignedRows<T>&, AlignedRows<T>&);           \
  template void pool_back<T>(const PairRows&, const AlignedRows<T>&, const AlignedRows<T>&, const AlignedRows<T>&, \
                             AlignedRows<T>&, AlignedRows<T>&);
RANKFLOW_INSTANTIATE(double)
RANKFLOW_INSTANTIATE(float)
#undef RANKFLOW_INSTANTIATE

}  // namespace rankflow::tensor_descent
