// Instruments that compare a run on a tensor with the laws of its motion: conserved differences, rates of components.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "instrument/tensor_catalogue.h"

namespace rankflow {
namespace {

using Made = TensorInstrumentKind::Made;

constexpr Index kShown = 5;

// Norms of components by their number, unsorted, and gamma_r = <-grad L(T), component r of norm 1>. The gradient by any
// one vector w of a component is <w, dL/dw> = -sigma gamma: the component is linear in each of its vectors.
struct Components {
  Vector norm, gamma;
};

Components of_cp(TensorSnapshot& snapshot) {
  const std::vector<Matrix>& factors = snapshot.cp()->factors;
  Components found{snapshot.cp()->component_norms(), {}};
  if (snapshot.gradient().empty()) return found;
  found.gamma = -(factors[0].array() * snapshot.gradient()[0].array()).colwise().sum().transpose();
  found.gamma.array() /= found.norm.array();
  return found;
}

Components of_node(TensorSnapshot& snapshot, Index node) {
  Components found{snapshot.tree()->local_component_norms(node), {}};
  if (snapshot.gradient().empty()) return found;
  // Row r of the node's own weights belongs to local component r alone.
  found.gamma = -(snapshot.tree()->weights[node].array() * snapshot.gradient()[node].array()).rowwise().sum();
  found.gamma.array() /= found.norm.array();
  return found;
}

// d sigma_r / dt between this snapshot and the one before, beside the mean of the law's values at both; of the
// components that are largest now.
class ComponentRates {
 public:
  /// axes: vectors of a component; node -1: a CP factorization.
  ComponentRates(double axes, Index node, Index count) : axes_(axes), node_(node), count_(count) {}

  void operator()(TensorSnapshot& snapshot, std::vector<double>& out) {
    Components now = node_ < 0 ? of_cp(snapshot) : of_node(snapshot, node_);
    Vector law = Vector::Constant(now.norm.size(), kNaN);
    for (Index r = 0; r < now.gamma.size(); ++r) law[r] = axes_ * std::pow(now.norm[r], 2 - 2 / axes_) * now.gamma[r];
    std::vector<Index> order(static_cast<std::size_t>(now.norm.size()));
    std::iota(order.begin(), order.end(), Index{0});
    std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return now.norm[a] > now.norm[b]; });
    const double elapsed = snapshot.time - time_;
    for (Index k = 0; k < count_; ++k) {
      const Index r = k < now.norm.size() ? order[k] : -1;
      const bool known = r >= 0 && r < law_.size();
      out.push_back(known ? (now.norm[r] - norm_[r]) / elapsed : kNaN);
      out.push_back(known ? (law[r] + law_[r]) / 2 : kNaN);
    }
    time_ = snapshot.time;
    norm_ = std::move(now.norm);
    law_ = std::move(law);
  }

 private:
  double axes_;
  Index node_, count_;
  double time_ = 0;
  Vector norm_, law_;
};

std::vector<std::string> rate_columns(const std::string& label, Index count) {
  std::vector<std::string> columns;
  for (Index r = 1; r <= count; ++r) {
    columns.push_back(fmt::format("rate_{}{}", label, r));
    columns.push_back(fmt::format("law_{}{}", label, r));
  }
  return columns;
}

Made component_rates(const TensorInstrumentRequest& request) {
  request.require_cp();
  const Index count = request.count(0, kShown);
  return {rate_columns("", count), ComponentRates(static_cast<double>(request.order()), -1, count)};
}

Made local_component_rates(const TensorInstrumentRequest& request) {
  const Index node = request.node(0), count = request.count(1, kShown);
  const double axes = static_cast<double>(request.subject.tree->children[node].size()) + 1;
  return {rate_columns(request.node_label(node) + "_", count), ComponentRates(axes, node, count)};
}

Made unbalancedness(const TensorInstrumentRequest& request) {
  return {
      {request.name}, [](TensorSnapshot& snapshot, std::vector<double>& out) {
        out.push_back(snapshot.cp() != nullptr ? snapshot.cp()->unbalancedness() : snapshot.tree()->unbalancedness());
      }};
}

}  // namespace

std::vector<TensorInstrumentKind> tensor_dynamics_instruments() {
  return {
      {"unbalancedness", "",
       "the largest difference of squared norms between two vectors of one component, or of one local component, which "
       "the gradient flow conserves",
       unbalancedness},
      {"component_rates", "[:k]",
       "d sigma_r/dt of the k (5 without k) components that are largest now, as measured since the last record "
       "(rate_r), "
       "beside the law N sigma_r^(2-2/N) gamma_r of balanced components (law_r, mean of its values at both ends); "
       "gamma_r "
       "= <-grad L, component r of norm 1> (Razin, Maman, Cohen 2021)",
       component_rates},
      {"local_component_rates", "[:NODE[:k]]",
       "the same for local components at a node with K - 1 children, K vectors each: rate_NODE_r beside law_NODE_r, K "
       "sigma^(2-2/K) gamma (Razin, Maman, Cohen 2022)",
       local_component_rates},
      {"step_size", "", "the step size of the last update",
       [](const TensorInstrumentRequest& request) {
         return Made{{request.name},
                     [](TensorSnapshot& snapshot, std::vector<double>& out) { out.push_back(snapshot.step_size); }};
       }},
      {"gradient_norm", "", "Euclidean norm of the gradient over all weights",
       [](const TensorInstrumentRequest& request) {
         return Made{{request.name},
                     [](TensorSnapshot& snapshot, std::vector<double>& out) { out.push_back(snapshot.gradient_norm); }};
       }},
  };
}

}  // namespace rankflow
