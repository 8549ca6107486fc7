// Factors of each mode and spectra of the unfoldings.
// SPDX-License-Identifier: Apache-2.0
#include "report/array_panels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "linalg/decompositions.h"
#include "rankflow/dense_array.h"

namespace rankflow::report {
namespace {

constexpr Index kMostComponents = 6;  // drawn; more cannot be told apart
constexpr Index kMostClouds = 3;      // of them where each is a cloud of points
constexpr Index kManyNames = 40;      // from so many names on
constexpr Index kMostBars = 70;       // sizes x components; more become points
constexpr Index kMostSizes = 60;      // singular values drawn
constexpr Index kMostIndices = 1500;  // of a mode whose singular vectors are computed
constexpr double kMostCells = 2e7;    // of an array whose unfoldings are computed
constexpr double kNegligible = 1e-7;  // of the largest singular value: below it a Gram matrix knows nothing

std::vector<double> counted(Index count) {
  std::vector<double> places(static_cast<std::size_t>(count));
  for (Index k = 0; k < count; ++k) places[static_cast<std::size_t>(k)] = static_cast<double>(k + 1);
  return places;
}

// The leading columns along one mode. Entries are scaled so that 1 is what a column of equal entries has everywhere.
ReportPanel column_panel(const Axis& axis, const std::string& title, const Matrix& columns, const std::string& word) {
  ReportPanel panel;
  panel.title = (word == "component" ? "Components along " : "Leading vectors along ") + title;
  panel.x_title = title;
  const bool named = axis.kind() == Axis::Kind::strings;
  const Index size = columns.rows(),
              shown = std::min(columns.cols(), named && size > kManyNames ? kMostClouds : kMostComponents);
  if (axis.kind() == Axis::Kind::positions)
    for (Index i = 0; i < size; ++i) panel.x.push_back(static_cast<double>(i + axis.base()));
  else if (axis.kind() == Axis::Kind::integers && std::is_sorted(axis.integer_ids().begin(), axis.integer_ids().end()))
    panel.x.assign(axis.integer_ids().begin(), axis.integer_ids().end());
  else
    panel.x = counted(size);
  if (axis.kind() != Axis::Kind::positions)
    for (Index i = 0; i < size; ++i) panel.labels.push_back(axis.name(i));
  panel.kind = !named && size > 12         ? ReportPanel::Kind::lines
               : size * shown <= kMostBars ? ReportPanel::Kind::bars
                                           : ReportPanel::Kind::points;
  panel.y_title = "Loading";
  panel.caption = fmt::format("The {} of {} {}{}, the largest first; a loading of 1 is the average size.",
                              shown == 1 ? "largest" : std::to_string(shown) + " largest",
                              std::to_string(columns.cols()), word, columns.cols() == 1 ? "" : "s");
  if (columns.cols() <= shown)
    panel.caption = fmt::format("{} {}{}; a loading of 1 is the average size.",
                                columns.cols() == 1 ? "The one" : "All " + std::to_string(columns.cols()), word,
                                columns.cols() == 1 ? "" : "s");
  const double scale = std::sqrt(static_cast<double>(size));
  for (Index r = 0; r < shown; ++r) {
    ReportPanel::Series series{fmt::format("{} {}", word, r + 1), {}};
    for (Index i = 0; i < size; ++i) series.values.push_back(scale * columns(i, r));
    panel.series.push_back(std::move(series));
  }
  return panel;
}

ReportPanel sizes_panel(const std::string& title, const std::string& y_title, const std::vector<double>& sizes,
                        const std::string& caption) {
  ReportPanel panel;
  panel.title = title;
  panel.x_title = "Component";
  panel.y_title = y_title;
  panel.caption = caption;
  panel.logarithmic = true;
  panel.kind = ReportPanel::Kind::bars;
  panel.x = counted(static_cast<Index>(sizes.size()));
  panel.series = {{"", sizes}};
  return panel;
}

std::vector<ReportPanel> component_panels(const Tensor& tensor, const ArrayCompletion& result) {
  std::vector<ReportPanel> panels;
  std::vector<double> norms = result.component_norms;
  const std::size_t all = norms.size();
  norms.resize(std::min(all, static_cast<std::size_t>(kMostSizes)));
  panels.push_back(sizes_panel("Sizes of the components", "Norm", norms,
                               "The Frobenius norm of each outer product; those above 5 % of the largest count as "
                               "distinct."));
  if (all > norms.size()) panels[0].caption += fmt::format(" The first {} of {}.", norms.size(), all);
  for (Index n = 0; n < tensor.order(); ++n)
    panels.push_back(column_panel(tensor.modes[n], mode_title(tensor, n), result.factors[n], "component"));
  return panels;
}

// Every cell as the predictor has it, last mode fastest.
std::vector<double> all_cells(const ArrayPredictor& predictor, const std::vector<Index>& shape) {
  std::vector<double> cells(static_cast<std::size_t>(count_cells(shape)));
  std::vector<std::int32_t> index(shape.size(), 0);
  for (double& cell : cells) {
    cell = predictor.predict(index);
    for (std::size_t n = shape.size(); n-- > 0;) {
      if (++index[n] < shape[n]) break;
      index[n] = 0;
    }
  }
  return cells;
}

// X_(n) X_(n)^T, one outer block after the other.
Matrix gram_along(const std::vector<double>& cells, const ModeView& view) {
  Matrix gram = Matrix::Zero(view.size, view.size);
  for (Index o = 0; o < view.outer; ++o) {
    const Eigen::Map<const Matrix> block(cells.data() + o * view.size * view.inner, view.size, view.inner);
    gram.noalias() += block * block.transpose();
  }
  return gram;
}

std::vector<ReportPanel> unfolding_panels(const Tensor& tensor, const ArrayCompletion& result) {
  std::vector<ReportPanel> panels, vectors;
  if (tensor.cells() > kMostCells) return panels;
  const std::vector<Index> shape = tensor.shape();
  const std::vector<double> cells = all_cells(*result.predictor, shape);
  for (Index n = 0; n < tensor.order(); ++n) {
    if (shape[n] > kMostIndices) continue;
    const SymmetricEigen eigen = symmetric_eigen(gram_along(cells, view_along(shape, n)));
    std::vector<double> sizes;
    Matrix columns(shape[n], std::min(shape[n], kMostComponents));
    for (Index k = 0; k < std::min(shape[n], kMostSizes); ++k) {  // eigenvalues ascend
      const Index at = shape[n] - 1 - k;
      const double s = std::sqrt(std::max(0.0, eigen.values[at]));
      if (!sizes.empty() && s <= kNegligible * sizes[0]) break;
      sizes.push_back(s);
    }
    for (Index k = 0; k < columns.cols(); ++k) {
      Vector column = eigen.vectors.col(shape[n] - 1 - k);
      Index largest = 0;
      column.cwiseAbs().maxCoeff(&largest);
      columns.col(k) = column[largest] < 0 ? Vector(-column) : column;
    }
    const std::string title = mode_title(tensor, n);
    const Index rank = n < static_cast<Index>(result.mode_ranks.size()) ? result.mode_ranks[n] : 0;
    panels.push_back(sizes_panel("Spectrum along " + title, "Singular value", sizes,
                                 fmt::format("Singular values of the unfolding; {} count as its rank. A steep fall "
                                             "means that few directions carry most of the array.",
                                             rank)));
    const Index useful = std::min<Index>(columns.cols(), static_cast<Index>(sizes.size()));
    vectors.push_back(column_panel(tensor.modes[n], title, columns.leftCols(useful), "vector"));
    vectors.back().caption =
        fmt::format("The {} leading singular vectors of the unfolding; a loading of 1 is the average size.",
                    vectors.back().series.size());
  }
  panels.insert(panels.end(), vectors.begin(), vectors.end());
  return panels;
}

}  // namespace

std::string mode_title(const Tensor& tensor, Index mode) {
  const std::string& title = tensor.modes[static_cast<std::size_t>(mode)].title;
  return title.empty() ? "mode " + std::to_string(mode + 1) : title;
}

std::vector<ReportPanel> array_panels(const Tensor& tensor, const ArrayCompletion& result) {
  if (!result.factors.empty() && result.rank > 0) return component_panels(tensor, result);
  return unfolding_panels(tensor, result);
}

}  // namespace rankflow::report
