// How do the cells of a dense array become observations? Holes are left out, what is infinite is a flaw.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "data/cell.h"
#include "data/flaws.h"
#include "rankflow/error.h"
#include "rankflow/tensor.h"

namespace rankflow {

/// What a reader knows about an array before it looks at the cells.
struct DenseShape {
  std::vector<Index> shape;
  bool column_major = false;   // the first mode is fastest in the file
  bool integers = false;       // the type holds whole numbers only
  bool wide_integers = false;  // of 64 bits: a double may not hold them

  Index count() const;
  /// Distance in the file between neighbours along each mode.
  std::vector<Index> strides() const;
};

/// Throws InputError unless there is a mode, no mode is empty, positions fit and the cells can be counted.
void check_shape(const std::vector<Index>& shape, const Flaws& flaws);
/// "[3, 0, 12]", counted from 0.
std::string place_text(const std::vector<std::int32_t>& index);
/// What counts as a hole, for Tensor::holes.
std::string holes_text(bool integers, const std::string& missing);
/// Positions from 0 along every mode.
std::vector<Axis> position_axes(const std::vector<Index>& shape);

/// Calls use(position in the file, index) for every cell in the order of the modes, the last one fastest.
template <class Use>
void for_each_cell(const DenseShape& dense, Use&& use) {
  const std::size_t last = dense.shape.size() - 1;
  const std::vector<Index> stride = dense.strides();
  std::vector<std::int32_t> index(dense.shape.size(), 0);
  const Index fibres = dense.count() / dense.shape[last];
  for (Index fibre = 0, begin = 0; fibre < fibres; ++fibre) {
    for (Index j = 0; j < dense.shape[last]; ++j) {
      index[last] = static_cast<std::int32_t>(j);
      use(begin + j * stride[last], index);
    }
    for (std::size_t n = last; n-- > 0;) {
      begin += stride[n];
      if (++index[n] < dense.shape[n]) break;
      begin -= stride[n] * dense.shape[n];
      index[n] = 0;
    }
  }
}

/// Fills modes, cells, what a hole is, and warnings. cell(position in the file) is a value; it is asked for twice, so
/// that memory is taken for what is observed and not for more.
template <class Cell>
void fill_dense(Tensor& tensor, const DenseShape& dense, const std::string& missing, Flaws& flaws, Cell&& cell) {
  const ExtraHoles extra(missing);
  if (const std::string word = extra.word(); !word.empty())
    throw OptionError("--missing " + word + ": the cells of this file are numbers, and that is none");
  const auto observed = [&](double value) {
    return std::isfinite(value) && (extra.empty() || !extra.match("", true, value));
  };
  Index count = 0, inexact = 0;
  for_each_cell(dense, [&](Index position, const std::vector<std::int32_t>& index) {
    const double value = cell(position);
    if (std::isinf(value))
      flaws.add(0, "the value at " + place_text(index) + " is infinite; expected a finite number or NaN",
                "make it NaN if it is not known", "made a hole");
    count += observed(value);
    inexact += dense.wide_integers && std::abs(value) > 9007199254740992.0;  // 2^53
  });
  tensor.index.resize(dense.shape.size());
  for (auto& mode : tensor.index) mode.reserve(static_cast<std::size_t>(count));
  tensor.value.reserve(static_cast<std::size_t>(count));
  for_each_cell(dense, [&](Index position, const std::vector<std::int32_t>& index) {
    const double value = cell(position);
    if (!observed(value)) return;
    for (std::size_t n = 0; n < index.size(); ++n) tensor.index[n].push_back(index[n]);
    tensor.value.push_back(value);
  });
  tensor.layout = Tensor::Layout::dense;
  tensor.modes = position_axes(dense.shape);
  tensor.integer_values = dense.integers;
  tensor.holes = holes_text(dense.integers, missing);
  extra.report(tensor.warnings);
  if (inexact > 0)
    tensor.warnings.push_back(std::to_string(inexact) + " value(s) beyond 2^53 are rounded to the nearest float64");
}

}  // namespace rankflow
