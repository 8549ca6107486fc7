// Noise levels of rows and columns from residuals.
// SPDX-License-Identifier: Apache-2.0
#include "completion/residual_spread.h"

#include <algorithm>

namespace rankflow::completion {
namespace {

constexpr double kNoiseDegrees = 10;  // shrinks noise levels of lines towards their mean, as the posterior does

}  // namespace

template <class T>
PosteriorSpread residual_spread(const Observations<T>& train, const LowRankModel& model) {
  const Index m = train.num_rows, n = train.num_columns;
  PosteriorSpread spread{Vector::Zero(m), Vector::Zero(n), Vector::Zero(m), Vector::Ones(n)};
  Vector row_sum = Vector::Zero(m), column_sum = Vector::Zero(n);
  const Lines<T>& rows = train.by_row;
  double total = 0, magnitude = 0;
  for (Index i = 0; i < m; ++i)
    for (Index k = rows.begin[i]; k < rows.begin[i + 1]; ++k) {
      const double value = static_cast<double>(rows.value[k]), e = model(i, rows.other[k]) - value;
      const double weight = rows.weight.empty() ? 1 : static_cast<double>(rows.weight[k]);
      row_sum[i] += weight * e * e;
      column_sum[rows.other[k]] += weight * e * e;
      total += weight * e * e;
      magnitude += weight * value * value;
    }
  const double count = static_cast<double>(std::max<Index>(1, train.count()));
  const double mean = std::max(total / count, 1e-24 * magnitude / count) + 1e-300;
  for (Index i = 0; i < m; ++i)
    spread.row_noise[i] =
        (row_sum[i] + kNoiseDegrees * mean) / (static_cast<double>(train.by_row.count(i)) + kNoiseDegrees);
  for (Index j = 0; j < n; ++j)
    spread.column_noise[j] =
        (column_sum[j] / mean + kNoiseDegrees) / (static_cast<double>(train.by_column.count(j)) + kNoiseDegrees);
  return spread;
}

template PosteriorSpread residual_spread<double>(const Observations<double>&, const LowRankModel&);
template PosteriorSpread residual_spread<float>(const Observations<float>&, const LowRankModel&);

}  // namespace rankflow::completion
