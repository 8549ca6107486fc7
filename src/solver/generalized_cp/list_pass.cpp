// Listed cells one by one; where the others are zeros that are too many to look at, a sample of them.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/threads.h"
#include "rankflow/rng.h"
#include "solver/generalized_cp/cell_pass.h"

namespace rankflow::generalized {
namespace {

constexpr Index kMostParts = 16;       // each has a gradient of its own
constexpr double kCellsPerWeight = 2;  // that a part has at least, times the order: adding up must not dominate
constexpr Index kZerosPerListed = 10;  // sampled in every pass
constexpr Index kFewestZeros = 100'000;
constexpr std::uint64_t kZeroStream = 0x7A65726F;
constexpr double kCellNs = 50;
constexpr double kMostGridCells = 5e7;  // at once in every pass; beyond, zeros are sampled
constexpr double kListCost = 3;         // of a listed cell, against one in a product of matrices

template <class T>
class ListPass final : public CellPass<T> {
 public:
  ListPass(const GeneralizedCpData& data, const WeightLayout& layout, std::uint64_t seed)
      : layout_(layout), data_(data), seed_(seed) {
    double cells = 1;
    for (const Index size : layout.shape) cells *= static_cast<double>(size);
    if (data.absent_zero) {
      zeros_ = std::max(kFewestZeros, kZerosPerListed * data.listed.count());
      zero_weight_ = cells / static_cast<double>(zeros_);
    }
    const double seen = static_cast<double>(data.listed.count() + zeros_);
    const Index parts = std::clamp<Index>(static_cast<Index>(seen * static_cast<double>(layout.order()) /
                                                             (kCellsPerWeight * static_cast<double>(layout.rows))),
                                          1, kMostParts);
    parts_.resize(static_cast<std::size_t>(parts));
  }

  double gradient(const std::vector<T>& weights, std::vector<T>& gradient, bool want_loss) override {
    const Index parts = static_cast<Index>(parts_.size());
    std::vector<double> sums(parts_.size(), 0);
    parallel_blocks(
        parts, 1,
        [&](Index part, Index, Index) {
          parts_[part].assign(static_cast<std::size_t>(layout_.size()), T(0));
          const auto share = [&](Index count, Index p) { return count * p / parts; };
          const Index listed = data_.listed.count();
          sums[part] = add_listed(weights, share(listed, part), share(listed, part + 1), parts_[part], want_loss) +
                       add_zeros(weights, share(zeros_, part), share(zeros_, part + 1), parts_[part], want_loss);
        },
        kCellNs * static_cast<double>((data_.listed.count() + zeros_) / parts));
    ++pass_;
    add_parts(parts_, gradient);
    double sum = 0;
    for (const double s : sums) sum += s;
    return sum;
  }

 private:
  using Row = Eigen::Array<T, Eigen::Dynamic, 1>;

  struct Work {
    explicit Work(const WeightLayout& layout) : index(layout.shape.size()), product(layout.components) {}
    std::vector<Index> index;
    Row product;
  };

  T value_at(const std::vector<T>& weights, Work& work) const {
    T x = weights[static_cast<std::size_t>(layout_.offset())];
    for (Index n = 0; n < layout_.order(); ++n) {
      const T* row = weights.data() + layout_.at(n, work.index[n]);
      const Eigen::Map<const Row> factor(row, layout_.components);
      if (n == 0)
        work.product = factor;
      else
        work.product *= factor;
      x += row[layout_.components];
    }
    return x + work.product.sum();
  }

  void add_slope(const std::vector<T>& weights, Work& work, T slope, std::vector<T>& to) const {
    for (Index n = 0; n < layout_.order(); ++n) {
      work.product.setConstant(slope);
      for (Index m = 0; m < layout_.order(); ++m)
        if (m != n)
          work.product *= Eigen::Map<const Row>(weights.data() + layout_.at(m, work.index[m]), layout_.components);
      T* target = to.data() + layout_.at(n, work.index[n]);
      Eigen::Map<Row>(target, layout_.components) += work.product;
      target[layout_.components] += slope;
    }
    to[static_cast<std::size_t>(layout_.offset())] += slope;
  }

