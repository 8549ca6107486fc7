// Data sets of HDF5 files, and variables of MATLAB files of version 7.3, which are such files.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "data/tensor/dense_cells.h"
#include "data/tensor/hdf5_handle.h"
#include "data/tensor/tensor_builder.h"
#include "data/tensor/tensor_readers.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

constexpr const char* kHint = "copy or save the file again";
constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";
constexpr const char* kMatlabClass = "MATLAB_class";

struct DataSet {
  ArrayChoice choice;
  bool numbers = false;
  bool matlab = false;  // its dimensions are stored in reverse
};

struct Names {
  std::vector<std::string> found;
  bool too_many = false;
};

// Called by HDF5 for every object: nothing may be thrown from here.
herr_t collect(hid_t, const char* name, const H5O_info_t* info, void* to) {
  constexpr std::size_t kMost = 100'000;
  auto& names = *static_cast<Names*>(to);
  if (info->type != H5O_TYPE_DATASET) return 0;
  if (names.found.size() == kMost) {
    names.too_many = true;
    return 1;
  }
  try {
    names.found.emplace_back(name);
  } catch (...) {
    return -1;
  }
  return 0;
}

class Hdf5File {
 public:
  Hdf5File(Input& input, const std::string& path, const Flaws& flaws) : flaws_(flaws) {
    Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    const bool as_it_lies = !path.empty() && input.known_size() > 0;
    if (as_it_lies) {
      H5Pset_file_locking(access.get(), false, true);  // it is only read, perhaps from where locks cannot be had
    } else {
      const std::string_view bytes = input.rest();
      constexpr std::size_t kGrowth = std::size_t{1} << 16;
      H5Pset_fapl_core(access.get(), kGrowth, false);
      H5Pset_file_image(access.get(), const_cast<char*>(bytes.data()), bytes.size());
    }
    file_ = Hdf5Handle(H5Fopen(as_it_lies ? path.c_str() : "memory", H5F_ACC_RDONLY, access.get()), H5Fclose);
    if (!file_.valid()) fail("the HDF5 file cannot be opened");
  }

  std::vector<DataSet> data_sets() const {
    Names names;
    if (H5Ovisit(file_.get(), H5_INDEX_NAME, H5_ITER_NATIVE, collect, &names) < 0 || names.too_many)
      fail("the list of the HDF5 file's data sets cannot be read");
    std::vector<DataSet> sets;
    for (const std::string& name : names.found)
      if (!name.starts_with("#refs#") && !name.starts_with("#subsystem#")) sets.push_back(describe(name));
    return sets;
  }

  Hdf5Handle open(const std::string& name) const {
    Hdf5Handle set(H5Dopen2(file_.get(), name.c_str(), H5P_DEFAULT), H5Dclose);
    if (!set.valid()) fail(fmt::format("the data set '{}' cannot be opened", shown(name)));
    return set;
  }

  [[noreturn]] void fail(const std::string& problem) const {
    flaws_.fail(0, fmt::format("{}: {}", problem, hdf5_reason()), kHint);
  }

 private:
  DataSet describe(const std::string& name) const {
    DataSet set;
    set.choice.name = name;
    const Hdf5Handle opened = open(name);
    const Hdf5Handle space(H5Dget_space(opened.get()), H5Sclose), type(H5Dget_type(opened.get()), H5Tclose);
    if (!space.valid() || !type.valid()) fail(fmt::format("the data set '{}' cannot be read", shown(name)));
    const H5T_class_t kind = H5Tget_class(type.get());
    set.choice.type = kind == H5T_INTEGER ? "integers" : kind == H5T_FLOAT ? "floating point" : "truth values";
    set.numbers = kind == H5T_INTEGER || kind == H5T_FLOAT || kind == H5T_ENUM;
    if (!set.numbers)
      set.choice.type = kind == H5T_STRING     ? "text"
                        : kind == H5T_COMPOUND ? "records or complex numbers"
                                               : "no numbers";
    const std::string matlab_class = text_attribute(opened.get(), kMatlabClass);
    set.matlab = !matlab_class.empty();
    if (matlab_class == "char" || matlab_class == "cell" || matlab_class == "function_handle") {
      set.numbers = false;
      set.choice.type = matlab_class;
    }
    set.choice.shape = shape_of(space.get());
    if (H5Aexists(opened.get(), "MATLAB_empty") > 0) set.choice.shape = {0};
    if (set.matlab) std::reverse(set.choice.shape.begin(), set.choice.shape.end());
    return set;
  }

  std::vector<Index> shape_of(hid_t space) const {
    if (H5Sget_simple_extent_type(space) == H5S_NULL) return {0};
    const int order = H5Sget_simple_extent_ndims(space);
    if (order < 0) fail("the shape of a data set cannot be read");
    std::vector<hsize_t> sizes(static_cast<std::size_t>(order));
    if (order > 0 && H5Sget_simple_extent_dims(space, sizes.data(), nullptr) < 0)
      fail("the shape of a data set cannot be read");
    std::vector<Index> shape;
    constexpr hsize_t kMost = hsize_t{1} << 62;
    for (const hsize_t size : sizes) shape.push_back(static_cast<Index>(std::min(size, kMost)));
    return shape;
  }

