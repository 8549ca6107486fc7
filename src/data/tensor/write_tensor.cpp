// Which format does a name ask for, and what comes after what?
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/write_tensor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "data/rounding.h"
#include "data/tensor/tensor_builder.h"
#include "data/tensor/tensor_writers.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

enum class Kind { text, npy, npz, mat, hdf5 };
struct Format {
  Kind kind = Kind::text;
  CellText text = {};
};

Format format_of(const std::string& path) {
  std::string_view name = path;
  if (name == "-" || name.starts_with("/dev/")) return {};
  const bool gz = name.ends_with(".gz");
  if (gz) name.remove_suffix(3);
  const auto is = [&](std::string_view ending) { return name.ends_with(ending); };
  if (gz && (is(".npz") || is(".mat") || is(".h5") || is(".hdf5")))
    throw OptionError(fmt::format("{}: this format is not packed as a whole", path), "leave .gz out");
  if (is(".csv")) return {};
  if (is(".tsv") || is(".txt")) return {Kind::text, {'\t', false}};
  if (is(".tns")) return {Kind::text, {' ', true}};
  if (is(".npy")) return {Kind::npy};
  if (is(".npz")) return {Kind::npz};
  if (is(".mat")) return {Kind::mat};
  if (is(".h5") || is(".hdf5")) return {Kind::hdf5};
  throw OptionError(fmt::format("{}: the name does not say in which format to write an array", path),
                    fmt::format("let it end in one of {}", kWritableTensorFormats));
}

}  // namespace

CellStream::CellStream(const Tensor& tensor, const TensorCell& fill, const WriteOptions& options, bool column_major)
    : tensor_(tensor),
      fill_(fill),
      keep_(options.keep_observed || !fill),
      column_major_(column_major),
      digits_(options.digits),
      index_(static_cast<std::size_t>(tensor.order()), 0) {
  for (const Index size : tensor.shape()) {
    constexpr Index kMostCells = Index{1} << 56;
    if (__builtin_mul_overflow(count_, size, &count_) || count_ > kMostCells)
      throw OptionError(
          fmt::format("all {:.3g} cells of {} cannot be written", tensor.cells(), shape_text(tensor.shape())),
          "write those that are needed as a list");
  }
  if (!column_major || tensor.order() < 2) return;
  order_.resize(static_cast<std::size_t>(tensor.num_observed()));
  std::iota(order_.begin(), order_.end(), Index{0});
  std::sort(order_.begin(), order_.end(), [&](Index a, Index b) {
    for (Index n = tensor.order() - 1; n >= 0; --n)
      if (tensor.index[n][a] != tensor.index[n][b]) return tensor.index[n][a] < tensor.index[n][b];
    return false;
  });
}

void CellStream::advance() {
  const Index order = tensor_.order();
  for (Index step = 0; step < order; ++step) {
    const Index n = column_major_ ? step : order - 1 - step;
    if (++index_[n] < tensor_.size(n)) return;
    index_[n] = 0;
  }
}

double CellStream::next() {
  if (begun_) advance();
  begun_ = true;
  bool here = next_observed_ < tensor_.num_observed();
  const Index k = here ? observation(next_observed_) : 0;
  for (Index n = tensor_.order() - 1; n >= 0 && here; --n) here = tensor_.index[n][k] == index_[n];
  next_observed_ += here;
  observed_ = here && keep_;
  return observed_ ? tensor_.value[k] : fill_ ? rounded(fill_(index_), digits_) : kNaN;
}

void put_cells(OutputFile& file, CellStream& cells) {
  for (Index k = 0; k < cells.count(); ++k) {
    const double value = cells.next();
    char* to = file.room(sizeof value);
    std::memcpy(to, &value, sizeof value);
    file.take(to + sizeof value);
  }
}

void write_dense(const std::string& path, const Tensor& like, const TensorCell& fill, const WriteOptions& options) {
  const Format format = format_of(path);
  CellStream cells(like, fill, options, format.kind == Kind::mat);
  switch (format.kind) {
    case Kind::text:
      return write_text_cells(path, cells, format.text, options.digits);
    case Kind::npy:
      return write_npy_cells(path, cells);
    case Kind::npz:
      return write_npz_cells(path, cells);
    case Kind::mat:
      return write_mat_cells(path, cells);
    case Kind::hdf5:
      return write_hdf5_cells(path, cells);
  }
}

void write_cells(const std::string& path, const Tensor& tensor, const WriteOptions&) {
  const Format format = format_of(path);
  if (format.kind == Kind::npz) return write_npz_list(path, tensor);
  if (format.kind != Kind::text)
    throw OptionError(fmt::format("{}: this format does not hold lists of cells", path),
                      "use .csv, .tsv, .tns or .npz");
  write_text_list(path, tensor, format.text);
}

void write_cells(const std::string& path, const Tensor& names, const TensorEntries& entries,
                 const WriteOptions& options) {
  const Format format = format_of(path);
  if (format.kind != Kind::text)
    throw OptionError(fmt::format("{}: a list of cells is written as text", path), "use .csv, .tsv or .tns");
  write_text_list(path, names, entries, format.text, options.digits);
}

void write_tensor(const std::string& path, const Tensor& tensor, const WriteOptions& options) {
  const Kind kind = format_of(path).kind;
  const bool list = kind == Kind::text || (kind == Kind::npz && tensor.layout == Tensor::Layout::list);
  if (list) return write_cells(path, tensor, options);
  write_dense(path, tensor, {}, options);
}

}  // namespace rankflow