  // Where zeros are sampled from all cells, a listed one counts as what it is less what it is as a zero.
  double add_listed(const std::vector<T>& weights, Index begin, Index end, std::vector<T>& to, bool want_loss) const {
    const TensorProblem<double>& listed = data_.listed;
    Work work(layout_);
    double sum = 0;
    for (Index k = begin; k < end; ++k) {
      for (Index n = 0; n < layout_.order(); ++n) work.index[n] = listed.index[n][k];
      const double x = static_cast<double>(value_at(weights, work)), y = listed.value[k],
                   w = listed.weight.empty() ? 1 : listed.weight[k];
      double slope = w * listed.loss.slope(x, y);
      if (want_loss) sum += w * listed.loss.rho(x, y);
      if (data_.absent_zero) {
        slope -= listed.loss.slope(x, 0);
        if (want_loss) sum -= listed.loss.rho(x, 0);
      }
      add_slope(weights, work, static_cast<T>(slope), to);
    }
    return sum;
  }

  double add_zeros(const std::vector<T>& weights, Index begin, Index end, std::vector<T>& to, bool want_loss) const {
    Work work(layout_);
    double sum = 0;
    for (Index k = begin; k < end; ++k) {
      Rng rng(seed_, kZeroStream, pass_, static_cast<std::uint64_t>(k));
      for (Index n = 0; n < layout_.order(); ++n)
        work.index[n] = static_cast<Index>(rng.below(static_cast<std::uint64_t>(layout_.shape[n])));
      const double x = static_cast<double>(value_at(weights, work));
      if (want_loss) sum += zero_weight_ * data_.listed.loss.rho(x, 0);
      add_slope(weights, work, static_cast<T>(zero_weight_ * data_.listed.loss.slope(x, 0)), to);
    }
    return sum;
  }

  WeightLayout layout_;
  GeneralizedCpData data_;
  Index zeros_ = 0;
  double zero_weight_ = 0;
  std::uint64_t seed_ = 0, pass_ = 0;
  std::vector<std::vector<T>> parts_;
};

}  // namespace

template <class T>
void add_parts(const std::vector<std::vector<T>>& parts, std::vector<T>& total) {
  total.assign(parts.front().size(), T(0));
  parallel_blocks(
      static_cast<Index>(total.size()), Index{1} << 14,
      [&](Index begin, Index end, Index) {
        for (const std::vector<T>& part : parts)
          for (Index k = begin; k < end; ++k) total[k] += part[k];
      },
      static_cast<double>(parts.size()));
}

template <class T>
std::unique_ptr<CellPass<T>> make_list_pass(const GeneralizedCpData& data, const WeightLayout& layout,
                                            std::uint64_t seed) {
  return std::make_unique<ListPass<T>>(data, layout, seed);
}

template <class T>
std::unique_ptr<CellPass<T>> make_pass(const GeneralizedCpData& data, const WeightLayout& layout, std::uint64_t seed) {
  double cells = 1;
  for (const Index size : layout.shape) cells *= static_cast<double>(size);
  const bool few = cells <= kMostGridCells;
  const bool dense = cells <= kListCost * static_cast<double>(data.listed.count());
  return few && (data.absent_zero || dense) ? make_grid_pass<T>(data, layout) : make_list_pass<T>(data, layout, seed);
}

template void add_parts<double>(const std::vector<std::vector<double>>&, std::vector<double>&);
template void add_parts<float>(const std::vector<std::vector<float>>&, std::vector<float>&);
template std::unique_ptr<CellPass<double>> make_list_pass<double>(const GeneralizedCpData&, const WeightLayout&,
                                                                  std::uint64_t);
template std::unique_ptr<CellPass<float>> make_list_pass<float>(const GeneralizedCpData&, const WeightLayout&,
                                                                std::uint64_t);
template std::unique_ptr<CellPass<double>> make_pass<double>(const GeneralizedCpData&, const WeightLayout&,
                                                             std::uint64_t);
template std::unique_ptr<CellPass<float>> make_pass<float>(const GeneralizedCpData&, const WeightLayout&,
                                                           std::uint64_t);

}  // namespace rankflow::generalized
