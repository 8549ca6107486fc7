// A table from a NumPy array: NaN is a hole.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>

#include "data/id_index.h"
#include "data/npy.h"
#include "data/readers.h"

namespace rankflow {
namespace {

template <class T>
class CellWalk {
 public:
  CellWalk(const NpyHeader& header, const char* data, Flaws& flaws)
      : header_(header), data_(data), flaws_(flaws), rows_(header.shape[0]), columns_(header.shape[1]) {}

  void fill(Table& table) {
    const bool by_column = header_.fortran_order;
    table.row_begin.assign(rows_ + 1, 0);
    if (by_column) {
      walk(false, [&](Index i, Index, double value) { table.row_begin[i + 1] += std::isfinite(value); });
      for (Index i = 0; i < rows_; ++i) table.row_begin[i + 1] += table.row_begin[i];
      table.column.resize(table.row_begin.back());
      table.value.resize(table.row_begin.back());
      std::vector<Index> next(table.row_begin.begin(), table.row_begin.end() - 1);
      walk(true, [&](Index i, Index j, double value) {
        if (!std::isfinite(value)) return;
        table.column[next[i]] = static_cast<std::int32_t>(j);
        table.value[next[i]++] = value;
      });
      return;
    }
    walk(true, [&](Index i, Index j, double value) {
      if (std::isfinite(value)) {
        table.column.push_back(static_cast<std::int32_t>(j));
        table.value.push_back(value);
      }
      if (j == columns_ - 1) table.row_begin[i + 1] = static_cast<Index>(table.value.size());
    });
  }
  Index inexact() const { return inexact_; }

 private:
  // In the order of the file.
  template <class Use>
  void walk(bool report, Use&& use) {
    const Index outer = header_.fortran_order ? columns_ : rows_, inner = header_.fortran_order ? rows_ : columns_;
    const char* at = data_;
    for (Index a = 0; a < outer; ++a)
      for (Index b = 0; b < inner; ++b, at += sizeof(T)) {
        const T item = load_item<T>(at, header_.swapped);
        const auto value = static_cast<double>(item);
        const Index i = header_.fortran_order ? b : a, j = header_.fortran_order ? a : b;
        if constexpr (sizeof(T) == 8 && !std::is_same_v<T, double>)
          inexact_ += report && std::abs(value) > 9007199254740992.0;  // 2^53
        if (report && std::isinf(value))
          flaws_.add(0, fmt::format("the value at [{}, {}] is infinite; expected a finite number or NaN", i, j),
                     "make it NaN if it is not known", "made a hole");
        use(i, j, value);
      }
  }

  const NpyHeader& header_;
  const char* data_;
  Flaws& flaws_;
  Index rows_, columns_, inexact_ = 0;
};

}  // namespace

Table read_npy(std::string_view bytes, Flaws& flaws) {
  const NpyHeader header = parse_npy_header(bytes, flaws.path());
  if (header.kind == 'U' || header.kind == 'S') flaws.fail(0, "the array holds text; expected numbers");
  if (header.shape.size() > 2 && (flaws.path() == "-" || flaws.path() == "standard input"))
    flaws.fail(0, fmt::format("the array has the shape {}, and only tables are read from there", header.shape_text()),
               "save it as a file: what is in an array of order 3 and more is looked at before it is read");
  if (header.shape.size() != 2)
    flaws.fail(0,
               fmt::format("the array has {} dimension(s), shape {}; expected 2 (rows, columns)", header.shape.size(),
                           header.shape_text()),
               header.shape.size() == 1 ? "reshape it, or save triplets as arrays row, column and value in one .npz"
                                        : "unfold it: numpy.save(path, array.reshape(len(array), -1))");
  if (header.count == 0) flaws.fail(0, fmt::format("the array is empty, shape {}", header.shape_text()));
  if (std::max(header.shape[0], header.shape[1]) > IdIndex::kMost)
    flaws.fail(0, fmt::format("the shape {} has more than {} rows or columns", header.shape_text(), IdIndex::kMost));
  check_npy_size(header, bytes.size() - header.data_begin, flaws.path());

  Table table;
  table.layout = Table::Layout::dense;
  table.format = "npy " + header.type_text();
  table.integer_values = header.kind != 'f';
  table.rows = Axis::positions(header.shape[0]);
  table.columns = Axis::positions(header.shape[1]);
  table.notes.push_back(fmt::format("an array of {}, {} x {}, {} order{}; NaN is a hole, rows and columns count from 0",
                                    header.type_text(), header.shape[0], header.shape[1],
                                    header.fortran_order ? "Fortran" : "C", header.swapped ? ", big endian" : ""));
  Index inexact = 0;
  with_npy_type(header, [&](auto zero) {
    CellWalk<decltype(zero)> walk(header, bytes.data() + header.data_begin, flaws);
    walk.fill(table);
    inexact = walk.inexact();
  });
  if (inexact > 0)
    table.warnings.push_back(fmt::format("{} value(s) beyond 2^53 are rounded to the nearest float64", inexact));
  return table;
}

}  // namespace rankflow
