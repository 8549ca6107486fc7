// Which cells of an image or array are observed?
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "data/readers.h"

namespace rankflow {

void apply_mask(Table& table, const Table& mask, const Flaws& flaws) {
  if (mask.num_rows() != table.num_rows() || mask.num_columns() != table.num_columns())
    flaws.fail(0, fmt::format("the mask is {} x {}, expected {} x {} as the table", mask.num_rows(), mask.num_columns(),
                              table.num_rows(), table.num_columns()));
  Index to = 0;
  for (Index i = 0; i < table.num_rows(); ++i) {
    const Index begin = table.row_begin[i], end = table.row_begin[i + 1];
    table.row_begin[i] = to;
    Index m = mask.row_begin[i];
    for (Index k = begin; k < end; ++k) {
      while (m < mask.row_begin[i + 1] && mask.column[m] < table.column[k]) ++m;
      if (m == mask.row_begin[i + 1] || mask.column[m] != table.column[k] || mask.value[m] == 0) continue;
      table.column[to] = table.column[k];
      table.value[to++] = table.value[k];
    }
  }
  table.row_begin.back() = to;
  table.column.resize(to);
  table.value.resize(to);
}

}  // namespace rankflow
