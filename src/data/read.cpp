// What kind of file is it? Its first bytes say; its name only where they do not.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/read.h"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "data/npy.h"
#include "data/readers.h"
#include "data/table_builder.h"
#include "data/tensor/tensor_readers.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

constexpr std::size_t kLook = std::size_t{1} << 20;

struct Foreign {
  std::string_view magic;
  const char* what;
  const char* hint;
};
constexpr std::array<Foreign, 10> kForeign = {{
    {"PAR1", "a Parquet file", "pandas.read_parquet(path).to_csv(...) makes a .csv of it"},
    {"ARROW1", "an Arrow file", "save it as .csv"},
    {"\xff\xd8\xff", "a JPEG image", "convert it to .png or .pgm"},
    {"GIF8", "a GIF image", "convert it to .png or .pgm"},
    {"BZh", "a bzip2 file", "unpack it first: bunzip2"},
    {"\xfd"
     "7zXZ",
     "an xz file", "unpack it first: unxz"},
    {"\x28\xb5\x2f\xfd", "a zstd file", "unpack it first: unzstd"},
    {"\xff\xfe", "text in UTF-16", "save it as UTF-8"},
    {"\xfe\xff", "text in UTF-16", "save it as UTF-8"},
    {"\xd0\xcf\x11\xe0", "an old Excel workbook", "save it as .csv"},
}};

bool ends_with_any(std::string_view name, std::initializer_list<std::string_view> endings) {
  for (const std::string_view ending : endings)
    if (name.ends_with(ending)) return true;
  return false;
}

// "P2" or "P5", a blank, then a digit or a comment. A table may begin so too: its name tells.
bool is_pgm(std::string_view head, std::string_view name) {
  if (head.size() < 4 || head[0] != 'P' || head[1] < '1' || head[1] > '6' ||
      !std::isspace(static_cast<unsigned char>(head[2])))
    return false;
  return !ends_with_any(name, {".csv", ".tsv", ".txt", ".dat", ".data"}) &&
         (std::isdigit(static_cast<unsigned char>(head[3])) || head[3] == '#');
}

// Formats of arrays of any order, of which a table is a case.
std::optional<Table> read_matrix_of_array(Input& input, std::string_view head, const ReadOptions& given, Flaws& flaws) {
  const TensorReadOptions options = {.table = given};
  Tensor tensor;
  if (looks_like_hdf5(head)) {
    tensor = read_hdf5(input, "", options, flaws);
  } else if (looks_like_mat5(head)) {
    tensor = read_mat5(input.rest(), options, flaws);
  } else if (looks_like_idx(head)) {
    tensor = read_idx(input.rest(), options, flaws);
  } else {
    return std::nullopt;
  }
  tensor.source = input.name();
  return to_table(tensor);
}

Table read_known(Input& input, const ReadOptions& options, Flaws& flaws) {
  const std::string_view head = input.ahead(kLook);
  if (head.empty()) flaws.fail(0, "the file is empty");
  if (looks_like_npy(head)) return read_npy(input.rest(), flaws);
  if (head.starts_with("PK\x03\x04") || head.starts_with("PK\x05\x06")) return read_npz(input.rest(), options, flaws);
  if (head.starts_with("\x89PNG")) return read_png(input.rest(), flaws);
  if (head.starts_with("%%MatrixMarket") || head.starts_with("%%matrixmarket"))
    return read_matrix_market(input, options, flaws);
  if (is_pgm(head, input.inner_name())) return read_pgm(input.rest(), flaws);
  if (std::optional<Table> table = read_matrix_of_array(input, head, options, flaws)) return *std::move(table);
  for (const Foreign& foreign : kForeign)
    if (head.starts_with(foreign.magic))
      flaws.fail(0, fmt::format("this is {}, which is not read", foreign.what), foreign.hint);
  if (head.substr(0, 1 << 16).find('\0') != std::string_view::npos)
    flaws.fail(
        0, "found binary data of a kind that is not known; expected text, .npy, .npz, .mat, HDF5, .mtx, .pgm or .png",
        "see `rankflow check --help` for what is read");
  if (input.inner_name().ends_with(".mtx"))
    flaws.fail(1, "found no %%MatrixMarket line at the beginning of a .mtx file",
               "the first line has to be, for example, %%MatrixMarket matrix coordinate real general");
  return read_text(input, options, flaws);
}

}  // namespace

