// What has to hold for every array with holes, and matrices as arrays of order 2.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/tensor.h"

#include <fmt/format.h>

#include <cmath>

#include "rankflow/error.h"

namespace rankflow {
namespace {

// Whether observation k - 1 comes before observation k in the order of the modes.
bool before(const Tensor& tensor, Index k) {
  for (const auto& mode : tensor.index)
    if (mode[k - 1] != mode[k]) return mode[k - 1] < mode[k];
  return false;
}

}  // namespace

std::vector<Index> Tensor::shape() const {
  std::vector<Index> sizes;
  for (const Axis& mode : modes) sizes.push_back(mode.size());
  return sizes;
}

double Tensor::cells() const {
  double product = 1;
  for (const Axis& mode : modes) product *= static_cast<double>(mode.size());
  return product;
}

void Tensor::validate() const {
  RANKFLOW_ASSERT(order() >= 1, "an array has at least one mode");
  RANKFLOW_ASSERT(index.size() == modes.size(), "one list of indices per mode");
  RANKFLOW_ASSERT(weight.empty() || weight.size() == value.size(), "one weight per value, or none");
  for (Index n = 0; n < order(); ++n) {
    RANKFLOW_ASSERT(index[n].size() == value.size(), fmt::format("mode {}: one index per value", n));
    for (const std::int32_t i : index[n])
      RANKFLOW_ASSERT(i >= 0 && i < size(n), fmt::format("mode {}: index {} of {}", n, i, size(n)));
  }
  for (Index k = 0; k < num_observed(); ++k) {
    RANKFLOW_ASSERT(k == 0 || before(*this, k), fmt::format("observation {}: order of cells", k));
    RANKFLOW_ASSERT(std::isfinite(value[k]), fmt::format("observation {}: value", k));
    RANKFLOW_ASSERT(weight.empty() || (weight[k] > 0 && std::isfinite(weight[k])), fmt::format("weight {}", k));
  }
}

Tensor to_tensor(const Table& table) {
  Tensor tensor;
  tensor.modes = {table.rows, table.columns};
  tensor.index.resize(2);
  tensor.index[0].reserve(table.value.size());
  for (Index i = 0; i < table.num_rows(); ++i)
    tensor.index[0].insert(tensor.index[0].end(), static_cast<std::size_t>(table.row_begin[i + 1] - table.row_begin[i]),
                           static_cast<std::int32_t>(i));
  tensor.index[1] = table.column;
  tensor.value = table.value;
  tensor.weight = table.weight;
  const bool list = table.layout == Table::Layout::triplets;
  tensor.layout = list ? Tensor::Layout::list : Tensor::Layout::dense;
  tensor.integer_values = table.integer_values;
  tensor.value_title = table.value_title;
  tensor.source = table.source;
  tensor.format = table.format;
  tensor.holes = list ? "cells that the list does not name" : "cells without a number";
  tensor.notes = table.notes;
  tensor.warnings = table.warnings;
  return tensor;
}

Table to_table(const Tensor& tensor) {
  if (tensor.order() != 2)
    throw InputError(tensor.source, fmt::format("found an array of order {}, expected a matrix", tensor.order()));
  Table table;
  table.rows = tensor.modes[0];
  table.columns = tensor.modes[1];
  table.row_begin.assign(static_cast<std::size_t>(table.num_rows()) + 1, 0);
  for (const std::int32_t i : tensor.index[0]) ++table.row_begin[i + 1];
  for (Index i = 0; i < table.num_rows(); ++i) table.row_begin[i + 1] += table.row_begin[i];
  table.column = tensor.index[1];
  table.value = tensor.value;
  table.weight = tensor.weight;
  table.layout = tensor.layout == Tensor::Layout::list ? Table::Layout::triplets : Table::Layout::dense;
  table.integer_values = tensor.integer_values;
  table.value_title = tensor.value_title;
  table.source = tensor.source;
  table.format = tensor.format;
  table.notes = tensor.notes;
  table.warnings = tensor.warnings;
  return table;
}

}  // namespace rankflow
