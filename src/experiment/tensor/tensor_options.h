// What a run about a tensor says of its data and its model beyond what it shares with matrices.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "rankflow/cp_factorization.h"
#include "rankflow/mode_tree.h"
#include "rankflow/options.h"
#include "rankflow/tensor_descent.h"
#include "rankflow/tensor_problem.h"

namespace rankflow::experiment {

/// Lists are texts of numbers between blanks, as files and the command line give them.
struct TensorDataOptions {
  std::string shape = "10 10 10 10";
  Index rank = 5;               // cp
  std::string tree = "binary";  // tree
  std::string widths = "5";     // tree: of the inner nodes, or one for all
  double norm = 1;              // Frobenius
};

struct TensorModelOptions {
  Index components = 0;  // cp; 0 = cells / largest size
  std::string tree = "binary";
  std::string widths = "0";  // 0 = cells / largest size
  TensorInitializationOptions start;
};

std::vector<OptionField> cp_data_fields(TensorDataOptions& options);
std::vector<OptionField> tree_data_fields(TensorDataOptions& options);
std::vector<OptionField> loss_fields(TensorLoss& loss);
std::vector<OptionField> cp_model_fields(TensorModelOptions& options);
std::vector<OptionField> tree_model_fields(TensorModelOptions& options);
/// Of a model that grows: its widths and its start are its own.
std::vector<OptionField> growing_tree_fields(TensorModelOptions& options);
std::vector<OptionField> window_fields(CpWindowOptions& options);

/// "10 10 10 10", every number at least `least`. Throws OptionError naming `key`.
std::vector<Index> parse_sizes(const std::string& text, const std::string& key, Index least);
/// "binary", "half", "3" (groups of three), or "((0,1),(2,3))". Throws OptionError naming `key`.
ModeTree parse_tree(const std::string& text, Index order, const std::string& key);

}  // namespace rankflow::experiment
