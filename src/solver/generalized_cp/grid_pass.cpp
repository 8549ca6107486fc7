// All cells at once: rows of Khatri-Rao products of all modes but the longest, times that one's factor.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "rankflow/dense_array.h"
#include "solver/generalized_cp/cell_pass.h"

namespace rankflow::generalized {
namespace {

constexpr Index kTileCells = 1 << 15;  // cells whose numbers are in memory at a time, per thread
constexpr Index kMostParts = 16;       // each has a gradient of its own
constexpr double kFlopNs = 0.2;

template <class T>
using Tile = Eigen::Array<T, Eigen::Dynamic, 1>;

// What zeros cost: tile := d rho / d x at y = 0. Returns the sum of rho if it is wanted.
template <class T>
double zero_slopes(const TensorLoss& loss, Eigen::Ref<Tile<T>> tile, bool want_loss) {
  double sum = 0;
  switch (loss.penalty) {
    case TensorPenalty::squared:
      if (want_loss) sum = tile.template cast<double>().square().sum();
      tile *= T(2);
      return sum;
    case TensorPenalty::logistic:
      if (want_loss) sum = (tile.max(T(0)) + (-tile.abs()).exp().log1p()).template cast<double>().sum();
      tile = tile.logistic();
      return sum;
    case TensorPenalty::poisson:
      tile = tile.exp();
      return want_loss ? tile.template cast<double>().sum() : 0;
    case TensorPenalty::huber:
    case TensorPenalty::smooth_l1:
      break;
  }
  for (T& x : tile) {
    if (want_loss) sum += loss.rho(static_cast<double>(x), 0);
    x = static_cast<T>(loss.slope(static_cast<double>(x), 0));
  }
  return sum;
}

template <class T>
class GridPass final : public CellPass<T> {
 public:
  GridPass(const GeneralizedCpData& data, const WeightLayout& layout)
      : layout_(layout), loss_(data.listed.loss), absent_zero_(data.absent_zero) {
    inner_ = std::max_element(layout.shape.begin(), layout.shape.end()) - layout.shape.begin();
    for (Index n = 0; n < layout.order(); ++n)
      if (n != inner_) outer_.push_back(n);
    for (const Index n : outer_) rows_ *= layout.shape[n];
    list_cells(data.listed);
    tile_rows_ = std::clamp<Index>(kTileCells / layout.shape[inner_], 1, rows_);
    const Index tiles = (rows_ + tile_rows_ - 1) / tile_rows_;
    part_rows_ = (tiles + kMostParts - 1) / kMostParts * tile_rows_;
    parts_.resize(static_cast<std::size_t>((rows_ + part_rows_ - 1) / part_rows_));
  }

  double gradient(const std::vector<T>& weights, std::vector<T>& gradient, bool want_loss) override {
    set_inner(weights);
    std::vector<double> sums(parts_.size(), 0);
    parallel_blocks(
        static_cast<Index>(parts_.size()), 1,
        [&](Index part, Index, Index) {
          parts_[part].assign(static_cast<std::size_t>(layout_.size()), T(0));
          sums[part] = one_part(weights, part, want_loss);
        },
        kFlopNs * static_cast<double>(part_rows_ * layout_.shape[inner_] * width()));
    add_parts(parts_, gradient);
    double sum = 0;
    for (const double s : sums) sum += s;
    return sum;
  }

 private:
  Index width() const { return layout_.components + 2; }

  void list_cells(const TensorProblem<double>& listed) {
    const Index count = listed.count();
    std::vector<Index> row(static_cast<std::size_t>(count), 0);
    for (const Index n : outer_)
      for (Index k = 0; k < count; ++k) row[k] = row[k] * layout_.shape[n] + listed.index[n][k];
    begin_.assign(static_cast<std::size_t>(rows_ + 1), 0);
    for (const Index i : row) ++begin_[i + 1];
    for (Index i = 0; i < rows_; ++i) begin_[i + 1] += begin_[i];
    std::vector<Index> next(begin_.begin(), begin_.end() - 1);
    place_.resize(row.size());
    value_.resize(row.size());
    if (!listed.weight.empty()) weight_.resize(row.size());
    for (Index k = 0; k < count; ++k) {
      const Index to = next[row[k]]++;
      place_[to] = listed.index[inner_][k];
      value_[to] = static_cast<T>(listed.value[k]);
      if (!weight_.empty()) weight_[to] = static_cast<T>(listed.weight[k]);
    }
  }

  // Rows of the longest mode's factor with two more columns, (1, its effect), against (all else, 1) on the other side.
  void set_inner(const std::vector<T>& weights) {
    inner_rows_.resize(layout_.shape[inner_], width());
    for (Index i = 0; i < inner_rows_.rows(); ++i) {
      const T* row = weights.data() + layout_.at(inner_, i);
      std::copy(row, row + layout_.components, inner_rows_.row(i).data());
      inner_rows_(i, layout_.components) = T(1);
      inner_rows_(i, layout_.components + 1) = row[layout_.components];
    }
  }

  // Index along each outer mode.
  void locate(Index row, std::vector<Index>& index) const {
    for (std::size_t n = outer_.size(); n-- > 0;) {
      index[n] = row % layout_.shape[outer_[n]];
      row /= layout_.shape[outer_[n]];
    }
  }

