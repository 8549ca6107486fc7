// The direction that a further component enters along.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/threads.h"
#include "rankflow/rng.h"
#include "solver/list_cp/posterior_rows.h"
#include "solver/list_cp/spectral_start.h"

namespace rankflow::list_cp {
namespace {

constexpr std::uint64_t kStream = 0x6C637031;
constexpr Index kStarts = 3, kSweeps = 10;
constexpr double kEnough = 1e-3;  // relative growth of the gain that ends the sweeps
constexpr Index kBlock = 1 << 14, kRows = 64;
constexpr Index kCheapCells = 200'000;     // of longer lists, one random start is enough beside spectral ones
constexpr Index kEnoughCells = 1'000'000;  // of a long list, every so-manyth cell shows the direction
constexpr Index kEnoughPerRow = 200;       // well enough if the rows of the longest mode keep so many each

struct Direction {
  std::vector<Vector> vectors = {};
  double gain = 0;  // of the sum of squares, when its rows are what regression makes of them
};

// u_i <- sum e f / (sum f^2 + ridge), f the product of the other modes' numbers; ridge: the mean of sum f^2, so that
// rows that few cells see do not win by fitting those.
double regress(const Tensor& tensor, const RowLists& lists, const std::vector<float>& residual, Index stride,
               Index mode, std::vector<Vector>& u) {
  const std::vector<Index>& ranges = lists.ranges(mode);
  const Index blocks = static_cast<Index>(ranges.size()) - 1;
  Vector top = Vector::Zero(tensor.size(mode)), bottom = top;
  parallel_blocks(blocks, 1, [&](Index block, Index, Index) {
    for (Index row = ranges[block]; row < ranges[block + 1]; ++row)
      lists.visit(mode, row, [&](Index k) {
        if (k % stride != 0) return;
        double f = tensor.weight.empty() ? 1 : std::sqrt(static_cast<double>(tensor.weight[k]));
        const double w = f;
        for (Index n = 0; n < tensor.order(); ++n)
          if (n != mode) f *= u[n][tensor.index[n][k]];
        top[row] += f * w * static_cast<double>(residual[k / stride]);
        bottom[row] += f * f;
      });
  });
  const double ridge = std::max(bottom.mean(), 1e-300);
  u[mode] = top.array() / (bottom.array() + ridge);
  return (2 * top.array() * u[mode].array() - bottom.array() * u[mode].array().square()).sum();
}

// Alternating regressions from random vectors, or from a spectral start.
class Search {
 public:
  Search(const Tensor& tensor, const RowLists& lists, const std::vector<float>& residual, Index stride)
      : tensor_(tensor), lists_(lists), residual_(residual), stride_(stride) {}

  // `found`: modes whose vectors say something; the others come first.
  void from(Direction direction, const std::vector<Index>& found) {
    const Index order = tensor_.order();
    if (!found.empty())
      for (Index n = 0; n < order; ++n)
        if (std::find(found.begin(), found.end(), n) == found.end()) update(n, direction);
    for (Index s = 0; s < kSweeps; ++s) {
      const double before = direction.gain;
      for (Index n = 0; n < order; ++n) update(n, direction);
      if (s > 0 && direction.gain <= before * (1 + kEnough)) break;
    }
    if (best_.vectors.empty() || direction.gain > best_.gain) best_ = std::move(direction);
  }
  const Direction& best() const { return best_; }

 private:
  // All but the last mode keep a mean square of 1.
  void update(Index n, Direction& direction) const {
    direction.gain = regress(tensor_, lists_, residual_, stride_, n, direction.vectors);
    const double size = std::sqrt(direction.vectors[n].squaredNorm() / static_cast<double>(tensor_.size(n)));
    if (n + 1 < tensor_.order() && size > 0) direction.vectors[n] /= size;
  }

  const Tensor& tensor_;
  const RowLists& lists_;
  const std::vector<float>& residual_;
  Index stride_;
  Direction best_;
};

Direction random_direction(const Tensor& tensor, std::uint64_t seed, Index number) {
  Direction direction;
  for (Index n = 0; n < tensor.order(); ++n) {
    Vector& u = direction.vectors.emplace_back(tensor.size(n));
    Rng rng(seed, kStream, static_cast<std::uint64_t>(number), static_cast<std::uint64_t>(n));
    for (double& x : u) x = rng.normal();
  }
  return direction;
}

std::vector<SpectralStart> starts_from_pairs(const Tensor& tensor, const RowLists& lists, const State& state,
                                             std::uint64_t seed) {
  std::vector<float> residual(static_cast<std::size_t>(tensor.num_observed()), std::numeric_limits<float>::quiet_NaN());
  parallel_blocks(
      tensor.size(0), kRows,
      [&](Index begin, Index end, Index) {
        for (Index row = begin; row < end; ++row)
          lists.visit(0, row,
                      [&](Index k) { residual[k] = static_cast<float>(tensor.value[k] - value_at(tensor, state, k)); });
      },
      1000);
  return spectral_starts(tensor, residual, seed);
}

}  // namespace

void add_component(const Tensor& tensor, const RowLists& lists, std::uint64_t seed, bool bayes, State& state) {
  const Index order = tensor.order(), known = state.components();
  std::vector<SpectralStart> spectral = starts_from_pairs(tensor, lists, state, seed);
  const std::vector<Index> shape = tensor.shape();
  const Index enough = std::max(kEnoughCells, kEnoughPerRow * *std::max_element(shape.begin(), shape.end()));
  const Index stride = std::max<Index>(1, lists.count() / enough);
  std::vector<float> residual(static_cast<std::size_t>((tensor.num_observed() + stride - 1) / stride));
  parallel_blocks(
      static_cast<Index>(residual.size()), kBlock,
      [&](Index begin, Index end, Index) {
        for (Index q = begin; q < end; ++q)
          residual[q] = static_cast<float>(tensor.value[q * stride] - value_at(tensor, state, q * stride));
      },
      10);
  Search search(tensor, lists, residual, stride);
  const bool once = stride > 1 || (!spectral.empty() && lists.count() > kCheapCells);
  for (Index start = 0; start < (once ? 1 : kStarts); ++start)
    search.from(random_direction(tensor, seed, known * kStarts + start), {});
  for (SpectralStart& start : spectral) search.from({std::move(start.vectors)}, start.found);
  const Direction& best = search.best();
  const double size = std::sqrt(best.vectors[order - 1].squaredNorm() / static_cast<double>(tensor.size(order - 1)));
  const double common = std::pow(std::max(size, 1e-12), 1 / static_cast<double>(order));
  for (Index n = 0; n < order; ++n) {
    ModeRows& rows = state.modes[n];
    rows.mean.conservativeResize(Eigen::NoChange, known + 1);
    rows.mean.col(known) = best.vectors[n] * (n + 1 < order ? common : common / std::max(size, 1e-12));
  }
  state.component_precision.conservativeResize(known + 1);
  state.component_precision[known] = 1 / (common * common);
  reset_second(bayes, state);
}

}  // namespace rankflow::list_cp
