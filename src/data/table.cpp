// What has to hold for every table.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/table.h"

#include <fmt/format.h>

#include <cmath>

#include "rankflow/error.h"

namespace rankflow {

double Table::density() const {
  const double cells = static_cast<double>(num_rows()) * static_cast<double>(num_columns());
  return cells > 0 ? static_cast<double>(num_observed()) / cells : 0;
}

void Table::validate() const {
  RANKFLOW_ASSERT(static_cast<Index>(row_begin.size()) == num_rows() + 1, "one beginning per row and the end");
  RANKFLOW_ASSERT(row_begin.front() == 0 && row_begin.back() == num_observed(), "rows cover the observations");
  RANKFLOW_ASSERT(column.size() == value.size(), "one column per value");
  RANKFLOW_ASSERT(weight.empty() || weight.size() == value.size(), "one weight per value, or none");
  for (Index i = 0; i < num_rows(); ++i) {
    RANKFLOW_ASSERT(row_begin[i] <= row_begin[i + 1], fmt::format("row {} ends before it begins", i));
    for (Index k = row_begin[i]; k < row_begin[i + 1]; ++k) {
      RANKFLOW_ASSERT(column[k] >= 0 && column[k] < num_columns(), fmt::format("observation {}: column", k));
      RANKFLOW_ASSERT(k == row_begin[i] || column[k - 1] < column[k], fmt::format("row {}: order of columns", i));
      RANKFLOW_ASSERT(std::isfinite(value[k]), fmt::format("observation {}: value", k));
      RANKFLOW_ASSERT(weight.empty() || (weight[k] > 0 && std::isfinite(weight[k])), fmt::format("weight {}", k));
    }
  }
}

}  // namespace rankflow
