// The optimizers of the papers, as passes over the array of all factors.
// SPDX-License-Identifier: Apache-2.0
#include "solver/descent/optimizer.h"

#include <cmath>

#include "base/threads.h"

namespace rankflow::descent {
namespace {
constexpr Index kBlock = 1 << 16;  // numbers that a thread takes at a time
constexpr double kNumberNs = .2;   // a guess at the time one of them takes
constexpr Index kTiny = 64;        // numbers: a call of a kernel costs more than the loop
}  // namespace

template <class T>
Updater<T>::Updater(const DescentOptions& options, Index size) : options_(options), size_(size) {
  const Optimizer optimizer = options.optimizer;
  if (optimizer == Optimizer::momentum || optimizer == Optimizer::adam) first_.assign(size, T(0));
  if (optimizer == Optimizer::adam) second_.assign(size, T(0));
  norms_.assign((size + kBlock - 1) / kBlock, 0.0);
}

template <class T>
double Updater<T>::squared_norm(const T* gradient) {
  if (size_ <= kBlock) return passes_.squared_norm(gradient, size_);
  parallel_blocks(
      size_, kBlock,
      [&](Index begin, Index end, Index block) { norms_[block] = passes_.squared_norm(gradient + begin, end - begin); },
      kNumberNs);
  double sum = 0;
  for (const double norm : norms_) sum += norm;
  return sum;
}

template <class T>
void Updater<T>::subtract(T* x, const T* gradient, double step) {
  if (size_ <= kTiny) {
    for (Index k = 0; k < size_; ++k) x[k] -= static_cast<T>(step) * gradient[k];
    return;
  }
  if (size_ <= kBlock) return passes_.subtract(x, gradient, static_cast<T>(step), size_);
  parallel_blocks(
      size_, kBlock,
      [&](Index begin, Index end, Index) {
        passes_.subtract(x + begin, gradient + begin, static_cast<T>(step), end - begin);
      },
      kNumberNs);
}

// v_t = beta v_{t-1} + (1 - beta) sum_l ||G_l||^2; step = lr / (sqrt(v_t / (1 - beta^t)) + epsilon)
// (Arora, Cohen, Hu and Luo 2019, their published code).
template <class T>
double Updater<T>::group_rmsprop(T* x, const T* gradient) {
  power2_ *= options_.beta;
  mean_square_ = options_.beta * mean_square_ + (1 - options_.beta) * squared_norm(gradient);
  const double size = std::sqrt(mean_square_ / (1 - power2_)) + options_.epsilon;
  const double step = size > 0 ? options_.step_size / size : 0;
  subtract(x, gradient, step);
  return step;
}

template <class T>
void Updater<T>::adam(T* x, const T* gradient) {
  power1_ *= options_.momentum;
  power2_ *= options_.beta;
  AdamPass<T> pass;
  pass.beta1 = options_.momentum;
  pass.beta2 = options_.beta;
  pass.step = options_.step_size;
  pass.epsilon = options_.epsilon;
  pass.correction1 = 1 - power1_;
  pass.correction2 = 1 - power2_;
  parallel_blocks(
      size_, kBlock,
      [&](Index begin, Index end, Index) {
        AdamPass<T> mine = pass;
        mine.x = x + begin;
        mine.gradient = gradient + begin;
        mine.first = first_.data() + begin;
        mine.second = second_.data() + begin;
        passes_.adam(mine, end - begin);
      },
      kNumberNs);
}

template <class T>
double Updater<T>::update(T* x, const T* gradient) {
  double step = options_.step_size;
  switch (options_.optimizer) {
    case Optimizer::plain:
      subtract(x, gradient, step);
      break;
    case Optimizer::momentum:
      parallel_blocks(
          size_, kBlock,
          [&](Index begin, Index end, Index) {
            passes_.momentum(x + begin, gradient + begin, first_.data() + begin, static_cast<T>(options_.momentum),
                             static_cast<T>(step), end - begin);
          },
          kNumberNs);
      break;
    case Optimizer::adam:
      adam(x, gradient);
      break;
    case Optimizer::group_rmsprop:
      return group_rmsprop(x, gradient);
    case Optimizer::normalized: {
      const double norm = std::sqrt(squared_norm(gradient));
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

namespace {
void read(const Archive& archive, const std::string& name, AlignedVector<double>& to) {
  const std::vector<double> values = archive.get_doubles(name, static_cast<Index>(to.size()));
  to.assign(values.begin(), values.end());
}
void read(const Archive& archive, const std::string& name, AlignedVector<float>& to) {
  const std::vector<float> values = archive.get_floats(name, static_cast<Index>(to.size()));
  to.assign(values.begin(), values.end());
}
}  // namespace

template <class T>
void Updater<T>::load(const Archive& archive) {
  read(archive, "first_moment", first_);
  read(archive, "second_moment", second_);
  mean_square_ = archive.get_double("mean_square");
  power1_ = archive.get_double("power1");
  power2_ = archive.get_double("power2");
}

template class Updater<double>;
template class Updater<float>;

}  // namespace rankflow::descent
