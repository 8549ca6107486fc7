// Matrix Market files.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>

#include "data/output_file.h"
#include "data/text_out.h"
#include "data/writers.h"
#include "rankflow/error.h"

namespace rankflow {

// The format is by columns, so cells are asked for by columns; the place in each row is remembered.
void write_matrix_market_array(const std::string& path, const Table& table, const CellValue& fill,
                               const WriteOptions& options) {
  if (!fill && table.density() < 1)
    throw OptionError(fmt::format("{}: the array form of Matrix Market has no holes, and this table has some", path),
                      "write triplets (coordinate form) instead");
  OutputFile file(path);
  file.write(fmt::format("%%MatrixMarket matrix array real general\n{} {}\n", table.num_rows(), table.num_columns()));
  std::vector<Index> next(table.row_begin.begin(), table.row_begin.end() - 1);
  const bool keep = options.keep_observed || !fill;
  for (Index j = 0; j < table.num_columns(); ++j)
    for (Index i = 0; i < table.num_rows(); ++i) {
      const bool observed = next[i] < table.row_begin[i + 1] && table.column[next[i]] == j;
      const double value = observed && keep ? table.value[next[i]] : fill(i, j);
      next[i] += observed;
      char* to = put_number(file.room(kNumberRoom), value, observed && keep ? 0 : options.digits);
      *to++ = '\n';
      file.take(to);
    }
  file.finish();
}

void write_matrix_market_coordinates(const std::string& path, const Table& table) {
  OutputFile file(path);
  file.write(fmt::format(
      "%%MatrixMarket matrix coordinate {} general\n% an entry that is absent is not observed\n{} {} {}\n",
      table.integer_values ? "integer" : "real", table.num_rows(), table.num_columns(), table.num_observed()));
  for (Index i = 0; i < table.num_rows(); ++i)
    for (Index k = table.row_begin[i]; k < table.row_begin[i + 1]; ++k) {
      char* to = file.room(3 * kNumberRoom);
      to = std::to_chars(to, to + kNumberRoom, i + 1).ptr;
      *to++ = ' ';
      to = std::to_chars(to, to + kNumberRoom, table.column[k] + 1).ptr;
      *to++ = ' ';
      to = put_number(to, table.value[k], 0);
      *to++ = '\n';
      file.take(to);
    }
  file.finish();
}

}  // namespace rankflow
