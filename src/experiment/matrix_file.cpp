// Matrices from files: a dense table with its observed positions, or the first observations of a list.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "experiment/matrix_source.h"
#include "rankflow/error.h"
#include "rankflow/read.h"
#include "rankflow/rng.h"

namespace rankflow::experiment {
namespace {

constexpr std::uint64_t kStreamSplit = 0x53;

// Positions of the `most` largest counts, ascending; all if most is 0.
std::vector<Index> most_observed(const std::vector<Index>& counts, Index most) {
  std::vector<Index> order(counts.size());
  std::iota(order.begin(), order.end(), 0);
  if (most == 0 || most >= static_cast<Index>(order.size())) return order;
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return counts[a] > counts[b]; });
  order.resize(static_cast<std::size_t>(most));
  std::sort(order.begin(), order.end());
  return order;
}

std::vector<Index> new_positions(const std::vector<Index>& kept, std::size_t size) {
  std::vector<Index> position(size, -1);
  for (std::size_t k = 0; k < kept.size(); ++k) position[kept[k]] = static_cast<Index>(k);
  return position;
}

EntryList<double> table_entries(const Table& table) {
  EntryList<double> list;
  for (Index i = 0; i < table.num_rows(); ++i)
    for (Index k = table.row_begin[i]; k < table.row_begin[i + 1]; ++k) {
      list.row.push_back(static_cast<std::int32_t>(i));
      list.column.push_back(table.column[k]);
      list.value.push_back(table.value[k]);
    }
  return list;
}

void keep_most_observed(MatrixSource& source, Index most_rows, Index most_columns) {
  const EntryList<double>& known = source.known;
  std::vector<Index> row_counts(source.rows), column_counts(source.columns);
  for (Index k = 0; k < known.count(); ++k) ++row_counts[known.row[k]], ++column_counts[known.column[k]];
  const std::vector<Index> rows = most_observed(row_counts, most_rows);
  const std::vector<Index> columns = most_observed(column_counts, most_columns);
  const std::vector<Index> row_position = new_positions(rows, row_counts.size());
  const std::vector<Index> column_position = new_positions(columns, column_counts.size());
  EntryList<double> kept;
  for (Index k = 0; k < known.count(); ++k) {
    const Index i = row_position[known.row[k]], j = column_position[known.column[k]];
    if (i < 0 || j < 0) continue;
    kept.row.push_back(static_cast<std::int32_t>(i));
    kept.column.push_back(static_cast<std::int32_t>(j));
    kept.value.push_back(known.value[k]);
  }
  source.rows = static_cast<Index>(rows.size());
  source.columns = static_cast<Index>(columns.size());
  source.known = std::move(kept);
}

EntryList<double> pick(const EntryList<double>& from, std::vector<Index> which) {
  std::sort(which.begin(), which.end());
  EntryList<double> picked;
  for (const Index k : which) {
    picked.row.push_back(from.row[k]);
    picked.column.push_back(from.column[k]);
    picked.value.push_back(from.value[k]);
  }
  return picked;
}

// Tables are sorted, so "the first" observations of a list are a random choice of them, keyed by the seed.
void split(MatrixSource& source, Index learned, std::uint64_t seed) {
  const Index count = source.known.count();
  if (learned == 0 || learned >= count) return;
  std::vector<Index> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  Rng rng(seed, kStreamSplit);
  for (Index k = 0; k < learned; ++k)
    std::swap(order[k], order[k + static_cast<Index>(rng.below(static_cast<std::uint64_t>(count - k)))]);
  const auto middle = order.begin() + learned;
  source.test = pick(source.known, {middle, order.end()});
  source.known = pick(source.known, {order.begin(), middle});
}

EntryList<double> at_positions(const Matrix& truth, const std::string& path) {
  ReadOptions read;
  read.format = ReadOptions::Format::dense;
  const Table pairs = read_table(path, read);
  if (pairs.num_columns() != 2) throw InputError(path, "expected two numbers a line: row and column, from 0");
  EntryList<double> list;
  for (Index k = 0; k < pairs.num_rows(); ++k) {
    if (pairs.row_begin[k + 1] - pairs.row_begin[k] != 2)
      throw InputError(path, fmt::format("line {} of the table has a hole", k + 1));
    const double i = pairs.value[pairs.row_begin[k]], j = pairs.value[pairs.row_begin[k] + 1];
    if (!(i >= 0 && i < static_cast<double>(truth.rows()) && j >= 0 && j < static_cast<double>(truth.cols())))
      throw InputError(
          path, fmt::format("found position {}, {}, outside the {} x {} matrix", i, j, truth.rows(), truth.cols()));
    list.row.push_back(static_cast<std::int32_t>(i));
    list.column.push_back(static_cast<std::int32_t>(j));
    list.value.push_back(truth(static_cast<Index>(i), static_cast<Index>(j)));
  }
  return list;
}

}  // namespace

MatrixSource read_matrix(const DataOptions& o) {
  const Table table = read_table(o.path);
  MatrixSource source;
  source.rows = table.num_rows();
  source.columns = table.num_columns();
  source.known = table_entries(table);
  source.truth_is_whole = source.known.count() == source.rows * source.columns;
  if (source.truth_is_whole) {
    source.truth.resize(source.rows, source.columns);
    for (Index k = 0; k < source.known.count(); ++k)
      source.truth(source.known.row[k], source.known.column[k]) = source.known.value[k];
  } else if (!o.positions.empty()) {
    throw InputError(o.path, "has holes, so positions to observe cannot be chosen from it");
  }
  if (!o.positions.empty()) source.known = at_positions(source.truth, o.positions);
  if (o.most_rows > 0 || o.most_columns > 0) {
    keep_most_observed(source, o.most_rows, o.most_columns);
    source.truth.resize(0, 0);
  }
  split(source, o.observations, o.seed);
  return source;
}

}  // namespace rankflow::experiment
