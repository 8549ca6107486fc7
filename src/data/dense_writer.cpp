// Dense tables as text and as .npy.
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstring>

#include "data/npy.h"
#include "data/output_file.h"
#include "data/text_out.h"
#include "data/writers.h"

namespace rankflow {
namespace {

void put_header(OutputFile& file, const Table& table, char delimiter) {
  const bool row_names = table.rows.kind() != Axis::Kind::positions;
  if (table.columns.kind() == Axis::Kind::positions) return;
  std::string scratch;
  if (row_names && !table.rows.title.empty()) put_name(file, table.rows.title, delimiter);
  for (Index j = 0; j < table.num_columns(); ++j) {
    if (row_names || j > 0) file.write({&delimiter, 1});
    put_name(file, table.columns.name(j, scratch), delimiter);
  }
  file.write("\n");
}

}  // namespace

void write_dense_text(const std::string& path, const RowSource& source, char delimiter, int digits) {
  OutputFile file(path);
  const Table& table = source.table();
  put_header(file, table, delimiter);
  const bool row_names = table.rows.kind() != Axis::Kind::positions;
  const bool lone = table.num_columns() == 1 && !row_names;  // a blank line would not be seen as a row
  std::string scratch;
  for (Index i = 0; i < table.num_rows(); ++i) {
    if (row_names) put_name(file, table.rows.name(i, scratch), delimiter);
    source.row(i, [&](Index j, double value, bool observed) {
      char* to = file.room(kNumberRoom);
      if (row_names || j > 0) *to++ = delimiter;
      if (!std::isnan(value)) {
        to = put_number(to, value, observed ? 0 : digits);
      } else if (lone) {
        *to++ = 'N', *to++ = 'A';
      }
      file.take(to);
    });
    file.write("\n");
  }
  file.finish();
}

void write_npy(const std::string& path, const RowSource& source) {
  OutputFile file(path);
  const Table& table = source.table();
  file.write(npy_header("<f8", std::vector<Index>{table.num_rows(), table.num_columns()}));
  for (Index i = 0; i < table.num_rows(); ++i)
    source.row(i, [&](Index, double value, bool) {
      char* to = file.room(sizeof value);
      std::memcpy(to, &value, sizeof value);
      file.take(to + sizeof value);
    });
  file.finish();
}

}  // namespace rankflow