  void set_outer(const std::vector<T>& weights, Index begin, Index end, MatrixOf<T>& products) const {
    std::vector<Index> index(outer_.size());
    products.resize(end - begin, width());
    for (Index row = begin; row < end; ++row) {
      locate(row, index);
      auto product = products.row(row - begin);
      product.setOnes();
      T sum = weights[static_cast<std::size_t>(layout_.offset())];
      for (std::size_t n = 0; n < outer_.size(); ++n) {
        const T* factor = weights.data() + layout_.at(outer_[n], index[n]);
        for (Index r = 0; r < layout_.components; ++r) product[r] *= factor[r];
        sum += factor[layout_.components];
      }
      product[layout_.components] = sum;
    }
  }

  double one_part(const std::vector<T>& weights, Index part, bool want_loss) {
    const Index last = std::min(rows_, (part + 1) * part_rows_), inner = layout_.shape[inner_];
    MatrixOf<T> products, cells, rows_gradient, inner_gradient = MatrixOf<T>::Zero(inner, width());
    double sum = 0;
    for (Index begin = part * part_rows_; begin < last; begin += tile_rows_) {
      const Index end = std::min(last, begin + tile_rows_);
      set_outer(weights, begin, end, products);
      cells.resize(end - begin, inner);
      cells.noalias() = products * inner_rows_.transpose();
      sum += to_slopes(begin, end, cells, want_loss);
      rows_gradient.resize(end - begin, width());
      rows_gradient.noalias() = cells * inner_rows_;
      inner_gradient.noalias() += cells.transpose() * products;
      collect(weights, begin, end, rows_gradient, parts_[part]);
    }
    for (Index i = 0; i < inner; ++i) {
      T* row = parts_[part].data() + layout_.at(inner_, i);
      std::copy_n(inner_gradient.row(i).data(), layout_.components, row);
      row[layout_.components] = inner_gradient(i, layout_.components + 1);
    }
    return sum;
  }

  // cells := slopes; 0 where nothing is seen.
  double to_slopes(Index begin, Index end, MatrixOf<T>& cells, bool want_loss) const {
    struct Listed {
      T slope;
      double rho;
    };
    double sum = 0;
    std::vector<T> slopes;
    const auto of = [&](Index row, Index q) -> T& { return cells(row - begin, place_[q]); };
    for (Index row = begin; row < end; ++row)
      for (Index q = begin_[row]; q < begin_[row + 1]; ++q) {
        const double x = static_cast<double>(of(row, q)), y = static_cast<double>(value_[q]),
                     w = weight_.empty() ? 1 : static_cast<double>(weight_[q]);
        slopes.push_back(static_cast<T>(w * loss_.slope(x, y)));
        if (want_loss) sum += w * loss_.rho(x, y) - (absent_zero_ ? loss_.rho(x, 0) : 0);
      }
    if (absent_zero_) {
      Eigen::Map<Tile<T>> all(cells.data(), cells.size());
      sum += zero_slopes<T>(loss_, all, want_loss);
    } else {
      cells.setZero();
    }
    auto next = slopes.begin();
    for (Index row = begin; row < end; ++row)
      for (Index q = begin_[row]; q < begin_[row + 1]; ++q) of(row, q) = *next++;
    return sum;
  }

  // Gradient of Khatri-Rao rows to that of the factors they are made of.
  void collect(const std::vector<T>& weights, Index begin, Index end, const MatrixOf<T>& from,
               std::vector<T>& to) const {
    const Index components = layout_.components;
    std::vector<Index> index(outer_.size());
    Tile<T> others(components);
    for (Index row = begin; row < end; ++row) {
      locate(row, index);
      const T* gradient = from.row(row - begin).data();
      for (std::size_t n = 0; n < outer_.size(); ++n) {
        others = Eigen::Map<const Tile<T>>(gradient, components);
        for (std::size_t m = 0; m < outer_.size(); ++m)
          if (m != n) others *= Eigen::Map<const Tile<T>>(weights.data() + layout_.at(outer_[m], index[m]), components);
        T* target = to.data() + layout_.at(outer_[n], index[n]);
        Eigen::Map<Tile<T>>(target, components) += others;
        target[components] += gradient[components];
      }
      to[static_cast<std::size_t>(layout_.offset())] += gradient[components];
    }
  }

  WeightLayout layout_;
  TensorLoss loss_;
  bool absent_zero_;
  Index inner_ = 0, rows_ = 1, tile_rows_ = 1, part_rows_ = 1;
  std::vector<Index> outer_;
  // Listed cells by row of the Khatri-Rao product.
  std::vector<Index> begin_;
  std::vector<std::int32_t> place_;  // along the longest mode
  std::vector<T> value_, weight_;
  MatrixOf<T> inner_rows_;
  std::vector<std::vector<T>> parts_;
};

}  // namespace

template <class T>
std::unique_ptr<CellPass<T>> make_grid_pass(const GeneralizedCpData& data, const WeightLayout& layout) {
  return std::make_unique<GridPass<T>>(data, layout);
}

template std::unique_ptr<CellPass<double>> make_grid_pass<double>(const GeneralizedCpData&, const WeightLayout&);
template std::unique_ptr<CellPass<float>> make_grid_pass<float>(const GeneralizedCpData&, const WeightLayout&);

}  // namespace rankflow::generalized
