// The optimizers of the papers, as passes over the array of all factors.
// SPDX-License-Identifier: Apache-2.0
#include "solver/descent/optimizer.h"

#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "data/archive_numbers.h"

namespace rankflow::descent {
namespace {
constexpr Index kBlock = 1 << 16;  // numbers that a thread takes at a time
constexpr double kNumberNs = .2;   // a guess at the time one of them takes
constexpr Index kTiny = 64;        // numbers: a call of a kernel costs more than the loop
}  // namespace

template <class T>
Updater<T>::Updater(const DescentOptions& options, std::vector<Index> sizes)
    : options_(options), sizes_(std::move(sizes)) {
  Index all = 0, largest = 0;
  for (const Index size : sizes_) {
    begin_.push_back(all);
    all += size;
    largest = std::max(largest, size);
  }
  const Optimizer optimizer = options.optimizer;
  if (optimizer == Optimizer::momentum || optimizer == Optimizer::adam) first_.assign(all, T(0));
  if (optimizer == Optimizer::adam) second_.assign(all, T(0));
  norms_.assign((largest + kBlock - 1) / kBlock, 0.0);
}

template <class T>
double Updater<T>::squared_norm(const T* gradient, Index size) {
  if (size <= kBlock) return passes_.squared_norm(gradient, size);
  parallel_blocks(
      size, kBlock,
      [&](Index begin, Index end, Index block) { norms_[block] = passes_.squared_norm(gradient + begin, end - begin); },
      kNumberNs);
  double sum = 0;
  for (Index block = 0; block * kBlock < size; ++block) sum += norms_[block];
  return sum;
}

template <class T>
double Updater<T>::squared_norm(std::span<const T* const> gradient) {
  double sum = 0;
  for (std::size_t p = 0; p < sizes_.size(); ++p) sum += squared_norm(gradient[p], sizes_[p]);
  return sum;
}

template <class T>
void Updater<T>::subtract(T* x, const T* gradient, double step, Index size) {
  if (size <= kTiny) {
    for (Index k = 0; k < size; ++k) x[k] -= static_cast<T>(step) * gradient[k];
    return;
  }
  if (size <= kBlock) return passes_.subtract(x, gradient, static_cast<T>(step), size);
  parallel_blocks(
      size, kBlock,
      [&](Index begin, Index end, Index) {
        passes_.subtract(x + begin, gradient + begin, static_cast<T>(step), end - begin);
      },
      kNumberNs);
}

template <class T>
void Updater<T>::subtract(std::span<T* const> x, std::span<const T* const> gradient, double step) {
  for (std::size_t p = 0; p < sizes_.size(); ++p) subtract(x[p], gradient[p], step, sizes_[p]);
}

// v_t = beta v_{t-1} + (1 - beta) sum_l ||G_l||^2; step = lr / (sqrt(v_t / (1 - beta^t)) + epsilon)
// (Arora, Cohen, Hu and Luo 2019, their published code).
template <class T>
double Updater<T>::group_rmsprop(std::span<T* const> x, std::span<const T* const> gradient, double more) {
  power2_ *= options_.beta;
  mean_square_ = options_.beta * mean_square_ + (1 - options_.beta) * (squared_norm(gradient) + more);
  const double size = std::sqrt(mean_square_ / (1 - power2_)) + options_.epsilon;
  const double step = size > 0 ? options_.step_size / size : 0;
  subtract(x, gradient, step);
  return step;
}

template <class T>
void Updater<T>::adam(T* x, const T* gradient, Index part, Index size) {
  AdamPass<T> pass;
  pass.beta1 = options_.momentum;
  pass.beta2 = options_.beta;
  pass.step = options_.step_size;
  pass.epsilon = options_.epsilon;
  pass.correction1 = 1 - power1_;
  pass.correction2 = 1 - power2_;
  parallel_blocks(
      size, kBlock,
      [&](Index begin, Index end, Index) {
        AdamPass<T> mine = pass;
        mine.x = x + begin;
        mine.gradient = gradient + begin;
        mine.first = first_.data() + part + begin;
        mine.second = second_.data() + part + begin;
        passes_.adam(mine, end - begin);
      },
      kNumberNs);
}

template <class T>
void Updater<T>::add_velocity(T* x, const T* gradient, Index part, Index size) {
  parallel_blocks(
      size, kBlock,
      [&](Index begin, Index end, Index) {
        passes_.momentum(x + begin, gradient + begin, first_.data() + part + begin, static_cast<T>(options_.momentum),
                         static_cast<T>(options_.step_size), end - begin);
      },
      kNumberNs);
}

template <class T>
double Updater<T>::update(std::span<T* const> x, std::span<const T* const> gradient, double more) {
  double step = options_.step_size;
  switch (options_.optimizer) {
    case Optimizer::plain:
      subtract(x, gradient, step);
      break;
    case Optimizer::momentum:
      for (std::size_t p = 0; p < sizes_.size(); ++p) add_velocity(x[p], gradient[p], begin_[p], sizes_[p]);
      break;
    case Optimizer::adam:
      power1_ *= options_.momentum;
      power2_ *= options_.beta;
      for (std::size_t p = 0; p < sizes_.size(); ++p) adam(x[p], gradient[p], begin_[p], sizes_[p]);
      break;
    case Optimizer::group_rmsprop:
      return group_rmsprop(x, gradient, more);
    case Optimizer::normalized: {
      const double norm = std::sqrt(squared_norm(gradient) + more);
      step = norm > 0 ? step / norm : 0;
      subtract(x, gradient, step);
      break;
    }
  }
  return step;
}

template <class T>
void Updater<T>::save(Archive& archive) const {
  archive.set("first_moment", std::vector<T>(first_.begin(), first_.end()));
  archive.set("second_moment", std::vector<T>(second_.begin(), second_.end()));
  archive.set("mean_square", mean_square_);
  archive.set("power1", power1_);
  archive.set("power2", power2_);
}

template <class T>
void Updater<T>::load(const Archive& archive) {
  const auto read = [&](const std::string& name, AlignedVector<T>& to) {
    const std::vector<T> values = get_numbers<T>(archive, name, static_cast<Index>(to.size()));
    to.assign(values.begin(), values.end());
  };
  read("first_moment", first_);
  read("second_moment", second_);
  mean_square_ = archive.get_double("mean_square");
  power1_ = archive.get_double("power1");
  power2_ = archive.get_double("power2");
}

template class Updater<double>;
template class Updater<float>;

}  // namespace rankflow::descent
