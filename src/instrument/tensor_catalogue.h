// The catalogue that instruments for tensors are made from, and how they read their parameters.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "rankflow/tensor_instrument.h"

namespace rankflow {

/// What an instrument is made for.
struct TensorInstrumentRequest {
  std::string name;
  std::vector<std::string> parameters;  // between colons
  const TensorSubject& subject;

  Index order() const { return static_cast<Index>(subject.shape.size()); }
  const TensorReference& reference() const { return *subject.reference; }
  std::string parameter(std::size_t position) const;
  /// Throw OptionError; `otherwise` where nothing was given.
  Index count(std::size_t position, Index otherwise) const;
  double positive(std::size_t position, double otherwise) const;
  /// "0,1": different modes, ascending.
  std::vector<Index> modes(std::size_t position) const;
  /// The inner node of the subject's tree above these modes; "root" is the root, and so is what was not given.
  Index node(std::size_t position) const;
  /// A node as columns are named after it: "root" or its modes.
  std::string node_label(Index node) const;

  /// The instrument measures models of this kind only. Throw OptionError.
  void require_cp() const;
  void require_tree() const;
  /// Cells have to be few enough to be made all. Throws OptionError.
  void require_cells() const;
  /// Throws OptionError: the reference lacks `what`.
  [[noreturn]] void lacks(const std::string& what) const;
};

struct TensorInstrumentKind {
  std::string name, parameters;  // as the manual shows them, e.g. "[:k]"
  std::string help;
  /// Names of the columns and the function that fills them.
  struct Made {
    std::vector<std::string> columns;
    std::function<void(TensorSnapshot&, std::vector<double>& out)> measure;
  };
  std::function<Made(const TensorInstrumentRequest&)> make;
};

std::vector<TensorInstrumentKind> component_instruments();
std::vector<TensorInstrumentKind> matricization_instruments();
std::vector<TensorInstrumentKind> tensor_error_instruments();
std::vector<TensorInstrumentKind> tensor_dynamics_instruments();

}  // namespace rankflow
