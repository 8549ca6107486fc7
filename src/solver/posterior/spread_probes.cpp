// Running variances at the probed cells, and their additive description.
// SPDX-License-Identifier: Apache-2.0
#include "solver/posterior/spread_probes.h"

#include <algorithm>

#include "base/threads.h"
#include "rankflow/rng.h"
#include "solver/posterior/side.h"

namespace rankflow::posterior {
namespace {

constexpr Index kProbesPerLine = 6;
constexpr Index kProbesPerBlock = 4096;
constexpr int kAlternations = 12;

}  // namespace

template <class T>
SpreadProbes<T>::SpreadProbes(Index rows, Index columns, std::uint64_t seed) : num_rows_(rows), num_columns_(columns) {
  Rng rng(seed, static_cast<std::uint64_t>(Stream::probes));
  const auto random_below = [&](Index n) {
    return static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(n)));
  };
  const Index count = kProbesPerLine * (rows + columns);
  row_.reserve(count);
  column_.reserve(count);
  for (Index i = 0; i < rows; ++i)
    for (Index k = 0; k < kProbesPerLine; ++k) {
      row_.push_back(static_cast<std::int32_t>(i));
      column_.push_back(random_below(columns));
    }
  for (Index j = 0; j < columns; ++j)
    for (Index k = 0; k < kProbesPerLine; ++k) {
      row_.push_back(random_below(rows));
      column_.push_back(static_cast<std::int32_t>(j));
    }
  mean_.assign(count, 0);
  squares_.assign(count, 0);
}

template <class T>
void SpreadProbes<T>::add(const AlignedRows<T>& rows, const AlignedRows<T>& columns) {
  ++samples_;
  const float share = 1.0f / static_cast<float>(samples_);
  const Index d = rows.columns();
  parallel_blocks(
      static_cast<Index>(row_.size()), kProbesPerBlock,
      [&](Index begin, Index end, Index) {
        for (Index k = begin; k < end; ++k) {
          const T* x = rows.row(row_[k]);
          const T* z = columns.row(column_[k]);
          T sum = x[0] + z[0];
          for (Index a = 1; a < d; ++a) sum += x[a] * z[a];
          const float value = static_cast<float>(sum), before = value - mean_[k];
          mean_[k] += before * share;
          squares_[k] += before * (value - mean_[k]);
        }
      },
      static_cast<double>(d));
}

template <class T>
void SpreadProbes<T>::fit(Vector& row_spread, Vector& column_spread) const {
  row_spread.setZero(num_rows_);
  column_spread.setZero(num_columns_);
  if (samples_ < 2) return;
  const Index count = static_cast<Index>(row_.size());
  Vector row_count = Vector::Zero(num_rows_), column_count = Vector::Zero(num_columns_);
  for (Index k = 0; k < count; ++k) {
    ++row_count[row_[k]];
    ++column_count[column_[k]];
  }
  for (int pass = 0; pass < kAlternations; ++pass) {
    Vector row_sum = Vector::Zero(num_rows_), column_sum = Vector::Zero(num_columns_);
    const auto variance = [&](Index k) { return static_cast<double>(squares_[k]) / static_cast<double>(samples_ - 1); };
    for (Index k = 0; k < count; ++k) row_sum[row_[k]] += variance(k) - column_spread[column_[k]];
    row_spread = (row_sum.array() / row_count.array()).max(0);
    for (Index k = 0; k < count; ++k) column_sum[column_[k]] += variance(k) - row_spread[row_[k]];
    column_spread = (column_sum.array() / column_count.array()).max(0);
  }
}

template <class T>
void SpreadProbes<T>::save(Archive& archive, const std::string& prefix) const {
  archive.set(prefix + "samples", static_cast<std::int64_t>(samples_));
  archive.set(prefix + "mean", mean_);
  archive.set(prefix + "squares", squares_);
}

template <class T>
void SpreadProbes<T>::load(const Archive& archive, const std::string& prefix) {
  samples_ = archive.get_int(prefix + "samples");
  mean_ = archive.get_floats(prefix + "mean", static_cast<Index>(row_.size()));
  squares_ = archive.get_floats(prefix + "squares", static_cast<Index>(row_.size()));
}

template class SpreadProbes<double>;
template class SpreadProbes<float>;

}  // namespace rankflow::posterior
