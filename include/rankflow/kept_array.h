// The model of a completed array as a file: what predicts its cells, what its modes are called, how it was made.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rankflow/complete_array.h"
#include "rankflow/table.h"

namespace rankflow {

class Archive;

struct KeptArray {
  std::vector<Axis> modes;
  std::string value_title;
  std::string record;  // how it was made, as JSON text
  std::shared_ptr<const ArrayPredictor> predictor;

  std::vector<Index> shape() const;

  /// One .npz file, atomically. Arrays: docs/file-formats.md. What is read back predicts with the same bits.
  void write(const std::string& path) const;
  /// Throws InputError for anything but a sound model of an array.
  static KeptArray read(const std::string& path);
  static KeptArray read(const Archive& archive);
  /// Is this a model of an array (of whatever version), and not one of a table or something else?
  static bool is_one(const Archive& archive);
};

}  // namespace rankflow
