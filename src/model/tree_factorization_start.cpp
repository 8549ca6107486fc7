// How a hierarchical factorization starts: widths and random weights.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "rankflow/error.h"
#include "rankflow/rng.h"
#include "rankflow/tree_factorization.h"

namespace rankflow {
namespace {

constexpr std::uint64_t kStream = 0x73EE;  // of the random numbers
constexpr double kWidest = 1e6;            // beyond it a default width is no help

// The most components a tensor of this shape can need: cells / largest size.
Index default_width(const std::vector<Index>& shape) {
  double width = 1;
  for (const Index size : shape) width *= static_cast<double>(size);
  width /= static_cast<double>(*std::max_element(shape.begin(), shape.end()));
  if (width > kWidest)
    throw OptionError(fmt::format("widths = 0: this shape could need {:.3g} components", width), "give the widths");
  return static_cast<Index>(width);
}

// R_v by inner node.
std::vector<Index> widths_of(const ModeTree& tree, const std::vector<Index>& shape, const std::vector<Index>& widths) {
  if (static_cast<Index>(shape.size()) != tree.order)
    throw OptionError(
        fmt::format("mode tree {}: found {} modes, expected the array's {}", tree.text(), tree.order, shape.size()));
  if (*std::min_element(shape.begin(), shape.end()) < 1) throw OptionError("a mode of size 0 holds nothing");
  if (widths.size() != 1 && static_cast<Index>(widths.size()) != tree.num_inner())
    throw OptionError(fmt::format("widths: found {} numbers, expected 1 or {}", widths.size(), tree.num_inner()),
                      fmt::format("one for every group of {}, inner groups first, or one for all", tree.text()));
  std::vector<Index> filled(static_cast<std::size_t>(tree.num_inner()), widths.front());
  if (widths.size() > 1) filled = widths;
  for (Index& width : filled) {
    if (width < 0) throw OptionError(fmt::format("widths: found {}, expected at least 0", width));
    if (width == 0) width = default_width(shape);
  }
  return filled;
}

}  // namespace

template <class T>
TreeFactorization<T> initialize_tree(const ModeTree& tree, const std::vector<Index>& shape,
                                     const std::vector<Index>& widths, const TensorInitializationOptions& options) {
  const std::vector<Index> inner = widths_of(tree, shape, widths);
  TreeFactorization<double> model{tree, {}};
  for (Index node = 0; node < tree.num_nodes(); ++node) {
    const Index rows = tree.is_leaf(node) ? shape[node] : inner[node - tree.order];
    const Index parent = tree.parent[node];
    Matrix weights(rows, parent < 0 ? 1 : inner[parent - tree.order]);
    for (Index i = 0; i < rows; ++i) {
      Rng rng(options.seed, kStream, static_cast<std::uint64_t>(node), static_cast<std::uint64_t>(i));
      for (Index j = 0; j < weights.cols(); ++j) weights(i, j) = options.mean + options.deviation * rng.normal();
    }
    model.weights.push_back(std::move(weights));
  }
  if (options.balanced) model.balance();
  TreeFactorization<T> rounded{tree, {}};
  for (const Matrix& weights : model.weights) rounded.weights.push_back(weights.cast<T>());
  return rounded;
}

template TreeFactorization<double> initialize_tree<double>(const ModeTree&, const std::vector<Index>&,
                                                           const std::vector<Index>&,
                                                           const TensorInitializationOptions&);
template TreeFactorization<float> initialize_tree<float>(const ModeTree&, const std::vector<Index>&,
                                                         const std::vector<Index>&, const TensorInitializationOptions&);

}  // namespace rankflow