  // Text of fixed length, as MATLAB writes it; empty if there is none.
  std::string text_attribute(hid_t object, const char* name) const {
    constexpr std::size_t kLongest = 256;
    if (H5Aexists(object, name) <= 0) return "";
    const Hdf5Handle attribute(H5Aopen(object, name, H5P_DEFAULT), H5Aclose);
    if (!attribute.valid()) return "";
    const Hdf5Handle type(H5Aget_type(attribute.get()), H5Tclose), space(H5Aget_space(attribute.get()), H5Sclose);
    if (!type.valid() || H5Tget_class(type.get()) != H5T_STRING || H5Tis_variable_str(type.get()) != 0) return "";
    const std::size_t size = H5Tget_size(type.get());
    if (size == 0 || size > kLongest || H5Sget_simple_extent_npoints(space.get()) != 1) return "";
    std::string text(size, '\0');
    if (H5Aread(attribute.get(), type.get(), text.data()) < 0) return "";
    return text.substr(0, text.find('\0'));
  }

  const Flaws& flaws_;
  Hdf5Handle file_;
};

DataSet choose(const std::vector<DataSet>& sets, const TensorReadOptions& options, const Flaws& flaws) {
  std::string_view wanted = options.table.array;
  while (wanted.starts_with('/')) wanted.remove_prefix(1);
  std::vector<ArrayChoice> choices;
  for (const DataSet& set : sets) {
    if (set.choice.name == wanted && !set.numbers)
      flaws.fail(0, fmt::format("the data set '{}' holds {}; expected numbers", shown(wanted), set.choice.type));
    if (set.numbers) choices.push_back(set.choice);
  }
  const std::string name = choose_array(choices, std::string(wanted), "data set", flaws).name;
  return *std::find_if(sets.begin(), sets.end(), [&](const DataSet& set) { return set.choice.name == name; });
}

// The data set's sizes are a claim: the bytes that it takes in the file say what can be behind it. Packed, they may be
// a thousand times as many.
void check_size(hid_t set, const DenseShape& dense, std::size_t item, const std::string& name, const Flaws& flaws) {
  const Hdf5Handle creation(H5Dget_create_plist(set), H5Pclose);
  if (H5Pget_external_count(creation.get()) > 0 || H5Pget_layout(creation.get()) == H5D_VIRTUAL)
    flaws.fail(0, fmt::format("the cells of the data set '{}' lie in other files", shown(name)),
               "copy them into one: h5repack, or save the array as .npy");
  constexpr double kMostPacked = 1100, kFree = 1 << 20;
  const auto stored = static_cast<double>(H5Dget_storage_size(set));
  const double declared = static_cast<double>(dense.count()) * static_cast<double>(item);
  if (declared > kFree + kMostPacked * stored)
    flaws.fail(0,
               fmt::format("the data set '{}' declares {} cells ({:.3g} bytes), but the file has only {:.3g} bytes of "
                           "them",
                           shown(name), shape_text(dense.shape), declared, stored),
               "the cells were never written, or the file is damaged");
}

}  // namespace

std::string hdf5_reason() {
  std::string text;
  const auto keep = [](unsigned depth, const H5E_error2_t* error, void* to) -> herr_t {
    if (depth == 0 && error->desc != nullptr) *static_cast<std::string*>(to) = error->desc;
    return 0;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep, &text);
  return text.empty() ? "HDF5 gives no reason" : text;
}

bool looks_like_hdf5(std::string_view head) {
  // The signature stands at 0 or behind a block of 512, 1024, ... bytes that is not HDF5's.
  for (std::size_t at = 0; at < head.size(); at = at == 0 ? 512 : 2 * at)
    if (head.substr(at).starts_with(kSignature)) return true;
  return false;
}

Tensor read_hdf5(Input& input, const std::string& path, const TensorReadOptions& options, Flaws& flaws) {
  const QuietHdf5 quiet;
  const Hdf5File file(input, path, flaws);
  const DataSet chosen = choose(file.data_sets(), options, flaws);
  const std::string& name = chosen.choice.name;
  DenseShape dense;
  dense.shape = chosen.choice.shape;
  dense.column_major = chosen.matlab;
  check_shape(dense.shape, flaws);
  const Hdf5Handle set = file.open(name);
  const Hdf5Handle type(H5Dget_type(set.get()), H5Tclose);
  const std::size_t item = H5Tget_size(type.get());
  dense.integers = H5Tget_class(type.get()) != H5T_FLOAT;
  dense.wide_integers = dense.integers && item >= sizeof(std::int64_t);
  check_size(set.get(), dense, item, name, flaws);
  std::vector<double> cells(static_cast<std::size_t>(dense.count()));
  if (H5Dread(set.get(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, cells.data()) < 0)
    file.fail(fmt::format("the data set '{}' cannot be read", shown(name)));

  Tensor tensor;
  tensor.format = fmt::format("{} '{}'", chosen.matlab ? "mat variable" : "hdf5 data set", name);
  tensor.notes.push_back(
      chosen.matlab ? fmt::format("the variable '{}', {}, its modes in MATLAB's order; indices count from 1",
                                  shown(name), shape_text(dense.shape))
                    : fmt::format("the data set '{}' of {}, {}, its modes in HDF5's order (as h5py shows them; MATLAB "
                                  "and Julia show the reverse); indices count from 0",
                                  shown(name), chosen.choice.type, shape_text(dense.shape)));
  fill_dense(tensor, dense, options.table.missing, flaws,
             [&](Index position) { return cells[static_cast<std::size_t>(position)]; });
  if (chosen.matlab)
    for (Axis& mode : tensor.modes) mode = Axis::positions(mode.size(), 1);
  return tensor;
}

Index order_of_hdf5(Input& input, const std::string& path, const TensorReadOptions& options, const Flaws& flaws) {
  const QuietHdf5 quiet;
  const Hdf5File file(input, path, flaws);
  return static_cast<Index>(choose(file.data_sets(), options, flaws).choice.shape.size());
}

}  // namespace rankflow
