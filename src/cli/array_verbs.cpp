// check and convert on arrays of order 3 and more.
// SPDX-License-Identifier: Apache-2.0
#include "cli/array_verbs.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/table_report.h"
#include "rankflow/tensor_summary.h"
#include "rankflow/write_tensor.h"

namespace rankflow::cli {
namespace {

constexpr int kCannotBeRead = 3;

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

void convert_array_file(const std::string& input, const std::string& output, const TensorReadOptions& read, bool json) {
  const Tensor tensor = read_tensor(input, read);
  write_tensor(output, tensor);
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
