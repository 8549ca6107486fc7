// Arrays as .npy and .npz, and lists of cells as .npz.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstring>
#include <map>

#include "data/npy.h"
#include "data/npz.h"
#include "data/output_file.h"
#include "data/tensor/tensor_writers.h"
#include "rankflow/archive.h"

namespace rankflow {
namespace {

Array name_array(const Axis& axis) {
  if (axis.kind() == Axis::Kind::integers) return {{axis.size()}, axis.integer_ids()};
  std::vector<std::string> names;
  names.reserve(static_cast<std::size_t>(axis.size()));
  for (Index i = 0; i < axis.size(); ++i) names.push_back(axis.name(i));
  return {{axis.size()}, std::move(names)};
}

// What names an array: arrays that exist only where there is something to say.
std::map<std::string, Array> naming(const Tensor& tensor) {
  std::map<std::string, Array> arrays;
  std::vector<std::string> titles;
  bool titled = !tensor.value_title.empty();
  for (Index n = 0; n < tensor.order(); ++n) {
    const Axis& axis = tensor.modes[n];
    if (axis.kind() != Axis::Kind::positions) arrays[fmt::format("mode_{}_names", n + 1)] = name_array(axis);
    titles.push_back(axis.title);
    titled = titled || !axis.title.empty();
  }
  titles.push_back(tensor.value_title);
  if (titled) arrays["titles"] = {{static_cast<Index>(titles.size())}, std::move(titles)};
  return arrays;
}

// Cell after cell into pieces of any size.
class CellBytes {
 public:
  explicit CellBytes(CellStream& cells) : cells_(cells) {}
  void operator()(char* to, std::size_t size) {
    for (std::size_t k = 0; k < size; ++k) {
      if (at_ == sizeof(double)) {
        const double value = cells_.next();
        std::memcpy(bytes_, &value, sizeof value);
        at_ = 0;
      }
      to[k] = bytes_[at_++];
    }
  }

 private:
  CellStream& cells_;
  char bytes_[sizeof(double)];
  std::size_t at_ = sizeof(double);
};

}  // namespace

void set_names(Archive& archive, const Tensor& tensor) {
  for (auto& [name, array] : naming(tensor)) archive.set(name, std::move(array));
}

void write_npy_cells(const std::string& path, CellStream& cells) {
  OutputFile file(path);
  file.write(npy_header("<f8", cells.tensor().shape()));
  put_cells(file, cells);
  file.finish();
}

void write_npz_cells(const std::string& path, CellStream& cells) {
  const std::map<std::string, Array> names = naming(cells.tensor());
  NpzWriter writer(path, true);
  writer.add_streamed("value", cells.tensor().shape(), CellBytes(cells));
  for (const auto& [name, array] : names) writer.add(name, array);
  writer.finish();
}

void write_npz_list(const std::string& path, const Tensor& tensor) {
  std::map<std::string, Array> arrays = naming(tensor);
  const Index count = tensor.num_observed();
  std::vector<std::int32_t> index;
  index.reserve(static_cast<std::size_t>(count * tensor.order()));
  for (Index k = 0; k < count; ++k)
    for (const auto& mode : tensor.index) index.push_back(mode[k]);
  arrays["index"] = {{count, tensor.order()}, std::move(index)};
  arrays["value"] = {{count}, tensor.value};
  if (!tensor.weight.empty()) arrays["weight"] = {{count}, tensor.weight};
  const std::vector<Index> shape = tensor.shape();
  arrays["shape"] = {{tensor.order()}, std::vector<std::int64_t>(shape.begin(), shape.end())};
  NpzWriter writer(path, true);
  for (const auto& [name, array] : arrays) writer.add(name, array);
  writer.finish();
}

}  // namespace rankflow
