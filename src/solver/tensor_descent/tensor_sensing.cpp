// The pass over dense sensing tensors, by blocks of measurements.
// SPDX-License-Identifier: Apache-2.0
#include "solver/tensor_descent/tensor_sensing.h"

#include <algorithm>

#include "base/threads.h"

namespace rankflow::tensor_descent {
namespace {

// Every block sums into a tensor of its own, so there are few of them, whatever the number of threads.
constexpr Index kMostBlocks = 16, kLeastMeasurements = 64;
constexpr double kBytesPerNanosecond = 10;  // a guess, to leave small problems on one thread

Index block_size(Index measurements) {
  const Index size = std::max((measurements + kMostBlocks - 1) / kMostBlocks, kLeastMeasurements);
  return (size + kSensingGroup - 1) / kSensingGroup * kSensingGroup;
}

}  // namespace

template <class T>
TensorSensing<T>::TensorSensing(const TensorProblem<T>& problem)
    : problem_(problem),
      cells_(problem.tensors.cols()),
      stride_((cells_ + 15) / 16 * 16),
      block_size_(block_size(problem.count())),
      num_blocks_((problem.count() + block_size_ - 1) / block_size_),
      partial_(static_cast<std::size_t>(num_blocks_ * stride_)),
      costs_(static_cast<std::size_t>(num_blocks_)) {}

template <class T>
double TensorSensing<T>::block(const T* tensor, T* part, Index first, Index last) const {
  const TensorLoss& loss = problem_.loss;
  const double scale = loss.scale(problem_.count());
  double cost = 0;
  if (part) std::fill(part, part + cells_, T(0));
  for (Index k = first; k < last; k += kSensingGroup) {
    const int group = static_cast<int>(std::min<Index>(kSensingGroup, last - k));
    const T* rows = problem_.tensors.data() + k * cells_;
    double x[kSensingGroup];
    T slope[kSensingGroup];
    passes_.inner_products(rows, group, &tensor, 1, cells_, x);
    for (int t = 0; t < group; ++t) {
      const double y = static_cast<double>(problem_.value[k + t]);
      cost += loss.rho(x[t], y);
      slope[t] = static_cast<T>(scale * loss.slope(x[t], y));
    }
    if (part) passes_.add_rows(rows, group, slope, 1, cells_, &part);
  }
  return cost;
}

template <class T>
double TensorSensing<T>::evaluate(const T* tensor, T* gradient) {
  parallel_blocks(
      problem_.count(), block_size_,
      [&](Index first, Index last, Index b) {
        costs_[b] = block(tensor, gradient ? partial_.data() + b * stride_ : nullptr, first, last);
      },
      static_cast<double>(cells_) * sizeof(T) / kBytesPerNanosecond);
  double cost = 0;
  for (const double part : costs_) cost += part;
  if (gradient) {
    std::copy_n(partial_.data(), cells_, gradient);
    for (Index b = 1; b < num_blocks_; ++b) passes_.subtract(gradient, partial_.data() + b * stride_, T(-1), cells_);
  }
  return problem_.loss.scale(problem_.count()) * cost;
}

template class TensorSensing<double>;
template class TensorSensing<float>;

}  // namespace rankflow::tensor_descent
