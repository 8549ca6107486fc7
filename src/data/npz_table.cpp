// A table from the arrays of an .npz file: one dense array, or triplets with their names.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "data/npz.h"
#include "data/readers.h"

namespace rankflow {

Table read_npz(std::string_view bytes, const ReadOptions& options, Flaws& flaws) {
  NpzReader reader(bytes, flaws.path());
  if (!reader.has(options.array)) flaws.fail(0, "no array");
  return read_npy(reader.bytes(options.array), flaws);
}
Table read_png(std::string_view, Flaws& flaws) {
  flaws.fail(0, "PNG not yet");
}
Table read_pgm(std::string_view, Flaws& flaws) {
  flaws.fail(0, "PGM not yet");
}
Table read_matrix_market(Input&, const ReadOptions&, Flaws& flaws) {
  flaws.fail(0, "mtx not yet");
}
void apply_mask(Table&, const Table&, const Flaws& flaws) {
  flaws.fail(0, "mask not yet");
}

}  // namespace rankflow
