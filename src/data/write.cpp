// Which format does a name ask for?
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/write.h"

#include <fmt/format.h>

#include "data/writers.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

enum class Kind { text, npy, npz, mtx, pgm, png };
struct Format {
  Kind kind = Kind::text;
  char delimiter = ',';
};

Format format_of(const std::string& path) {
  std::string_view name = path;
  if (name == "-" || name.starts_with("/dev/")) return {};
  const bool gz = name.ends_with(".gz");
  if (gz) name.remove_suffix(3);
  const auto is = [&](std::string_view ending) { return name.ends_with(ending); };
  if (gz && (is(".npz") || is(".png")))
    throw OptionError(fmt::format("{}: .npz and .png are compressed already", path), "leave .gz out");
  if (is(".csv")) return {};
  if (is(".tsv") || is(".txt")) return {Kind::text, '\t'};
  if (is(".npy")) return {Kind::npy};
  if (is(".npz")) return {Kind::npz};
  if (is(".mtx")) return {Kind::mtx};
  if (is(".pgm")) return {Kind::pgm};
  if (is(".png")) return {Kind::png};
  throw OptionError(fmt::format("{}: the name does not say in which format to write", path),
                    fmt::format("let it end in one of {}", kWritableFormats));
}

[[noreturn]] void no_triplets(const std::string& path) {
  throw OptionError(fmt::format("{}: this format does not hold triplets", path), "use .csv, .tsv, .npz or .mtx");
}

}  // namespace

std::vector<OptionField> fields(WriteOptions& options) {
  return {field("digits", options.digits, {0, 17},
                "significant digits of computed values; 0 = as many as give back the same number"),
          field("keep_observed", options.keep_observed, "write observed cells exactly as they were read")};
}

void write_dense(const std::string& path, const Table& like, const CellValue& fill, const WriteOptions& options) {
  const RowSource source(like, fill, options);
  const Format format = format_of(path);
  switch (format.kind) {
    case Kind::text:
      return write_dense_text(path, source, format.delimiter, options.digits);
    case Kind::npy:
      return write_npy(path, source);
    case Kind::npz:
      return write_dense_npz(path, source);
    case Kind::mtx:
      return write_matrix_market_array(path, like, fill, options);
    case Kind::pgm:
      return write_pgm(path, source);
    case Kind::png:
      return write_png(path, source);
  }
}

void write_triplets(const std::string& path, const Table& table, const WriteOptions&) {
  const Format format = format_of(path);
  switch (format.kind) {
    case Kind::text:
      return write_triplet_text(path, table, format.delimiter);
    case Kind::npz:
      return write_triplet_npz(path, table);
    case Kind::mtx:
      return write_matrix_market_coordinates(path, table);
    default:
      no_triplets(path);
  }
}

void write_triplets(const std::string& path, const Table& names, const Entries& entries, const WriteOptions&) {
  const Format format = format_of(path);
  if (format.kind != Kind::text)
    throw OptionError(fmt::format("{}: a list of pairs is written as text", path), "use .csv or .tsv");
  write_triplet_text(path, names, entries, format.delimiter);
}

void write_table(const std::string& path, const Table& table, const WriteOptions& options) {
  const Kind kind = format_of(path).kind;
  const bool dense_only = kind == Kind::npy || kind == Kind::pgm || kind == Kind::png;
  if (table.layout == Table::Layout::triplets && !dense_only) return write_triplets(path, table, options);
  // Matrix Market's array form has no holes; its coordinate form is made of them.
  if (kind == Kind::mtx && table.density() < 1) return write_triplets(path, table, options);
  write_dense(path, table, {}, options);
}

}  // namespace rankflow
