// A snapshot of a factorization of a tensor that stands still, for tests of what looks at snapshots.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <vector>

#include "rankflow/tensor_snapshot.h"

namespace rankflow::test {

class FixedTensorSnapshot final : public TensorSnapshot {
 public:
  explicit FixedTensorSnapshot(CpFactorization<double> model, std::vector<Matrix> gradient = {})
      : fixed_cp_(std::move(model)), fixed_gradient_(std::move(gradient)) {}
  explicit FixedTensorSnapshot(TreeFactorization<double> model, std::vector<Matrix> gradient = {})
      : fixed_tree_(std::move(model)), fixed_gradient_(std::move(gradient)) {}

 private:
  void compute_model(std::optional<CpFactorization<double>>& cp,
                     std::optional<TreeFactorization<double>>& tree) override {
    cp = fixed_cp_;
    tree = fixed_tree_;
  }
  std::vector<Matrix> compute_gradient() override { return fixed_gradient_; }

  std::optional<CpFactorization<double>> fixed_cp_;
  std::optional<TreeFactorization<double>> fixed_tree_;
  std::vector<Matrix> fixed_gradient_;
};

}  // namespace rankflow::test
