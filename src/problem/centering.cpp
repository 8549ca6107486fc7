// Mean and biases of a table with holes, their shrinkage learned by EM.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/centering.h"

#include <cmath>

#include "base/threads.h"

namespace rankflow {
namespace {

constexpr Index kBlockEntries = 1 << 14;
// Variances never reach zero: a side without any effect ends with a bias of a millionth of the noise.
constexpr double kSmallestVarianceRatio = 1e-12;
constexpr double kLargestShrinkage = 1e12;

// Sums over entries that one half of a sweep needs.
struct Sums {
  double weight = 0, residual = 0, square = 0, second_moment = 0, posterior = 0, lines = 0;
  Sums& operator+=(const Sums& other) {
    weight += other.weight, residual += other.residual, square += other.square;
    second_moment += other.second_moment, posterior += other.posterior, lines += other.lines;
    return *this;
  }
};

// Calls work(line) for all lines, summed up in the order of fixed ranges of lines.
template <class T, class Work>
Sums sum_over_lines(const Lines<T>& lines, Work&& work) {
  const std::vector<Index> ranges = balanced_ranges(lines.begin, kBlockEntries);
  return parallel_sum(static_cast<Index>(ranges.size()) - 1, 1, Sums{}, [&](Index block, Index) {
    Sums sums;
    for (Index line = ranges[block]; line < ranges[block + 1]; ++line) work(line, sums);
    return sums;
  });
}

template <class T>
double weight_of(const Lines<T>& lines, Index k) {
  return lines.weight.empty() ? 1.0 : static_cast<double>(lines.weight[k]);
}

// Sets `own` to its posterior mean given `other`: b_i = sum_j w (y - mean - c_j) / (sum_j w + shrinkage), posterior
// variance sigma^2 / (sum_j w + shrinkage). Returns the residual's sums after the update.
template <class T>
Sums update_side(const Lines<T>& lines, double mean, double shrinkage, const Vector& other, Vector& own) {
  return sum_over_lines(lines, [&](Index line, Sums& sums) {
    double weight = 0, sum = 0, square = 0;
    for (Index k = lines.begin[line]; k < lines.begin[line + 1]; ++k) {
      const double w = weight_of(lines, k);
      const double e = static_cast<double>(lines.value[k]) - mean - other[lines.other[k]];
      weight += w, sum += w * e, square += w * e * e;
    }
    own[line] = lines.count(line) > 0 ? sum / (weight + shrinkage) : 0.0;
    if (lines.count(line) == 0) return;
    const double b = own[line];
    sums.weight += weight;
    sums.residual += sum - weight * b;
    sums.square += square - 2 * b * sum + weight * b * b;
    sums.second_moment += b * b;
    sums.posterior += 1 / (weight + shrinkage);  // times sigma^2: posterior variances of the biases
    sums.lines += 1;
  });
}

// What a side's posterior variances add to the expected square of every entry: sum_i (sum_j w) / (sum_j w + shrinkage).
template <class T>
double degrees_of_freedom(const Lines<T>& lines, double shrinkage) {
  return sum_over_lines(lines,
                        [&](Index line, Sums& sums) {
                          double weight = 0;
                          for (Index k = lines.begin[line]; k < lines.begin[line + 1]; ++k)
                            weight += weight_of(lines, k);
                          sums.weight += weight > 0 ? weight / (weight + shrinkage) : 0.0;
                        })
      .weight;
}

template <class T>
Sums moments(const Lines<T>& lines, double centre) {
  return sum_over_lines(lines, [&](Index line, Sums& sums) {
    for (Index k = lines.begin[line]; k < lines.begin[line + 1]; ++k) {
      const double w = weight_of(lines, k), e = static_cast<double>(lines.value[k]) - centre;
      sums.weight += w, sums.residual += w * e, sums.square += w * e * e;
    }
  });
}

double shrinkage_from(double noise, double variance) {
  if (!(noise > 0)) return 0;
  return variance > 0 ? std::min(kLargestShrinkage, noise * noise / variance) : kLargestShrinkage;
}

}  // namespace

double Biases::row_shrinkage() const {
  return shrinkage_from(noise, row_variance);
}
double Biases::column_shrinkage() const {
  return shrinkage_from(noise, column_variance);
}

template <class T>
Biases fit_biases(const Observations<T>& observations, Centering centering, int sweeps) {
  const Index count = observations.count();
  Biases biases;
  biases.row = Vector::Zero(observations.num_rows);
  biases.column = Vector::Zero(observations.num_columns);
  if (count == 0) return biases;
  const Lines<T>&rows = observations.by_row, &columns = observations.by_column;
  if (centering != Centering::none) {
    const Sums raw = moments(rows, 0);
    biases.mean = raw.residual / raw.weight;
  }
  const Sums centred = moments(rows, biases.mean);
  double variance = centred.square / static_cast<double>(count);
  biases.noise = std::sqrt(variance);
  if (centering != Centering::biases || !(variance > 0)) return biases;

  const double smallest = kSmallestVarianceRatio * variance;
  biases.row_variance = biases.column_variance = variance / 4;
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    const double by_row = biases.row_shrinkage(), by_column = biases.column_shrinkage();
    const Sums r = update_side(rows, biases.mean, by_row, biases.column, biases.row);
    const Sums c = update_side(columns, biases.mean, by_column, biases.row, biases.column);
    biases.row_variance = std::max(smallest, (r.second_moment + variance * r.posterior) / r.lines);
    biases.column_variance = std::max(smallest, (c.second_moment + variance * c.posterior) / c.lines);
    const double freedom = degrees_of_freedom(rows, by_row) + degrees_of_freedom(columns, by_column);
    variance = std::max(
        smallest, (c.square + variance * std::min(freedom, static_cast<double>(count))) / static_cast<double>(count));
    biases.noise = std::sqrt(variance);
    biases.mean += c.residual / c.weight;
  }
  return biases;
}

template Biases fit_biases<double>(const Observations<double>&, Centering, int);
template Biases fit_biases<float>(const Observations<float>&, Centering, int);

}  // namespace rankflow
