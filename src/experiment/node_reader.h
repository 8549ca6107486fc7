// Reading a table of a study key by key: what is asked for is taken, and what is left over is a typing error.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiment/document.h"

namespace rankflow::experiment {

class NodeReader {
 public:
  /// `table` must outlive the reader. Complains if it is not a table.
  explicit NodeReader(const Node& table, const std::string& name);

  const Node* take(const std::string& key);
  std::string text(const std::string& key, const std::string& otherwise = "");
  std::string needed_text(const std::string& key);
  std::optional<double> number(const std::string& key);
  bool flag(const std::string& key, bool otherwise);
  /// A list of scalars; a single scalar is a list of one.
  std::vector<std::string> texts(const std::string& key);
  /// Tables of an array of tables; none if the key is missing.
  std::vector<const Node*> tables(const std::string& key);
  /// Complains about the first key that nobody asked for.
  void done() const;
  const Place& place() const { return table_.place; }

 private:
  const Node& table_;
  std::string name_;
  std::vector<std::string> asked_;
};

/// The texts of a scalar or of a list of scalars.
std::vector<std::string> scalar_texts(const Node& node);
double as_number(const Node& node, const std::string& key);

}  // namespace rankflow::experiment
