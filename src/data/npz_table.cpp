// A table from the arrays of an .npz file: one dense array, or triplets with their names.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/id_index.h"
#include "data/npz.h"
#include "data/npz_lists.h"
#include "data/readers.h"
#include "data/table_builder.h"

namespace rankflow {
namespace {

class NpzTable : NpzLists {
 public:
  NpzTable(const NpzReader& reader, const ReadOptions& options, Flaws& flaws)
      : NpzLists(reader, flaws), reader_(reader), options_(options), flaws_(flaws) {}

  Table read() {
    const bool triplets = reader_.has("row") && reader_.has("column") && reader_.has("value");
    if (options_.array.empty() && triplets) return read_triplet_arrays();
    const std::string name = options_.array.empty() ? lone_array() : options_.array;
    if (!reader_.has(name)) flaws_.fail(0, fmt::format("there is no array '{}'; the file has {}", name, listed()));
    Flaws inner(flaws_.path() + ": array '" + name + "'");
    Table table = read_npy(reader_.bytes(name).view(), flaws_.collect() ? flaws_ : inner);
    table.format = "npz, " + table.format;
    table.notes.insert(table.notes.begin(), fmt::format("the array '{}'", name));
    name_axes(table);
    return table;
  }

 private:
  std::string listed() const {
    std::string all;
    for (const std::string& name : reader_.names()) all += (all.empty() ? "'" : ", '") + name + "'";
    return all.empty() ? "no arrays" : all;
  }

  // The arrays that only name things do not count.
  std::string lone_array() const {
    std::vector<std::string> candidates;
    for (const std::string& name : reader_.names())
      if (name != "row_names" && name != "column_names" && name != "titles") candidates.push_back(name);
    if (candidates.size() == 1) return candidates[0];
    if (candidates.empty()) flaws_.fail(0, "the file holds no array");
    flaws_.fail(0, fmt::format("the file has several arrays: {}", listed()), "choose one with --array NAME");
  }

  // Positions from 0; `most` is the number of rows or columns, or -1 if it is not declared.
  std::vector<std::int32_t> positions(const std::string& name, Index size, Index most) const {
    const std::vector<double> given = numbers(name, size);
    std::vector<std::int32_t> out;
    out.reserve(given.size());
    for (std::size_t k = 0; k < given.size(); ++k) {
      const double x = given[k];
      if (!(x >= 0) || x != std::floor(x) || x >= static_cast<double>(most >= 0 ? most : IdIndex::kMost))
        wrong(name, fmt::format("element {} is {}; expected a position from 0 to {}", k, x,
                                (most >= 0 ? most : IdIndex::kMost) - 1));
      out.push_back(static_cast<std::int32_t>(x));
    }
    return out;
  }

  void name_axes(Table& table) const {
    if (reader_.has("row_names")) table.rows = axis("row_names", table.num_rows());
    if (reader_.has("column_names")) table.columns = axis("column_names", table.num_columns());
    if (!reader_.has("titles")) return;
    const Array titles = array("titles");
    const auto* text = std::get_if<std::vector<std::string>>(&titles.data);
    if (text == nullptr || text->size() != 3) wrong("titles", "expected three words: rows, columns, values");
    table.rows.title = (*text)[0];
    table.columns.title = (*text)[1];
    table.value_title = (*text)[2];
  }

  // From "shape", else from the names, else from the largest position; what is not backed by data is refused.
  Index extent(const char* names, const std::vector<double>& shape, std::size_t side, const char* positions_name,
               Index count) const {
    if (reader_.has(names)) return array(names).size();
    if (!shape.empty()) {
      const double size = shape[side];
      const double most = 16.0 * static_cast<double>(count) + 1e6;
      if (!(size >= 1) || size != std::floor(size) || size > most || size > static_cast<double>(IdIndex::kMost))
        wrong("shape",
              fmt::format("{} is declared for '{}', far more than {} entries can fill", size, positions_name, count));
      return static_cast<Index>(size);
    }
    return -1;
  }

  Table read_triplet_arrays() {
    Table table;
    table.layout = Table::Layout::triplets;
    table.format = "npz triplets";
    Entries entries;
    entries.value = numbers("value", -1);
    const auto count = static_cast<Index>(entries.value.size());
    const std::vector<double> shape = reader_.has("shape") ? numbers("shape", 2) : std::vector<double>{};
    const Index rows = extent("row_names", shape, 0, "row", count);
    const Index columns = extent("column_names", shape, 1, "column", count);
    entries.row = positions("row", count, rows);
    entries.column = positions("column", count, columns);
    table.rows = Axis::positions(rows >= 0 ? rows : last(entries.row, count));
    table.columns = Axis::positions(columns >= 0 ? columns : last(entries.column, count));
    name_axes(table);
    if (reader_.has("weight")) entries.weight = weights(count);
    drop_holes(entries, table);
    table.integer_values = all_whole(entries.value);
    table.notes.push_back("triplets from the arrays row, column and value; positions count from 0");
    sort_into(table, std::move(entries), options_.duplicates, {}, flaws_);
    return table;
  }

  Index last(const std::vector<std::int32_t>& positions, Index count) const {
    const Index size = positions.empty() ? 0 : Index{*std::max_element(positions.begin(), positions.end())} + 1;
    if (size > 16 * count + 1'000'000)
      flaws_.fail(0, fmt::format("position {} is far larger than {} entries suggest", size - 1, count),
                  "give the rows and columns names (arrays row_names, column_names)");
    return size;
  }

  void drop_holes(Entries& entries, Table& table) const {
    std::size_t to = 0;
    for (std::size_t k = 0; k < entries.value.size(); ++k) {
      if (std::isinf(entries.value[k]))
        flaws_.add(0, fmt::format("array 'value': element {} is infinite", k), "make it NaN if it is not known",
                   "left out");
      if (!std::isfinite(entries.value[k])) continue;
      entries.row[to] = entries.row[k];
      entries.column[to] = entries.column[k];
      entries.value[to] = entries.value[k];
      if (!entries.weight.empty()) entries.weight[to] = entries.weight[k];
      ++to;
    }
    const std::size_t holes = entries.value.size() - to;
    if (holes > 0) table.warnings.push_back(fmt::format("{} entries have no value (NaN): left out", holes));
    entries.row.resize(to);
    entries.column.resize(to);
    entries.value.resize(to);
    if (!entries.weight.empty()) entries.weight.resize(to);
  }

  const NpzReader& reader_;
  const ReadOptions& options_;
  Flaws& flaws_;
};

}  // namespace

Table read_npz(std::string_view bytes, const ReadOptions& options, Flaws& flaws) {
  const NpzReader reader(bytes, flaws.path());
  for (const char* sign : {"[Content_Types].xml", "xl/workbook.xml"})
    if (bytes.substr(0, 4096).find(sign) != std::string_view::npos)
      flaws.fail(0, "this is an Office document, which is not read", "save the sheet as .csv");
  return NpzTable(reader, options, flaws).read();
}

}  // namespace rankflow
