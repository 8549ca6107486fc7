// Means of modes and of pairs of modes with shrinkage, by sweeps over residuals.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/tensor_effects.h"

#include <algorithm>

#include "rankflow/error.h"

namespace rankflow {
namespace {

// Groups of one mode, then of two, and so on, in the order of their modes.
std::vector<TensorEffects::Group> make_groups(const std::vector<Index>& shape, Index largest) {
  const Index order = static_cast<Index>(shape.size());
  std::vector<TensorEffects::Group> groups;
  for (Index size = 1; size <= std::min(largest, order - 1); ++size) {
    std::vector<bool> chosen(static_cast<std::size_t>(order), false);
    std::fill(chosen.begin(), chosen.begin() + size, true);
    do {
      TensorEffects::Group group;
      Index count = 1;
      for (Index n = 0; n < order; ++n)
        if (chosen[n]) group.modes.push_back(n), count *= shape[n];
      group.value = Vector::Zero(count);
      groups.push_back(std::move(group));
    } while (std::prev_permutation(chosen.begin(), chosen.end()));
  }
  return groups;
}

// Distance along each mode within a group's values; 0 for modes that are not in it.
std::vector<Index> group_strides(const std::vector<Index>& shape, const std::vector<Index>& modes) {
  std::vector<Index> stride(shape.size(), 0);
  Index distance = 1;
  for (std::size_t k = modes.size(); k-- > 0;) {
    stride[modes[k]] = distance;
    distance *= shape[modes[k]];
  }
  return stride;
}

// Calls work(position in the group, cell) for every cell.
template <class Work>
void for_all_cells(const std::vector<Index>& shape, const std::vector<Index>& modes, Work&& work) {
  const std::vector<Index> stride = group_strides(shape, modes);
  const std::size_t last = shape.size() - 1;
  std::vector<Index> index(shape.size(), 0);
  const Index rows = count_cells(shape) / shape[last];
  Index base = 0, cell = 0;
  for (Index row = 0; row < rows; ++row) {
    for (Index j = 0; j < shape[last]; ++j) work(base + j * stride[last], cell++);
    for (std::size_t n = last; n-- > 0;) {
      base += stride[n];
      if (++index[n] < shape[n]) break;
      base -= stride[n] * shape[n];
      index[n] = 0;
    }
  }
}

struct DenseCells {
  const DenseArray& array;
  const CellMask& use;
  const std::vector<double>& value() const { return array.value; }
  template <class Work>
  void visit(const std::vector<Index>& modes, Work&& work) const {
    for_all_cells(array.shape, modes, [&](Index position, Index cell) {
      if (use[cell] && array.observed[cell]) work(position, cell);
    });
  }
};

struct ListedCells {
  const Tensor& tensor;
  const CellMask& use;
  const std::vector<double>& value() const { return tensor.value; }
  template <class Work>
  void visit(const std::vector<Index>& modes, Work&& work) const {
    std::vector<Index> shape;
    for (const Axis& axis : tensor.modes) shape.push_back(axis.size());
    const std::vector<Index> stride = group_strides(shape, modes);
    for (std::size_t k = 0; k < tensor.value.size(); ++k) {
      if (!use[k]) continue;
      Index position = 0;
      for (const Index n : modes) position += stride[n] * tensor.index[n][k];
      work(position, static_cast<Index>(k));
    }
  }
};

template <class Cells>
TensorEffects fit(const Cells& cells, std::vector<Index> shape, const TensorEffectOptions& options) {
  RANKFLOW_ASSERT(cells.use.size() == cells.value().size(), "the choice of cells has another size");
  TensorEffects effects;
  effects.groups = make_groups(shape, options.largest_group);
  effects.shape = std::move(shape);
  double sum = 0, count = 0;
  cells.visit({}, [&](Index, Index k) { sum += cells.value()[k], count += 1; });
  if (!(count > 0)) return effects;
  effects.mean = sum / count;
  std::vector<double> residual = cells.value();
  for (double& e : residual) e -= effects.mean;
  for (int sweep = 0; sweep < options.sweeps; ++sweep) {
    for (TensorEffects::Group& group : effects.groups) {
      Vector total = Vector::Zero(group.value.size()), seen = total;
      cells.visit(group.modes, [&](Index position, Index k) { total[position] += residual[k], seen[position] += 1; });
      // The residual has the group's own effect taken off already; it counts as a part of what is to be explained.
      const Vector next =
          ((total + seen.cwiseProduct(group.value)).array() / (seen.array() + options.shrinkage).max(1e-300)).matrix();
      const Vector change = next - group.value;
      cells.visit(group.modes, [&](Index position, Index k) { residual[k] -= change[position]; });
      group.value = next;
    }
  }
  return effects;
}

}  // namespace

double TensorEffects::at(const std::vector<Index>& index) const {
  double sum = mean;
  for (const Group& group : groups) {
    Index position = 0;
    for (const Index n : group.modes) position = position * shape[n] + index[n];
    sum += group.value[position];
  }
  return sum;
}

std::vector<double> TensorEffects::everywhere() const {
  std::vector<double> all(static_cast<std::size_t>(count_cells(shape)), mean);
  for (const Group& group : groups)
    for_all_cells(shape, group.modes, [&](Index position, Index cell) { all[cell] += group.value[position]; });
  return all;
}

TensorEffects fit_effects(const DenseArray& array, const CellMask& use, const TensorEffectOptions& options) {
  return fit(DenseCells{array, use}, array.shape, options);
}

TensorEffects fit_effects(const Tensor& tensor, const CellMask& use, const TensorEffectOptions& options) {
  std::vector<Index> shape;
  for (const Axis& axis : tensor.modes) shape.push_back(axis.size());
  return fit(ListedCells{tensor, use}, std::move(shape), options);
}

}  // namespace rankflow
