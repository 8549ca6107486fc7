// check and convert on arrays of order 3 and more.
// SPDX-License-Identifier: Apache-2.0
#include "cli/array_verbs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/table_report.h"
#include "data/rounding.h"
#include "rankflow/tensor_summary.h"
#include "rankflow/write_tensor.h"

namespace rankflow::cli {
namespace {

constexpr int kCannotBeRead = 3;

// Names and weights that the written format does not have.
void warn_of_losses(const Tensor& tensor, std::string path, OutputShape shape) {
  if (path.ends_with(".gz")) path.resize(path.size() - 3);
  const auto any = [&path](std::initializer_list<const char*> endings) {
    return std::any_of(endings.begin(), endings.end(), [&](const char* ending) { return path.ends_with(ending); });
  };
  const bool array = any({".npy", ".mat", ".h5", ".hdf5"});
  const bool dense =
      array || (any({".npz"}) && (shape == OutputShape::dense ||
                                  (shape == OutputShape::as_read && tensor.layout != Tensor::Layout::list)));
  std::string modes;
  for (Index n = 0; n < tensor.order(); ++n)
    if (tensor.modes[n].kind() != Axis::Kind::positions) modes += (modes.empty() ? "" : ", ") + std::to_string(n + 1);
  if (!modes.empty() && (array || any({".tns"})))
    fmt::print(stderr,
               "warning: {} does not hold names: those of mode {} have become positions; .csv and .npz keep them\n",
               path, modes);
  if (!tensor.weight.empty() && dense)
    fmt::print(stderr, "warning: an array in {} has no weights: they are lost; lists of cells keep them\n", path);
}

}  // namespace

int check_array_file(const std::string& path, const TensorReadOptions& read, bool json, Index max_problems) {
  const TensorInspection inspection = inspect_tensor(path, read, max_problems);
  const TensorSummary summary = summarize(inspection.tensor);
  const bool clean = inspection.num_flaws == 0;
  if (json) {
    auto object = nlohmann::ordered_json::parse(summary_json(inspection.tensor, summary));
    object["readable"] = clean;
    object["num_problems"] = inspection.num_flaws;
    object["problems"] = nlohmann::ordered_json::array();
    for (const Flaw& flaw : inspection.flaws)
      object["problems"].push_back({{"line", flaw.line}, {"problem", flaw.problem}, {"hint", flaw.hint}});
    fmt::print("{}\n", dump(object));
    return clean ? 0 : kCannotBeRead;
  }
  fmt::print("{}", summary_text(inspection.tensor, summary));
  for (const Flaw& flaw : inspection.flaws)
    fmt::print("  {}{}: {}\n", path, flaw.line > 0 ? fmt::format(":{}", flaw.line) : "", flaw.problem);
  fmt::print("{}\n", clean ? "nothing is wrong" : fmt::format("{} problems", inspection.num_flaws));
  return clean ? 0 : kCannotBeRead;
}

void convert_array_file(const ArrayConversion& conversion, bool json) {
  const std::string& output = conversion.output;
  Tensor tensor = read_tensor(conversion.input, conversion.read);
  if (conversion.digits > 0) {
    for (double& value : tensor.value) value = rounded(value, conversion.digits);
    tensor.integer_values = tensor.integer_values && std::all_of(tensor.value.begin(), tensor.value.end(),
                                                                 [](double x) { return x == std::floor(x); });
  }
  switch (conversion.shape) {
    case OutputShape::triplets:
      write_cells(output, tensor);
      break;
    case OutputShape::dense:
      write_dense(output, tensor);
      break;
    case OutputShape::as_read:
      write_tensor(output, tensor);
  }
  warn_of_losses(tensor, output, conversion.shape);
  for (const std::string& warning : tensor.warnings) fmt::print(stderr, "warning: {}: {}\n", tensor.source, warning);
  if (json) {
    auto object = nlohmann::ordered_json::parse(summary_json(tensor, summarize(tensor)));
    object["written"] = output;
    fmt::print("{}\n", dump(object));
    return;
  }
  std::string shape;
  for (const Index size : tensor.shape()) shape += (shape.empty() ? "" : " x ") + std::to_string(size);
  fmt::print(stderr, "{}: {}, {} observed, read as {}; holes: {}\n", tensor.source, shape, tensor.num_observed(),
             tensor.format, tensor.holes);
}

}  // namespace rankflow::cli
