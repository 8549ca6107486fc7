// A single .npy file as an array of any shape.
// SPDX-License-Identifier: Apache-2.0
#include "data/input.h"
#include "data/npy.h"
#include "rankflow/archive.h"
#include "rankflow/error.h"

namespace rankflow {

Array read_array(const std::string& path) {
  Input input(path);
  const std::string_view bytes = input.rest();
  if (!looks_like_npy(bytes))
    throw InputError(input.name(), "this is not a .npy file", "numpy.save(file, array) writes one");
  return decode_npy(bytes, input.name());
}

}  // namespace rankflow
