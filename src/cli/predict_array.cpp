// rankflow predict on models of arrays: a list of cells, the holes of an array, or every cell.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "cli/array_verbs.h"
#include "rankflow/cell_writer.h"
#include "rankflow/error.h"
#include "rankflow/read_cells.h"
#include "rankflow/write_tensor.h"

namespace rankflow::cli {
namespace {

struct Counts {
  Index cells = 0, unknown = 0;
  std::map<Index, Index> by_mode;  // cells with an id that this mode does not know
};

// What is said of cells with unknown ids, each answer worked out once.
class Averages {
 public:
  explicit Averages(const KeptArray& model) : model_(model), shape_(model.shape()) {}
  double at(const std::vector<std::int32_t>& index) {
    const auto [place, is_new] = known_.try_emplace(index, 0.0);
    if (is_new) place->second = model_.predictor->average(index, shape_);
    return place->second;
  }

 private:
  const KeptArray& model_;
  std::vector<Index> shape_;
  std::map<std::vector<std::int32_t>, double> known_;
};

std::vector<std::string> titles(const KeptArray& model) {
  std::vector<std::string> list;
  for (const Axis& mode : model.modes) list.push_back(mode.title);
  return list;
}

Counts predict_listed(const ArrayPredictions& job) {
  const KeptArray& model = job.model;
  std::vector<const Axis*> axes;
  std::vector<std::string> general;
  for (const Axis& mode : model.modes) {
    axes.push_back(&mode);
    general.push_back("mode_" + std::to_string(axes.size()));
  }
  CellReader cells(job.cells, axes, general);
  CellWriter writer(job.output, titles(model), model.value_title, job.intervals > 0, job.digits);
  Averages averages(model);
  Counts counts;
  std::vector<std::string_view> names;
  std::vector<std::int32_t> index(axes.size());
  while (cells.next(names)) {
    bool known = true;
    for (std::size_t n = 0; n < axes.size(); ++n) {
      const std::optional<Index> place = axes[n]->find(names[n]);
      index[n] = place ? static_cast<std::int32_t>(*place) : -1;
      if (place) continue;
      known = false;
      ++counts.by_mode[static_cast<Index>(n)];
    }
    counts.unknown += known ? 0 : 1;
    const double value = known ? model.predictor->predict(index) : averages.at(index);
    Interval interval{kNaN, kNaN};
    if (known && job.intervals > 0) interval = model.predictor->interval(index, job.intervals);
    writer.cell(names, value, job.intervals > 0 ? &interval : nullptr);
  }
  writer.finish();
  counts.cells = cells.count();
  return counts;
}

// An array of the model's shape without any observation.
Tensor empty_array(const KeptArray& model) {
  Tensor tensor;
  tensor.modes = model.modes;
  tensor.index.resize(model.modes.size());
  tensor.layout = Tensor::Layout::dense;
  tensor.value_title = model.value_title;
  tensor.source = "the model";
  return tensor;
}

Tensor array_with_holes(const ArrayPredictions& job) {
  Tensor tensor = read_tensor(job.cells);
  if (tensor.shape() != job.model.shape())
    throw InputError(job.cells, "the array has another shape than the one the model was made from",
                     "a list of cells (text, an id per mode a line) may name any of them");
  tensor.layout = Tensor::Layout::dense;
  tensor.modes = job.model.modes;
  return tensor;
}

Counts predict_array(const ArrayPredictions& job, const Tensor& tensor) {
  WriteOptions options;
  options.digits = job.digits;
  const ArrayPredictor& predictor = *job.model.predictor;
  if (job.intervals > 0)
    write_array_intervals(job.output, tensor, predictor, job.intervals, options);
  else
    write_dense(
        job.output, tensor, [&](std::span<const std::int32_t> index) { return predictor.predict(index); }, options);
  Counts counts;
  counts.cells = static_cast<Index>(tensor.cells()) - tensor.num_observed();
  return counts;
}

bool is_array_file(const std::string& path) {
  for (const char* end : {".npy", ".npz", ".mat", ".h5", ".hdf5", ".npy.gz"})
    if (path.ends_with(end)) return true;
  return false;
}

void print_json(const ArrayPredictions& job, const Counts& counts) {
  nlohmann::ordered_json out = {{"cells", counts.cells}, {"unknown", counts.unknown}, {"output", job.output}};
  out["unknown_by_mode"] = nlohmann::ordered_json::array();
  for (Index n = 0; n < static_cast<Index>(job.model.modes.size()); ++n)
    out["unknown_by_mode"].push_back(counts.by_mode.contains(n) ? counts.by_mode.at(n) : 0);
  fmt::print("{}\n", json_text(out, 2));
}

void print_summary(const ArrayPredictions& job, const Counts& counts) {
  fmt::print(stderr, "{} cells", counts.cells);
  if (counts.unknown > 0) {
    std::string modes;
    for (const auto& [mode, count] : counts.by_mode)
      modes += fmt::format("{}mode {}: {}", modes.empty() ? "" : ", ", mode + 1, count);
    fmt::print(stderr, ", {} of them with ids that the model does not know ({}): averages over all it knows, {}",
               counts.unknown, modes, job.intervals > 0 ? "without interval" : "not predictions");
  }
  fmt::print(stderr, "\n");
}

}  // namespace

void predict_array_cells(const ArrayPredictions& job) {
  if (job.cells.empty() == !job.all_cells)
    throw OptionError("which cells? Give a file that names them, or --all-cells");
  if (job.intervals > 0)
    if (const std::string why = interval_problem(*job.model.predictor, job.model.modes.size(), job.intervals);
        !why.empty())
      throw InputError(job.model_path, why);
  const Counts counts = job.all_cells              ? predict_array(job, empty_array(job.model))
                        : is_array_file(job.cells) ? predict_array(job, array_with_holes(job))
                                                   : predict_listed(job);
  if (job.json && job.output != "-") print_json(job, counts);
  if (!job.quiet) print_summary(job, counts);
}

}  // namespace rankflow::cli
