// Reweighted least squares: weights from the last iterate, conjugate gradients in turned coordinates.
// SPDX-License-Identifier: Apache-2.0
#include "solver/overlap/smoother.h"

#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "rankflow/error.h"

namespace rankflow::overlap {
namespace {

constexpr Index kMostUnfoldings = 30;  // seven modes and their pairs
constexpr Index kBlock = 1 << 14;      // cells of an elementwise pass that a thread takes at a time
constexpr Index kLanes = 8;
constexpr double kCellNs = .5;  // a guess, to leave small passes on one thread

template <class Work>
double sum_of_cells(Index cells, Work&& work) {
  return parallel_sum(
      cells, kBlock, 0.0,
      [&](Index begin, Index end) {
        // Lanes, so that additions need not wait for each other.
        double lane[kLanes] = {};
        Index c = begin;
        for (; c + kLanes <= end; c += kLanes)
          for (Index k = 0; k < kLanes; ++k) lane[k] += work(c + k);
        for (; c < end; ++c) lane[0] += work(c);
        double sum = 0;
        for (const double part : lane) sum += part;
        return sum;
      },
      kCellNs);
}

template <class Work>
void for_cells(Index cells, Work&& work) {
  parallel_blocks(
      cells, kBlock,
      [&](Index begin, Index end, Index) {
        for (Index c = begin; c < end; ++c) work(c);
      },
      kCellNs);
}

// sum[cell] = sum over modes of values[n][position], mode by mode: O(cells (1 + 1/d_N + ...)).
template <class T>
void fill_outer_sum(const std::vector<Index>& shape, const std::vector<Vector>& values, T* sum) {
  sum[0] = 0;
  Index filled = 1;
  std::vector<T> previous;
  for (std::size_t n = 0; n < shape.size(); ++n) {
    previous.assign(sum, sum + filled);
    const VectorOf<T> value = values[n].cast<T>();
    for (Index i = 0; i < filled; ++i)
      for (Index j = 0; j < shape[n]; ++j) sum[i * shape[n] + j] = previous[i] + value[j];
    filled *= shape[n];
  }
}

}  // namespace

template <class T>
WorkSpace<T>::WorkSpace(Index cells) {
  for (std::vector<T>* array : {&penalty, &inverse, &residual, &direction, &turned, &image, &spare, &more})
    array->resize(static_cast<std::size_t>(cells));
}

Unfoldings choose_unfoldings(const std::vector<Index>& shape, Index limit) {
  Unfoldings unfoldings{shape, {}};
  const auto order = static_cast<Index>(shape.size());
  for (Index n = 0; order >= 4 && n < order; ++n)
    for (Index m = n + 1; m < order; ++m)
      if (shape[n] > 1 && shape[m] > 1 && shape[n] * shape[m] <= limit) unfoldings.pairs.emplace_back(n, m);
  if (unfoldings.count() > kMostUnfoldings) unfoldings.pairs.clear();
  return unfoldings;
}

template <class T>
Smoother<T>::Smoother(const Unfoldings& unfoldings, const std::vector<T>& y, CellMask use,
                      const OverlapOptions& options, WorkSpace<T>& work)
    : unfoldings_(unfoldings), y_(y), use_(std::move(use)), work_(work) {
  RANKFLOW_ASSERT(use_.size() == y_.size(), "the mask is of another array");
  for (std::uint8_t& u : use_) u = u != 0;  // a factor: branches on random masks are guessed wrong half the time
  const auto used = std::count(use_.begin(), use_.end(), std::uint8_t{1});
  density_ = static_cast<double>(used) / static_cast<double>(use_.size());
  for (Index n = 0; n < static_cast<Index>(unfoldings.shape.size()); ++n) {
    const Index size = unfoldings.shape[n];
    bases_.emplace_back(view_along(unfoldings.shape, n), size <= options.full_below ? size : options.leading,
                        options.seed, n);
  }
  for (const auto& [first, second] : unfoldings.pairs) pairs_.emplace_back(unfoldings.shape, first, second);
}

template <class T>
void Smoother<T>::start(std::vector<T> x0) {
  RANKFLOW_ASSERT(x0.size() == y_.size(), "the start is of another array");
  x_ = std::move(x0);
  for (ModeBasis<T>& basis : bases_) basis.set_vectors({});
}

template <class T>
void Smoother<T>::turn(const T* from, T* to, bool forward) {
  // Through two buffers so that the last product lands in `to`.
  T* const buffers[2] = {to, work_.spare.data()};
  std::size_t next = bases_.size() % 2 == 1 ? 0 : 1;
  for (const ModeBasis<T>& basis : bases_) {
    forward ? basis.forward(from, buffers[next]) : basis.backward(from, buffers[next]);
    from = buffers[next];
    next = 1 - next;
  }
}

template <class T>
void Smoother<T>::masked(const T* from, T* to) const {
  for_cells(static_cast<Index>(x_.size()), [&](Index c) { to[c] = static_cast<T>(use_[c]) * from[c]; });
}

// The penalty's diagonal in turned coordinates; leaves the turned iterate in work.turned.
template <class T>
void Smoother<T>::weigh(const Point& point) {
  const double factor = point.setting.strength * std::pow(point.eps, 2 - point.power);
  const auto weight_of = [&](std::size_t unfolding) {
    return [a = point.setting.weight[unfolding] * factor, &point](double l) {
      return a * std::pow(l + point.eps * point.eps, point.power / 2 - 1);
    };
  };
  std::vector<Vector> weights;
  for (std::size_t n = 0; n < bases_.size(); ++n) {
    bases_[n].update(x_.data(), work_.spare.data());
    weights.push_back(bases_[n].values().unaryExpr(weight_of(n)));
  }
  fill_outer_sum(unfoldings_.shape, weights, work_.penalty.data());
  turn(x_.data(), work_.turned.data(), true);
  for (std::size_t k = 0; k < pairs_.size(); ++k) {
    pairs_[k].update(work_.turned.data(), work_.spare.data(), weight_of(bases_.size() + k));
    pairs_[k].add_diagonal(work_.penalty.data());
  }
}

template <class T>
void Smoother<T>::step(const Point& point) {
  RANKFLOW_ASSERT(point.setting.weight.size() == bases_.size() + pairs_.size(), "a weight per unfolding is needed");
  weigh(point);
  const auto cells = static_cast<Index>(x_.size());
  // residual = turned (mask (y - x)) - penalty(turned x)
  T* const r = work_.residual.data();
  const T *const z = work_.turned.data(), *const s = work_.penalty.data();
  for_cells(cells, [&](Index c) { work_.image[c] = static_cast<T>(use_[c]) * (y_[c] - x_[c]); });
  turn(work_.image.data(), r, true);
  for_cells(cells, [&](Index c) { r[c] -= s[c] * z[c]; });
  if (!pairs_.empty()) {
    std::fill(work_.image.begin(), work_.image.end(), T(0));
    for (const PairPenalty<T>& pair : pairs_)
      pair.add_rest(z, work_.image.data(), work_.spare.data(), work_.more.data());
    for_cells(cells, [&](Index c) { r[c] -= work_.image[c]; });
  }
  iterate(point);
}

template <class T>
void Smoother<T>::iterate(const Point& point) {
  const auto cells = static_cast<Index>(x_.size());
  T *const r = work_.residual.data(), *const q = work_.direction.data(), *const back = work_.turned.data(),
           *const image = work_.image.data();
  const T* const s = work_.penalty.data();
  T* const inverse = work_.inverse.data();
  const T density = static_cast<T>(density_);
  for_cells(cells, [&](Index c) {
    inverse[c] = 1 / (density + s[c]);
    q[c] = r[c] * inverse[c];
  });
  double rz = sum_of_cells(cells, [&](Index c) { return static_cast<double>(r[c]) * q[c]; });
  const double first = rz;
  for (Index k = 0; k < point.iterations && rz > point.tolerance * point.tolerance * first; ++k) {
    turn(q, back, false);
    masked(back, work_.more.data());
    turn(work_.more.data(), image, true);
    for (const PairPenalty<T>& pair : pairs_) pair.add_rest(q, image, work_.spare.data(), work_.more.data());
    const double curvature = sum_of_cells(cells, [&](Index c) {
      image[c] += s[c] * q[c];
      return static_cast<double>(image[c]) * q[c];
    });
    if (!(curvature > 0)) break;
    const T alpha = static_cast<T>(rz / curvature);
    const double next = sum_of_cells(cells, [&](Index c) {
      x_[c] += alpha * back[c];
      r[c] -= alpha * image[c];
      return static_cast<double>(r[c]) * r[c] * inverse[c];
    });
    const T beta = static_cast<T>(next / rz);
    for_cells(cells, [&](Index c) { q[c] = r[c] * inverse[c] + beta * q[c]; });
    rz = next;
  }
}

template <class T>
void Smoother<T>::save(Archive& to, const std::string& prefix) const {
  to.set(prefix + ".x", x_);
  for (std::size_t n = 0; n < bases_.size(); ++n)
    if (bases_[n].vectors().size() > 0) to.set(prefix + ".vectors" + std::to_string(n), bases_[n].vectors());
}

template <class T>
void Smoother<T>::load(const Archive& from, const std::string& prefix) {
  if constexpr (std::is_same_v<T, float>) {
    x_ = from.get_floats(prefix + ".x", static_cast<Index>(y_.size()));
  } else {
    x_ = from.get_doubles(prefix + ".x", static_cast<Index>(y_.size()));
  }
  for (std::size_t n = 0; n < bases_.size(); ++n) {
    const std::string name = prefix + ".vectors" + std::to_string(n);
    bases_[n].set_vectors(from.has(name) ? from.get_matrix(name, unfoldings_.shape[n]) : Matrix());
  }
}

template struct WorkSpace<float>;
template struct WorkSpace<double>;
template class Smoother<float>;
template class Smoother<double>;

}  // namespace rankflow::overlap
