// What a generalized CP model says of a cell, and how it is kept in a file.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>

#include "rankflow/error.h"
#include "rankflow/generalized_cp.h"
#include "solver/generalized_cp/weights.h"

namespace rankflow {
namespace {

constexpr std::int64_t kMostModes = 64;

std::string numbered(const std::string& prefix, const char* what, Index mode) {
  return fmt::format("{}{}_{}", prefix, what, mode);
}

void require(bool sound, const Archive& archive, const std::string& name, const std::string& problem) {
  if (!sound) throw InputError(archive.source(), fmt::format("{}: {}", name, problem));
}

}  // namespace

double GeneralizedCp::linear(std::span<const std::int32_t> index) const {
  double x = offset;
  for (std::size_t n = 0; n < effects.size(); ++n) x += effects[n][index[n]];
  return components.components() > 0 ? x + components.entry(index) : x;
}

void store(Archive& archive, const std::string& prefix, const GeneralizedCp& model) {
  archive.set(prefix + "penalty", static_cast<std::int64_t>(model.loss.penalty));
  archive.set(prefix + "delta", model.loss.delta);
  archive.set(prefix + "offset", model.offset);
  archive.set(prefix + "order", static_cast<std::int64_t>(model.components.order()));
  for (Index n = 0; n < model.components.order(); ++n) {
    archive.set(numbered(prefix, "factor", n), model.components.factors[n]);
    archive.set(numbered(prefix, "effect", n), model.effects[n]);
  }
}

GeneralizedCp load_generalized_cp(const Archive& archive, const std::string& prefix) {
  GeneralizedCp model;
  const std::int64_t penalty = archive.get_int(prefix + "penalty"), order = archive.get_int(prefix + "order");
  require(penalty >= 0 && penalty <= static_cast<std::int64_t>(TensorPenalty::poisson), archive, prefix + "penalty",
          fmt::format("found {}, expected the number of a loss", penalty));
  require(order >= 1 && order <= kMostModes, archive, prefix + "order",
          fmt::format("found {}, expected 1 to {}", order, kMostModes));
  model.loss.penalty = static_cast<TensorPenalty>(penalty);
  model.loss.delta = archive.get_double(prefix + "delta");
  model.offset = archive.get_double(prefix + "offset");
  require(std::isfinite(model.offset), archive, prefix + "offset", "is not a finite number");
  Index components = -1;
  for (Index n = 0; n < order; ++n) {
    model.components.factors.push_back(archive.get_matrix(numbered(prefix, "factor", n), -1, components));
    components = model.components.factors.back().cols();
    model.effects.push_back(archive.get_vector(numbered(prefix, "effect", n), model.components.factors.back().rows()));
    require(model.components.factors.back().allFinite() && model.effects.back().allFinite(), archive,
            numbered(prefix, "factor", n), "it or its effects are not finite");
  }
  return model;
}

namespace generalized {

template <class T>
GeneralizedCp to_model(const WeightLayout& layout, const std::vector<T>& weights, const TensorLoss& loss) {
  GeneralizedCp model;
  model.loss = loss;
  model.offset = static_cast<double>(weights[static_cast<std::size_t>(layout.offset())]);
  for (Index n = 0; n < layout.order(); ++n) {
    const Eigen::Map<const MatrixOf<T>> rows(weights.data() + layout.at(n, 0), layout.shape[n], layout.width());
    model.components.factors.push_back(rows.leftCols(layout.components).template cast<double>());
    model.effects.push_back(rows.col(layout.components).template cast<double>());
  }
  return model;
}

template GeneralizedCp to_model<double>(const WeightLayout&, const std::vector<double>&, const TensorLoss&);
template GeneralizedCp to_model<float>(const WeightLayout&, const std::vector<float>&, const TensorLoss&);

}  // namespace generalized
}  // namespace rankflow
