// A snapshot whose contents a test writes down.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "rankflow/snapshot.h"

namespace rankflow::test {

class FixedSnapshot : public Snapshot {
 public:
  explicit FixedSnapshot(Matrix w, Matrix g = {}, std::vector<Matrix> factors = {})
      : w_(std::move(w)), g_(std::move(g)), list_(std::move(factors)) {}
  int computed = 0;  // end matrices

 protected:
  Matrix compute_end_matrix() override {
    ++computed;
    return w_;
  }
  Matrix compute_gradient() override { return g_; }
  std::vector<Matrix> compute_factors() override { return list_; }

 private:
  Matrix w_, g_;
  std::vector<Matrix> list_;
};

}  // namespace rankflow::test
