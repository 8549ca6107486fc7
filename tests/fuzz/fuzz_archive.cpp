// Arrays of any type from any bytes, as archives decode them.
// SPDX-License-Identifier: Apache-2.0
#include "data/npy.h"
#include "rankflow/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes = "\x93NUMPY" + std::string(reinterpret_cast<const char*>(data), size);
  try {
    const rankflow::Array array = rankflow::decode_npy(bytes, "fuzz");
    std::string descr, storage;
    rankflow::npy_bytes(array, descr, storage);
  } catch (const rankflow::InputError&) {
  }
  return 0;
}
