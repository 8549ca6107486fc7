// Arrays as text, so that a test can say what it expects in one line.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <string>

#include "data/tensor/tensor_readers.h"
#include "rankflow/read_tensor.h"
#include "support/tables.h"

namespace rankflow::test {

inline Tensor read_bytes_as_tensor(const std::string& bytes, const TensorReadOptions& options = {},
                                   const std::string& name = "test.csv") {
  Input input(bytes, name);
  Flaws flaws(name);
  Tensor tensor = read_tensor_input(input, "", options, flaws);
  tensor.validate();
  return tensor;
}

/// "0 0 1: 2.5, 0 1 0: 3": positions and value of every observation.
inline std::string observations(const Tensor& tensor) {
  std::string text;
  for (Index k = 0; k < tensor.num_observed(); ++k) {
    text += k > 0 ? ", " : "";
    for (Index n = 0; n < tensor.order(); ++n) text += fmt::format("{}{}", n > 0 ? " " : "", tensor.index[n][k]);
    text += fmt::format(": {}", tensor.value[k]);
  }
  return text;
}

inline std::string tensor_message_of(const std::string& bytes, const TensorReadOptions& options = {},
                                     const std::string& name = "test.csv") {
  return message([&] { read_bytes_as_tensor(bytes, options, name); });
}

}  // namespace rankflow::test
