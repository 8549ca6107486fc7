// What kind of array does a file hold? Its first bytes say; its name and the options only where they do not.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/read_tensor.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/npy.h"
#include "data/readers.h"
#include "data/tensor/dense_cells.h"
#include "data/tensor/tensor_builder.h"
#include "data/tensor/tensor_readers.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

constexpr std::size_t kLook = std::size_t{1} << 16;

bool is_zip(std::string_view head) {
  return head.starts_with("PK\x03\x04") || head.starts_with("PK\x05\x06");
}

bool is_text(std::string_view head) {
  return head.substr(0, kLook).find('\0') == std::string_view::npos;
}

Index num_columns_named(const ReadOptions& options) {
  return options.columns.empty() ? 0 : std::count(options.columns.begin(), options.columns.end(), ',') + 1;
}

// Columns named one by one make a list of cells of what the file holds; fewer than four are a matrix.
bool options_name_modes(const ReadOptions& options) {
  constexpr Index kFewest = 4;
  return options.format != ReadOptions::Format::dense && num_columns_named(options) >= kFewest;
}

bool is_tns(const Input& input, const ReadOptions& options) {
  return input.inner_name().ends_with(".tns") && options.columns.empty() && options.weight.empty() &&
         options.format == ReadOptions::Format::automatic;
}

Tensor read_as_table(Input& input, const TensorReadOptions& options, Flaws& flaws) {
  ReadOptions table = options.table;
  table.mask = {};  // laid over the array later
  return to_tensor(read_input(input, table, flaws));
}

Tensor read_text_or_image(Input& input, std::string_view head, const TensorReadOptions& options, Flaws& flaws) {
  if (!is_text(head) && input.inner_name().ends_with(".mat"))
    flaws.fail(0, "a .mat file of a version that is not known; expected version 5 to 7.3",
               "save it again: save('name.mat', 'variable', '-v7')");
  if (!is_text(head)) return read_as_table(input, options, flaws);
  if (is_tns(input, options.table)) return read_tns(input, options, flaws);
  using Format = ReadOptions::Format;
  const ReadOptions& table = options.table;
  const bool matrix_market = head.starts_with("%%");
  const bool tns = input.inner_name().ends_with(".tns") && num_columns_named(table) != 3;
  const bool list =
      !matrix_market && table.format != Format::dense &&
      (options_name_modes(table) || tns || (table.columns.empty() && looks_like_cell_list(input, options, flaws)));
  if (!list) return read_as_table(input, options, flaws);
  const ListLayout layout = find_list_layout(input, options, flaws);
  return read_cell_list(input, layout, options, flaws);
}

// Options of reading that were set and have no effect on what was found.
void warn_unused(Tensor& tensor, const ReadOptions& options) {
  const auto is = [&](const char* beginning) { return tensor.format.starts_with(beginning); };
  const bool list = is("list of cells"), tns = is("tns"), several = is("npz, ") || is("mat ") || is("hdf5 ");
  if (!list && !tns && !several && !is("npy ") && !is("npz list") && !is("idx ")) return;  // it was read as a table
  const auto warn = [&](bool set, bool used, const char* option, const char* about) {
    if (set && !used)
      tensor.warnings.push_back(
          fmt::format("{} has no effect: it is about {}, and this is read as {}", option, about, tensor.format));
  };
  constexpr const char* kText = "text with columns";
  warn(!options.columns.empty(), list, "--columns", kText);
  warn(!options.weight.empty(), list, "--weight", kText);
  warn(options.delimiter != "auto", list, "--delimiter", kText);
  warn(options.header != ReadOptions::Choice::automatic, list, "--header", kText);
  warn(options.format != ReadOptions::Format::automatic, list, "--format", kText);
  warn(options.row_names != ReadOptions::Choice::automatic, false, "--row-names", "tables");
  warn(options.index_base != ReadOptions::IndexBase::automatic, tns, "--index-base", "positions in .tns files");
  warn(!options.array.empty(), several, "--array", "files of several arrays");
}

Tensor read_known(Input& input, const std::string& path, const TensorReadOptions& options, Flaws& flaws) {
  const std::string_view head = input.ahead(kLook);
  if (head.empty()) flaws.fail(0, "the file is empty");
  if (looks_like_npy(head)) return read_npy_tensor(input.rest(), options, flaws);
  if (is_zip(head)) return read_npz_tensor(input.rest(), options, flaws);
  if (looks_like_hdf5(head)) return read_hdf5(input, path, options, flaws);
  if (looks_like_mat5(head)) return read_mat5(input.rest(), options, flaws);
  if (looks_like_idx(head)) return read_idx(input.rest(), options, flaws);
  return read_text_or_image(input, head, options, flaws);
}

// Takes out of `tensor` what the mask says is not observed. Both are sorted.
void apply_mask(Tensor& tensor, const Tensor& mask, const std::string& path, const Flaws& flaws) {
  if (mask.shape() != tensor.shape())
    flaws.fail(0, fmt::format("the mask is {}, expected {} as the array", shape_text(mask.shape()),
                              shape_text(tensor.shape())));
  const auto compare = [&](Index a, Index b) {  // of the mask, of the array
    for (Index n = 0; n < tensor.order(); ++n)
      if (mask.index[n][a] != tensor.index[n][b]) return mask.index[n][a] < tensor.index[n][b] ? -1 : 1;
    return 0;
  };
  std::vector<bool> keep(tensor.value.size());
  for (Index k = 0, m = 0; k < tensor.num_observed(); ++k) {
    while (m < mask.num_observed() && compare(m, k) < 0) ++m;
    keep[k] = m < mask.num_observed() && compare(m, k) == 0 && mask.value[m] != 0;
  }
  keep_only(tensor, keep);
  const bool none = tensor.holes.starts_with("nothing");
  tensor.holes = fmt::format("{}cells that are 0 in the mask {}", none ? "" : tensor.holes + ", and ", path);
}

}  // namespace

