// Tensors made by a rule, or read.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/tensor/tensor_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "experiment/tensor/tensor_options.h"
#include "rankflow/dense_array.h"
#include "rankflow/error.h"
#include "rankflow/read_tensor.h"

namespace rankflow::experiment {
namespace {

// Targets are keyed apart from starts, so that equal seeds do not start at the solution.
constexpr std::uint64_t kTargets = 0x7A26E7;
constexpr double kMostCells = 1e8;

std::uint64_t target_seed(const DataOptions& o) {
  return o.seed ^ (kTargets << 32);
}

// A sum of outer products of standard normal vectors, or a tree of standard normal matrices, scaled to a Frobenius norm
// (the published generators).
void make_cp(const DataOptions& o, TensorSource& source) {
  const CpFactorization<double> target =
      initialize_cp<double>(source.shape, o.tensor.rank, {.deviation = 1, .seed = target_seed(o)});
  source.truth = target.dense();
  source.component_norms = target.component_norms();
  std::sort(source.component_norms.begin(), source.component_norms.end(), std::greater<>());
}

void make_tree(const DataOptions& o, TensorSource& source) {
  const auto order = static_cast<Index>(source.shape.size());
  const ModeTree tree = parse_tree(o.tensor.tree, order, "data.tree");
  source.truth = initialize_tree<double>(tree, source.shape, parse_sizes(o.tensor.widths, "data.widths", 1),
                                         {.deviation = 1, .seed = target_seed(o)})
                     .dense();
}

}  // namespace

TensorSource read_tensor_source(const DataOptions& o) {
  const Tensor tensor = read_tensor(o.path);
  TensorSource source;
  source.shape = tensor.shape();
  if (tensor.cells() > kMostCells)
    throw InputError(o.path, fmt::format("has {:.3g} cells, studies take at most {:.0g}", tensor.cells(), kMostCells));
  const std::vector<Index> stride = strides(source.shape);
  for (Index k = 0; k < tensor.num_observed(); ++k) {
    Index cell = 0;
    for (Index n = 0; n < tensor.order(); ++n) cell += stride[n] * tensor.index[n][k];
    source.known.push_back(cell);
  }
  source.values = tensor.value;
  if (static_cast<double>(source.known.size()) == tensor.cells())  // sorted: cell k is number k
    source.truth = Eigen::Map<const Vector>(source.values.data(), static_cast<Index>(source.values.size()));
  return source;
}

TensorSource make_tensor(const DataOptions& o) {
  if (o.kind == DataKind::array) return read_tensor_source(o);
  TensorSource source;
  source.shape = parse_sizes(o.tensor.shape, "data.shape", 1);
  if (static_cast<double>(count_cells(source.shape)) > kMostCells)
    throw OptionError(fmt::format("data.shape = '{}': more than {:.0g} cells", o.tensor.shape, kMostCells));
  o.kind == DataKind::cp ? make_cp(o, source) : make_tree(o, source);
  const double factor = o.tensor.norm / source.truth.norm();
  source.truth *= factor;
  source.component_norms *= factor;
  source.known.resize(static_cast<std::size_t>(source.truth.size()));
  std::iota(source.known.begin(), source.known.end(), Index{0});
  source.values.assign(source.truth.begin(), source.truth.end());
  return source;
}

}  // namespace rankflow::experiment