Table read_text(Input& input, const ReadOptions& options, Flaws& flaws) {
  if (input.ahead(kLook).starts_with("\xef\xbb\xbf")) input.skip(3);
  const std::string_view head = input.ahead(kLook + 1);
  if (head.find('\n') == std::string_view::npos && head.find('\r') != std::string_view::npos)
    flaws.fail(1, "lines end with a carriage return alone", "convert the line ends: tr '\\r' '\\n'");
  const bool whole = head.size() <= kLook;
  const TextLayout layout = find_layout(head.substr(0, kLook), whole, options, flaws);
  if (input.inner_name().ends_with(".tns") && layout.num_fields > 3 && options.format == ReadOptions::Format::automatic)
    flaws.fail(0, fmt::format("a tensor of {} modes; expected a table, which has two", layout.num_fields - 1),
               "pass --format triplets or dense if it is one all the same");
  Table table =
      layout.triplets ? read_triplets(input, layout, options, flaws) : read_dense(input, layout, options, flaws);
  table.notes.insert(table.notes.begin(), layout.notes.begin(), layout.notes.end());
  table.warnings.insert(table.warnings.begin(), layout.warnings.begin(), layout.warnings.end());
  return table;
}

namespace {

// Options about text that were set for something else.
void warn_unused(Table& table, const ReadOptions& options) {
  const auto is = [&](const char* beginning) { return table.format.starts_with(beginning); };
  if (!is("npy ") && !is("npz") && !is("pgm") && !is("png")) return;
  const auto warn = [&](bool set, const char* option) {
    if (set)
      table.warnings.push_back(
          fmt::format("{} has no effect: it is about text, and this is read as {}", option, table.format));
  };
  warn(!options.columns.empty(), "--columns");
  warn(!options.weight.empty() && !is("npz triplets"), "--weight");
  warn(options.delimiter != "auto", "--delimiter");
  warn(options.header != ReadOptions::Choice::automatic, "--header");
  warn(options.row_names != ReadOptions::Choice::automatic, "--row-names");
  warn(!options.missing.empty(), "--missing");
  if (!options.array.empty() && !is("npz"))
    table.warnings.push_back("--array has no effect: it is about files of several arrays");
}

}  // namespace

Table read_input(Input& input, const ReadOptions& options, Flaws& flaws) {
  Table table = read_known(input, options, flaws);
  table.source = input.name();
  warn_unused(table, options);
  if (options.duplicates != ReadOptions::Duplicates::error && table.layout != Table::Layout::triplets)
    table.warnings.push_back(
        "--duplicates has no effect: it is about pairs in a list of observations, and this was read as a dense table, "
        "where every cell is one place");
  if (!options.mask.empty()) {
    if (table.layout == Table::Layout::triplets)
      throw OptionError("--mask is for images and dense tables, but this file holds triplets");
    Input mask_input(options.mask);
    Flaws mask_flaws(options.mask);
    apply_mask(table, read_known(mask_input, {}, mask_flaws), mask_flaws);
    table.notes.push_back("observed is what is not zero in " + options.mask);
  }
  finish_table(table, flaws);
  return table;
}

Table read_table(const std::string& path, const ReadOptions& options) {
  Input input(path);
  Flaws flaws(input.name());
  return read_input(input, options, flaws);
}

Inspection inspect_table(const std::string& path, const ReadOptions& options, Index max_flaws) {
  Input input(path);
  Flaws flaws(input.name(), true, max_flaws);
  Inspection inspection;
  inspection.table = read_input(input, options, flaws);
  inspection.num_flaws = flaws.count();
  inspection.flaws = flaws.take();
  return inspection;
}

std::vector<OptionField> fields(ReadOptions& options) {
  using Format = ReadOptions::Format;
  using Duplicates = ReadOptions::Duplicates;
  using Choice = ReadOptions::Choice;
  using Base = ReadOptions::IndexBase;
  const std::vector<std::pair<std::string, Choice>> choices = {
      {"auto", Choice::automatic}, {"yes", Choice::yes}, {"no", Choice::no}};
  return {
      choice("format", options.format,
             {{"auto", Format::automatic}, {"triplets", Format::triplets}, {"dense", Format::dense}},
             "one observation a line, or a table"),
      field("columns", options.columns, "ROW,COLUMN,VALUE",
            "columns of triplets by name or position from 1; with --format dense: the columns to read"),
      field("weight", options.weight, "NAME", "column with a weight > 0 for each observation (relative precision)"),
      field("mask", options.mask, "PATH", "image or array of the same size: nonzero = observed"),
      field("array", options.array, "NAME", "which array of an .npz file"),
      choice("index_base", options.index_base, {{"auto", Base::automatic}, {"0", Base::zero}, {"1", Base::one}},
             "where the indices of a Matrix Market file begin; its specification says 1"),
      field("delimiter", options.delimiter, "auto | comma | semicolon | tab | pipe | blank | TEXT",
            "what separates fields"),
      choice("header", options.header, choices, "is the first line a header?"),
      choice("row_names", options.row_names, choices, "does the first column of a dense table hold row names?"),
      field("missing", options.missing, "A,B,...", "further cell contents that mean a hole, e.g. -200"),
      choice("duplicates", options.duplicates,
             {{"error", Duplicates::error}, {"mean", Duplicates::mean}, {"last", Duplicates::last}},
             "what a pair that occurs twice with different values becomes"),
  };
}

}  // namespace rankflow
