// The pass over dense sensing matrices, by blocks of measurements.
// SPDX-License-Identifier: Apache-2.0
#include "solver/descent/sensing_pass.h"

#include <algorithm>

#include "base/threads.h"

namespace rankflow::descent {
namespace {

// Every block sums into a matrix of its own, so there are few of them, whatever the number of threads.
constexpr Index kMostBlocks = 16, kLeastMeasurements = 64;
constexpr double kBytesPerNanosecond = 10;  // a guess, to leave small problems on one thread

Index block_size(Index measurements) {
  const Index even = (measurements + kMostBlocks - 1) / kMostBlocks;
  const Index size = std::max(even, kLeastMeasurements);
  return (size + kSensingGroup - 1) / kSensingGroup * kSensingGroup;
}

}  // namespace

template <class T>
SensingPass<T>::SensingPass(const MatrixProblem<T>& problem, Index most_runs)
    : problem_(problem),
      residual_(problem),
      cells_(problem.num_rows * problem.num_columns),
      padded_cells_((cells_ + 15) / 16 * 16),
      block_size_(block_size(problem.count())),
      num_blocks_((problem.count() + block_size_ - 1) / block_size_),
      most_runs_(most_runs),
      partial_(static_cast<std::size_t>(num_blocks_ * most_runs * padded_cells_)),
      costs_(static_cast<std::size_t>(num_blocks_ * most_runs)) {}

template <class T>
void SensingPass<T>::run_block(std::span<SensingRun<T>* const> runs, Index first, Index last, Index block) {
  const Index count = static_cast<Index>(runs.size());
  T* part = partial_.data() + block * most_runs_ * padded_cells_;
  double* cost = costs_.data() + block * most_runs_;
  std::fill(part, part + count * padded_cells_, T(0));
  std::fill(cost, cost + count, 0.0);
  for (Index k = first; k < last; k += kSensingGroup) {
    const int group = static_cast<int>(std::min<Index>(kSensingGroup, last - k));
    const T* rows = problem_.matrices.data() + k * cells_;
    for (Index r = 0; r < count; r += kSensingRuns) {
      const int some = static_cast<int>(std::min<Index>(kSensingRuns, count - r));
      const T* w[kSensingRuns];
      T* e[kSensingRuns];
      for (int q = 0; q < some; ++q) {
        w[q] = runs[r + q]->w;
        e[q] = part + (r + q) * padded_cells_;
      }
      double z[kSensingRuns * kSensingGroup];
      T slope[kSensingRuns * kSensingGroup];
      passes_.inner_products(rows, group, w, some, cells_, z);
      for (int q = 0; q < some; ++q)
        for (int t = 0; t < group; ++t) {
          const int at = q * kSensingGroup + t;
          double rho = 0;
          slope[at] = residual_.slope(static_cast<T>(z[at] - static_cast<double>(problem_.values[k + t])), rho);
          cost[r + q] += rho;
        }
      passes_.add_rows(rows, group, slope, some, cells_, e);
    }
  }
}

template <class T>
void SensingPass<T>::run(std::span<SensingRun<T>* const> runs) {
  if (runs.empty()) return;
  const double block_ns = static_cast<double>(block_size_ * cells_) * sizeof(T) / kBytesPerNanosecond;
  parallel_blocks(
      problem_.count(), block_size_, [&](Index first, Index last, Index block) { run_block(runs, first, last, block); },
      block_ns / static_cast<double>(block_size_));
  for (Index r = 0; r < static_cast<Index>(runs.size()); ++r) {
    SensingRun<T>& run = *runs[r];
    double cost = 0;
    std::copy(partial_.data() + r * padded_cells_, partial_.data() + r * padded_cells_ + cells_, run.e);
    for (Index block = 0; block < num_blocks_; ++block) {
      cost += costs_[block * most_runs_ + r];
      if (block > 0) passes_.subtract(run.e, partial_.data() + (block * most_runs_ + r) * padded_cells_, T(-1), cells_);
    }
    run.loss = residual_.loss(cost);
  }
}

template class SensingPass<double>;
template class SensingPass<float>;

}  // namespace rankflow::descent
