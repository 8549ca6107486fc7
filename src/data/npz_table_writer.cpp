// Tables as .npz: a dense array, or triplets, with names beside them.
// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "data/npz.h"
#include "data/writers.h"

namespace rankflow {
namespace {

Array name_array(const Axis& axis) {
  if (axis.kind() == Axis::Kind::integers) return {{axis.size()}, axis.integer_ids()};
  std::vector<std::string> names;
  names.reserve(axis.size());
  for (Index i = 0; i < axis.size(); ++i) names.push_back(axis.name(i));
  return {{axis.size()}, std::move(names)};
}

// What names a table: arrays that exist only where there is something to say.
std::map<std::string, Array> naming(const Table& table) {
  std::map<std::string, Array> arrays;
  if (table.rows.kind() != Axis::Kind::positions) arrays["row_names"] = name_array(table.rows);
  if (table.columns.kind() != Axis::Kind::positions) arrays["column_names"] = name_array(table.columns);
  if (!table.rows.title.empty() || !table.columns.title.empty() || !table.value_title.empty())
    arrays["titles"] = {{3}, std::vector<std::string>{table.rows.title, table.columns.title, table.value_title}};
  return arrays;
}

// Row after row into pieces of any size.
class RowBytes {
 public:
  explicit RowBytes(const RowSource& source) : source_(source) {}
  void operator()(char* to, std::size_t size) {
    while (size > 0) {
      if (at_ == row_.size() * sizeof(double)) next_row();
      const std::size_t now = std::min(size, row_.size() * sizeof(double) - at_);
      std::memcpy(to, reinterpret_cast<const char*>(row_.data()) + at_, now);
      to += now;
      at_ += now;
      size -= now;
    }
  }

 private:
  void next_row() {
    row_.clear();
    source_.row(next_++, [&](Index, double value, bool) { row_.push_back(value); });
    at_ = 0;
  }
  const RowSource& source_;
  std::vector<double> row_;
  std::size_t at_ = 0;
  Index next_ = 0;
};

}  // namespace

void write_dense_npz(const std::string& path, const RowSource& source) {
  const Table& table = source.table();
  const std::map<std::string, Array> names = naming(table);
  NpzWriter writer(path, true);
  writer.add_streamed("value", {table.num_rows(), table.num_columns()}, RowBytes(source));
  for (const auto& [name, array] : names) writer.add(name, array);
  writer.finish();
}

void write_triplet_npz(const std::string& path, const Table& table) {
  std::map<std::string, Array> arrays = naming(table);
  const Index count = table.num_observed();
  std::vector<std::int32_t> row;
  row.reserve(count);
  for (Index i = 0; i < table.num_rows(); ++i)
    row.insert(row.end(), table.row_begin[i + 1] - table.row_begin[i], static_cast<std::int32_t>(i));
  arrays["row"] = {{count}, std::move(row)};
  arrays["column"] = {{count}, table.column};
  arrays["value"] = {{count}, table.value};
  if (!table.weight.empty()) arrays["weight"] = {{count}, table.weight};
  arrays["shape"] = {{2}, std::vector<std::int64_t>{table.num_rows(), table.num_columns()}};
  NpzWriter writer(path, true);
  for (const auto& [name, array] : arrays) writer.add(name, array);
  writer.finish();
}

}  // namespace rankflow
