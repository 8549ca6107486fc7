// rankflow complete on arrays of order 3 and more.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/complete_array.h"

#include <fmt/format.h>

#include "cli/array_verbs.h"
#include "cli/progress.h"
#include "rankflow/archive.h"
#include "rankflow/error.h"
#include "rankflow/join_tensors.h"
#include "rankflow/write_tensor.h"

namespace rankflow::cli {
namespace {

constexpr double kMostListedCells = 1e7;

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

void check_job(const ArrayJob& job, const Tensor& tensor) {
  const OutputOptions& output = job.output;
  if (!output.report_folder.empty() || !output.model_path.empty())
    throw OptionError("--report and a model file are for tables; an array's figures come with --json",
                      "-o FILE writes the completed array");
  if (output.intervals > 0 && job.complete.loss == TensorPenalty::logistic)
    throw OptionError("--intervals: what --loss logistic predicts is a probability, which says itself how sure it is");
  if (output.table_path.empty()) {
    if (output.intervals > 0) throw OptionError("--intervals needs -o FILE.npz");
    return;
  }
  if (output.intervals > 0 && !ends_with(output.table_path, ".npz"))
    throw OptionError("--intervals: the ends of an array's intervals are further arrays of an .npz file",
                      "write -o FILE.npz");
  if (tensor.layout == Tensor::Layout::list && tensor.cells() > kMostListedCells && !output.all_cells)
    throw OptionError(fmt::format("-o would list all {:.3g} cells", tensor.cells()), "--all-cells writes them");
  if (output.table_path != "-") check_writable(output.table_path);
}

// values, low and high with the array's shape; what is observed is its own interval.
void write_intervals(const std::string& path, const Tensor& tensor, const ArrayPredictor& predictor, double level) {
  const auto cells = static_cast<std::size_t>(tensor.cells());
  std::vector<double> values, low, high;
  for (auto* list : {&values, &low, &high}) list->reserve(cells);
  std::vector<std::int32_t> index(static_cast<std::size_t>(tensor.order()), 0);
  Index next = 0;
  for (std::size_t cell = 0; cell < cells; ++cell) {
    bool observed = next < tensor.num_observed();
    for (std::size_t n = 0; observed && n < index.size(); ++n) observed = tensor.index[n][next] == index[n];
    const double value = observed ? tensor.value[next] : predictor.predict(index);
    const Interval interval = observed ? Interval{value, value} : predictor.interval(index, level);
    next += observed ? 1 : 0;
    values.push_back(value);
    low.push_back(interval.low);
    high.push_back(interval.high);
    for (std::size_t n = index.size(); n-- > 0;) {
      if (++index[n] < tensor.size(static_cast<Index>(n))) break;
      index[n] = 0;
    }
  }
  Archive archive;
  archive.set("values", Array{tensor.shape(), std::move(values)});
  archive.set("low", Array{tensor.shape(), std::move(low)});
  archive.set("high", Array{tensor.shape(), std::move(high)});
  archive.write(path);
}

void write_output(const ArrayJob& job, const Tensor& tensor, const ArrayCompletion& result) {
  const ArrayPredictor& predictor = result.table_predictor ? *result.table_predictor : *result.predictor;
  if (job.output.intervals > 0) {
    write_intervals(job.output.table_path, tensor, predictor, job.output.intervals);
  } else {
    write_dense(
        job.output.table_path, tensor, [&](std::span<const std::int32_t> index) { return predictor.predict(index); },
        job.output.write);
  }
  if (!job.quiet) fmt::print(stderr, "{}: the completed array\n", job.output.table_path);
}

}  // namespace

std::vector<OptionField> array_fields(TensorReadOptions& options) {
  std::vector<OptionField> list = fields(options);
  std::erase_if(list, [](const OptionField& option) { return option.name != "absent"; });
  return list;
}

namespace {

void say(const ArrayJob& job, const Tensor& tensor) {
  if (job.quiet) return;
  fmt::print(stderr, "{}: {}; holes: {}\n", tensor.source, tensor.format, tensor.holes);
  for (const std::string& note : tensor.notes) fmt::print(stderr, "{}: {}\n", tensor.source, note);
  for (const std::string& warning : tensor.warnings) fmt::print(stderr, "warning: {}: {}\n", tensor.source, warning);
}

// The array with what its further files have; which observation is from which goes into `options`.
Tensor read_parts(const ArrayJob& job, ArrayOptions& options) {
  const bool zeros = job.read.absent == TensorReadOptions::Absent::zero;
  TensorReadOptions read = job.read;
  options.absent_zero = zeros && options.loss == TensorPenalty::logistic;
  if (options.absent_zero) read.absent = TensorReadOptions::Absent::hole;  // they are not written out one by one
  if (zeros && !options.absent_zero && (!job.test.empty() || !job.valid.empty()))
    throw OptionError(
        "--absent zero makes all cells part of the first file, so --test and --valid could only contradict",
        "with --loss logistic they name further facts");
  Tensor tensor = read_tensor(job.input, read);
  if (options.absent_zero) {
    if (tensor.layout != Tensor::Layout::list)
      throw OptionError("--absent is for lists of cells, but in this file all cells are there");
    tensor.holes = "nothing: what the list does not name is 0";
  }
  say(job, tensor);
  if (job.test.empty() && job.valid.empty()) return tensor;
  std::vector<Tensor> further;
  std::vector<Part> part = {Part::train};
  for (const auto& [path, meaning] : {std::pair{&job.valid, Part::validation}, std::pair{&job.test, Part::held_out}}) {
    if (path->empty()) continue;
    further.push_back(read_tensor(*path, read));
    part.push_back(meaning);
    if (!job.quiet) fmt::print(stderr, "{}: {}\n", further.back().source, further.back().format);
  }
  std::vector<const Tensor*> files = {&tensor};
  for (const Tensor& file : further) files.push_back(&file);
  JoinedTensor joined = join_tensors(files);
  for (const std::uint8_t file : joined.from) options.parts.push_back(part[file]);
  if (joined.repeated > 0)
    joined.tensor.warnings.push_back(fmt::format(
        "{} cells are in more than one file with the same value: they count to the first of them", joined.repeated));
  joined.tensor.holes = tensor.holes;
  if (!job.quiet && joined.repeated > 0) fmt::print(stderr, "warning: {}\n", joined.tensor.warnings.back());
  return std::move(joined.tensor);
}

}  // namespace

int complete_array_file(const ArrayJob& job) {
  ArrayOptions options = job.complete;
  const Tensor tensor = read_parts(job, options);
  check_job(job, tensor);
  catch_interrupts();
  Progress progress(job.quiet);
  const Observer watch = [&](const Step& step) {
    progress.show(step);
    return interrupted() ? Next::finish : Next::proceed;
  };
  options.refit = options.refit && !job.output.table_path.empty();
  const ArrayCompletion result = complete_array(tensor, options, {&watch, 1});
  progress.clear();
  for (const std::string& warning : result.warnings) fmt::print(stderr, "warning: {}\n", warning);
  if (result.stop == Stop::interrupted) {
    fmt::print(stderr, "interrupted; nothing was written\n");
    return 1;
  }
  if (result.usable() && !job.output.table_path.empty()) write_output(job, tensor, result);
  FILE* talk = job.output.table_path == "-" ? stderr : stdout;
  fmt::print(talk, "{}\n", job.json ? json(tensor, result) : brief(tensor, result));
  return result.usable() && result.verdict != GrowVerdict::not_determined ? 0 : 1;
}

}  // namespace rankflow::cli
