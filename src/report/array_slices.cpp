// Which slices of an array show best what was completed?
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "rankflow/dense_array.h"
#include "report/array_panels.h"

namespace rankflow::report {
namespace {

constexpr double kMostCells = 2e6;      // of one slice
constexpr double kLeastObserved = .02;  // share of a list's slice below which nothing is to be seen
constexpr std::size_t kSlices = 2;

struct Slice {
  std::vector<std::int32_t> at;  // of the other modes
  Index observed = 0;
};

struct Layout {
  std::size_t down, across;
  std::vector<std::size_t> others;
};

// The largest mode goes across: screens are wide.
Layout layout_of(const std::vector<Index>& shape) {
  std::vector<std::size_t> order(shape.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return shape[a] > shape[b]; });
  Layout layout{order[1], order[0], {}};
  for (std::size_t n = 0; n < shape.size(); ++n)
    if (n != layout.down && n != layout.across) layout.others.push_back(n);
  return layout;
}

// The slice with the most holes of those with as many observations as a quarter of the fullest one, and the fullest of
// the rest.
std::vector<Slice> choose(const Tensor& tensor, const Layout& layout) {
  std::map<std::vector<std::int32_t>, Index> counts;
  std::vector<std::int32_t> at(layout.others.size());
  for (Index k = 0; k < tensor.num_observed(); ++k) {
    for (std::size_t n = 0; n < at.size(); ++n) at[n] = tensor.index[layout.others[n]][k];
    ++counts[at];
  }
  std::vector<Slice> slices;
  for (const auto& [place, count] : counts) slices.push_back({place, count});
  std::stable_sort(slices.begin(), slices.end(),
                   [](const Slice& a, const Slice& b) { return a.observed > b.observed; });
  if (slices.size() <= kSlices) return slices;
  std::size_t emptiest = slices.size() - 1;
  while (4 * slices[emptiest].observed < slices[0].observed) --emptiest;
  return {slices[0], slices[std::max<std::size_t>(1, emptiest)]};
}

ReportMap draw(const Tensor& tensor, const ArrayPredictor& predictor, const Layout& layout, const Slice& slice) {
  ReportMap map;
  const std::vector<Index> shape = tensor.shape();
  map.before = Matrix::Constant(shape[layout.down], shape[layout.across], kNaN);
  map.after.resize(shape[layout.down], shape[layout.across]);
  std::vector<std::int32_t> index(shape.size());
  for (std::size_t n = 0; n < layout.others.size(); ++n) {
    index[layout.others[n]] = slice.at[n];
    const auto mode = static_cast<Index>(layout.others[n]);
    map.title += fmt::format("{}{}: {}", n == 0 ? "" : ", ", mode_title(tensor, mode),
                             tensor.modes[layout.others[n]].name(slice.at[n]));
  }
  for (Index i = 0; i < map.after.rows(); ++i)
    for (Index j = 0; j < map.after.cols(); ++j) {
      index[layout.down] = static_cast<std::int32_t>(i);
      index[layout.across] = static_cast<std::int32_t>(j);
      map.after(i, j) = predictor.predict(index);
    }
  for (Index k = 0; k < tensor.num_observed(); ++k) {
    bool here = true;
    for (std::size_t n = 0; here && n < layout.others.size(); ++n)
      here = tensor.index[layout.others[n]][k] == slice.at[n];
    if (!here) continue;
    const Index i = tensor.index[layout.down][k], j = tensor.index[layout.across][k];
    map.before(i, j) = map.after(i, j) = tensor.value[k];
  }
  map.by_column = false;
  map.row_title = mode_title(tensor, static_cast<Index>(layout.down));
  map.column_title = mode_title(tensor, static_cast<Index>(layout.across));
  if (tensor.value_title != "value") map.value_title = tensor.value_title;
  return map;
}

}  // namespace

std::vector<ReportMap> array_slices(const Tensor& tensor, const ArrayCompletion& result) {
  const ArrayPredictor& predictor = result.table_predictor ? *result.table_predictor : *result.predictor;
  const std::vector<Index> shape = tensor.shape();
  const Layout layout = layout_of(shape);
  const double cells = static_cast<double>(shape[layout.down]) * static_cast<double>(shape[layout.across]);
  std::vector<ReportMap> maps;
  if (cells > kMostCells) return maps;
  for (const Slice& slice : choose(tensor, layout))
    if (tensor.layout == Tensor::Layout::dense || static_cast<double>(slice.observed) >= kLeastObserved * cells)
      maps.push_back(draw(tensor, predictor, layout, slice));
  return maps;
}

}  // namespace rankflow::report
