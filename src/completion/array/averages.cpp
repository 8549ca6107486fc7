// Means over open modes.
// SPDX-License-Identifier: Apache-2.0
#include "completion/array/averages.h"

#include "completion/array/factor_files.h"

namespace rankflow::completion {
namespace {

std::vector<bool> open_modes(OpenIndex index) {
  std::vector<bool> open;
  for (const std::int32_t i : index) open.push_back(i < 0);
  return open;
}

// Strides of the array that is left without the open modes, 0 for these; the last mode is fastest.
std::vector<Index> closed_strides(const std::vector<Index>& shape, const std::vector<bool>& open) {
  std::vector<Index> stride(shape.size(), 0);
  Index next = 1;
  for (std::size_t n = shape.size(); n-- > 0;) {
    if (open[n]) continue;
    stride[n] = next;
    next *= shape[n];
  }
  return stride;
}

std::vector<double> means_over(const std::vector<float>& values, const std::vector<Index>& shape,
                               const std::vector<bool>& open) {
  const std::vector<Index> stride = closed_strides(shape, open);
  Index cells = 1, each = 1;
  for (std::size_t n = 0; n < shape.size(); ++n) (open[n] ? each : cells) *= shape[n];
  std::vector<double> means(static_cast<std::size_t>(cells), 0);
  std::vector<Index> index(shape.size(), 0);
  Index at = 0;
  for (const float value : values) {
    means[at] += static_cast<double>(value);
    for (std::size_t n = shape.size(); n-- > 0;) {
      at += stride[n];
      if (++index[n] < shape[n]) break;
      at -= stride[n] * shape[n];
      index[n] = 0;
    }
  }
  for (double& mean : means) mean /= static_cast<double>(each);
  return means;
}

}  // namespace

double average_mean(const GeneralizedCp& model, OpenIndex index) {
  double x = model.offset + average_entry(model.components, index);
  for (std::size_t n = 0; n < model.effects.size(); ++n)
    x += index[n] < 0 ? model.effects[n].mean() : model.effects[n][index[n]];
  return model.loss.mean(x);
}

double CellAverages::at(const std::vector<float>& values, const std::vector<Index>& shape, OpenIndex index) const {
  const std::vector<bool> open = open_modes(index);
  const std::lock_guard lock(mutex_);
  const auto [means, is_new] = known_.try_emplace(open);
  if (is_new) means->second = means_over(values, shape, open);
  const std::vector<Index> stride = closed_strides(shape, open);
  Index at = 0;
  for (std::size_t n = 0; n < shape.size(); ++n)
    if (!open[n]) at += stride[n] * index[n];
  return means->second[at];
}

UnfoldedAverages::Row UnfoldedAverages::average(const UnfoldedSide& side, const std::vector<Index>& shape,
                                                const Vector& bias, const Matrix& factor, OpenIndex index,
                                                std::map<std::vector<bool>, Rows>& known) const {
  std::vector<bool> open;
  Index each = 1, asked = 0;
  for (std::size_t k = 0; k < side.modes.size(); ++k) {
    const std::int32_t i = index[side.modes[k]];
    open.push_back(i < 0);
    if (i < 0)
      each *= shape[side.modes[k]];
    else
      asked += side.stride[k] * i;
  }
  const auto [rows, is_new] = known.try_emplace(open);
  if (is_new)
    for (std::size_t row = 0; row < side.keys.size(); ++row) {
      Index key = 0;
      for (std::size_t k = 0; k < open.size(); ++k)
        if (!open[k]) key += side.stride[k] * (side.keys[row] / side.stride[k] % shape[side.modes[k]]);
      Row& sum = rows->second.try_emplace(key, Row{0, Vector::Zero(factor.cols())}).first->second;
      sum.bias += bias[static_cast<Index>(row)];
      sum.factor += factor.row(static_cast<Index>(row)).transpose();
    }
  const auto found = rows->second.find(asked);
  if (found == rows->second.end()) return {0, Vector::Zero(factor.cols())};
  const double share = 1 / static_cast<double>(each);  // combinations that do not occur add nothing
  return {share * found->second.bias, share * found->second.factor};
}

double UnfoldedAverages::at(const UnfoldedMatrix& model, OpenIndex index) const {
  const std::lock_guard lock(mutex_);
  const LowRankModel& low = model.model;
  const Row row = average(model.rows, model.shape, low.row_bias, low.u, index, rows_),
            column = average(model.columns, model.shape, low.column_bias, low.v, index, columns_);
  return low.mean + row.bias + column.bias + (row.factor.array() * low.s.array() * column.factor.array()).sum();
}

}  // namespace rankflow::completion