Tensor read_tensor_input(Input& input, const std::string& path, const TensorReadOptions& options, Flaws& flaws) {
  Tensor tensor = read_known(input, path, options, flaws);
  warn_unused(tensor, options.table);
  tensor.source = input.name();
  const bool list = tensor.layout == Tensor::Layout::list;
  if (!options.table.mask.empty()) {
    if (list) throw OptionError("--mask is for arrays whose cells are all there, but this file is a list of cells");
    Input mask_input(options.table.mask);
    Flaws mask_flaws(options.table.mask);
    const Tensor mask = read_known(mask_input, options.table.mask, {}, mask_flaws);
    apply_mask(tensor, mask, options.table.mask, mask_flaws);
  }
  if (options.absent == TensorReadOptions::Absent::zero) {
    if (!list) throw OptionError("--absent is for lists of cells, but in this file all cells are there");
    fill_absent(tensor, flaws);
  }
  if (!list && options.table.duplicates != ReadOptions::Duplicates::error)
    tensor.warnings.push_back(
        "--duplicates has no effect: it is about cells in a list, and in this file every cell is one place");
  finish_tensor(tensor, flaws);
  return tensor;
}

Tensor read_tensor(const std::string& path, const TensorReadOptions& options) {
  Input input(path);
  Flaws flaws(input.name());
  return read_tensor_input(input, path, options, flaws);
}

TensorInspection inspect_tensor(const std::string& path, const TensorReadOptions& options, Index max_flaws) {
  Input input(path);
  Flaws flaws(input.name(), true, max_flaws);
  TensorInspection inspection;
  inspection.tensor = read_tensor_input(input, path, options, flaws);
  inspection.num_flaws = flaws.count();
  inspection.flaws = flaws.take();
  return inspection;
}

bool holds_tensor(const std::string& path, const TensorReadOptions& options) {
  constexpr Index kMatrix = 2;
  if (path == "-") return options_name_modes(options.table);
  Input input(path);
  const Flaws flaws(input.name());
  const std::string_view head = input.ahead(kLook);
  if (looks_like_npy(head)) return parse_npy_header(head, path).shape.size() != kMatrix;
  if (is_zip(head)) return order_of_npz(input.rest(), options, flaws) != kMatrix;
  if (looks_like_hdf5(head)) return order_of_hdf5(input, path, options, flaws) != kMatrix;
  if (looks_like_mat5(head)) return order_of_mat5(input.rest(), options, flaws) != kMatrix;
  if (looks_like_idx(head)) return head[3] != kMatrix;
  if (!is_text(head)) return false;
  if (options_name_modes(options.table)) return true;
  if (!is_tns(input, options.table)) return false;
  const Sample sample = take_sample(head.substr(0, kLook), head.size() < kLook, {" "});
  return !sample.lines.empty() && sample.lines.front().size() > kMatrix + 1;
}

std::vector<OptionField> fields(TensorReadOptions& options) {
  std::vector<OptionField> all = fields(options.table);
  const auto say = [&](const char* name, const char* domain, const char* help) {
    for (OptionField& field : all)
      if (field.name == name) {
        if (*domain != '\0') field.domain = domain;
        field.help = help;
      }
  };
  say("columns", "MODE,...,VALUE",
      "columns of a list by name or position from 1, the value last; four or more make an array of three or more "
      "modes");
  say("array", "", "which array of a .npz file, variable of a .mat file, or data set of an HDF5 file");
  say("mask", "", "image or array of the same shape: nonzero = observed");
  say("missing", "", "further values that mean a hole, e.g. -200 or 0");
  say("index_base", "", "where the positions of a .tns or Matrix Market file begin; auto: 0 in a .tns that has a 0");
  say("duplicates", "", "what a cell that occurs twice with different values becomes");
  using Absent = TensorReadOptions::Absent;
  all.push_back(choice("absent", options.absent, {{"hole", Absent::hole}, {"zero", Absent::zero}},
                       "what a cell is that a list of cells does not name"));
  return all;
}

std::string listed(const std::vector<ArrayChoice>& choices) {
  constexpr std::size_t kShown = 20;
  std::string all;
  for (std::size_t k = 0; k < std::min(choices.size(), kShown); ++k)
    all += fmt::format("{}'{}' ({}{})", k > 0 ? ", " : "", shown(choices[k].name),
                       choices[k].shape.empty() ? "one value" : shape_text(choices[k].shape),
                       choices[k].type.empty() ? "" : ", " + choices[k].type);
  if (choices.size() > kShown) all += fmt::format(" and {} more", choices.size() - kShown);
  return all;
}

const ArrayChoice& choose_array(const std::vector<ArrayChoice>& choices, const std::string& wanted, const char* kind,
                                const Flaws& flaws) {
  if (choices.empty()) flaws.fail(0, fmt::format("the file holds no {} of numbers", kind));
  if (wanted.empty()) {
    if (choices.size() == 1) return choices.front();
    flaws.fail(0, fmt::format("the file has several {}s: {}", kind, listed(choices)), "choose one with --array NAME");
  }
  for (const ArrayChoice& choice : choices)
    if (choice.name == wanted) return choice;
  flaws.fail(0, fmt::format("there is no {} '{}'; the file has {}", kind, shown(wanted), listed(choices)));
}

}  // namespace rankflow
