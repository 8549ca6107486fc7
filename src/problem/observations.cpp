// Selecting entries of a table and laying them out by rows and by columns.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/observations.h"

#include <algorithm>
#include <numeric>

#include "rankflow/error.h"
#include "rankflow/table.h"

namespace rankflow {
namespace {

bool taken(std::span<const Part> parts, std::initializer_list<Part> take, Index k) {
  return parts.empty() || std::find(take.begin(), take.end(), parts[k]) != take.end();
}

double scaled(const ColumnScaling& scaling, std::int32_t column, double value) {
  if (scaling.scale.size() == 0) return value;
  return (value - scaling.offset[column]) / scaling.scale[column];
}

// The same entries by columns: a counting sort, so rows ascend within each column.
template <class T>
void lay_out_by_column(Observations<T>& set) {
  const Lines<T>& rows = set.by_row;
  Lines<T>& columns = set.by_column;
  columns.begin.assign(set.num_columns + 1, 0);
  for (const std::int32_t j : rows.other) ++columns.begin[j + 1];
  std::partial_sum(columns.begin.begin(), columns.begin.end(), columns.begin.begin());
  columns.other.resize(rows.other.size());
  columns.value.resize(rows.value.size());
  columns.weight.resize(rows.weight.size());
  std::vector<Index> next(columns.begin.begin(), columns.begin.end() - 1);
  for (Index i = 0; i < set.num_rows; ++i)
    for (Index k = rows.begin[i]; k < rows.begin[i + 1]; ++k) {
      const Index to = next[rows.other[k]]++;
      columns.other[to] = static_cast<std::int32_t>(i);
      columns.value[to] = rows.value[k];
      if (!rows.weight.empty()) columns.weight[to] = rows.weight[k];
    }
}

}  // namespace

double mean_weight(const Table& table) {
  if (table.weight.empty()) return 1;
  double sum = 0;
  for (const float w : table.weight) sum += static_cast<double>(w);
  return sum / static_cast<double>(table.weight.size());
}

template <class T>
Observations<T> select(const Table& table, std::span<const Part> parts, std::initializer_list<Part> take,
                       const ColumnScaling& scaling) {
  Observations<T> set;
  set.num_rows = table.num_rows();
  set.num_columns = table.num_columns();
  Index count = 0;
  for (Index k = 0; k < table.num_observed(); ++k) count += taken(parts, take, k);
  const double unit = mean_weight(table);
  Lines<T>& rows = set.by_row;
  rows.begin.assign(1, 0);
  rows.begin.reserve(set.num_rows + 1);
  rows.other.reserve(count);
  rows.value.reserve(count);
  if (!table.weight.empty()) rows.weight.reserve(count);
  for (Index i = 0; i < set.num_rows; ++i) {
    for (Index k = table.row_begin[i]; k < table.row_begin[i + 1]; ++k) {
      if (!taken(parts, take, k)) continue;
      rows.other.push_back(table.column[k]);
      rows.value.push_back(static_cast<T>(scaled(scaling, table.column[k], table.value[k])));
      if (!table.weight.empty()) rows.weight.push_back(static_cast<T>(static_cast<double>(table.weight[k]) / unit));
    }
    rows.begin.push_back(static_cast<Index>(rows.other.size()));
  }
  lay_out_by_column(set);
  return set;
}

template <class T>
EntryList<T> select_list(const Table& table, std::span<const Part> parts, Part take, const ColumnScaling& scaling) {
  const double unit = mean_weight(table);
  EntryList<T> list;
  for (Index i = 0; i < table.num_rows(); ++i)
    for (Index k = table.row_begin[i]; k < table.row_begin[i + 1]; ++k) {
      if (!taken(parts, {take}, k)) continue;
      list.row.push_back(static_cast<std::int32_t>(i));
      list.column.push_back(table.column[k]);
      list.value.push_back(static_cast<T>(scaled(scaling, table.column[k], table.value[k])));
      if (!table.weight.empty()) list.weight.push_back(static_cast<T>(static_cast<double>(table.weight[k]) / unit));
    }
  return list;
}

template <class T>
Observations<T> make_observations(Index num_rows, Index num_columns, const EntryList<T>& entries) {
  Observations<T> set;
  set.num_rows = num_rows;
  set.num_columns = num_columns;
  std::vector<Index> order(entries.row.size());
  std::iota(order.begin(), order.end(), Index{0});
  std::sort(order.begin(), order.end(), [&](Index a, Index b) {
    return std::pair(entries.row[a], entries.column[a]) < std::pair(entries.row[b], entries.column[b]);
  });
  Lines<T>& rows = set.by_row;
  rows.begin.assign(num_rows + 1, 0);
  for (const Index k : order) {
    RANKFLOW_ASSERT(entries.row[k] >= 0 && entries.row[k] < num_rows, "row index outside the matrix");
    RANKFLOW_ASSERT(entries.column[k] >= 0 && entries.column[k] < num_columns, "column index outside the matrix");
    ++rows.begin[entries.row[k] + 1];
    rows.other.push_back(entries.column[k]);
    rows.value.push_back(entries.value[k]);
    if (!entries.weight.empty()) rows.weight.push_back(entries.weight[k]);
  }
  std::partial_sum(rows.begin.begin(), rows.begin.end(), rows.begin.begin());
  lay_out_by_column(set);
  return set;
}

template Observations<double> select<double>(const Table&, std::span<const Part>, std::initializer_list<Part>,
                                             const ColumnScaling&);
template Observations<float> select<float>(const Table&, std::span<const Part>, std::initializer_list<Part>,
                                           const ColumnScaling&);
template EntryList<double> select_list<double>(const Table&, std::span<const Part>, Part, const ColumnScaling&);
template EntryList<float> select_list<float>(const Table&, std::span<const Part>, Part, const ColumnScaling&);
template Observations<double> make_observations<double>(Index, Index, const EntryList<double>&);
template Observations<float> make_observations<float>(Index, Index, const EntryList<float>&);

}  // namespace rankflow
