// rankflow complete on arrays of order 3 and more.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/complete_array.h"

#include <fmt/format.h>

#include <set>

#include "cli/array_verbs.h"
#include "cli/interruption.h"
#include "cli/progress.h"
#include "cli/verbs.h"
#include "rankflow/error.h"
#include "rankflow/join_tensors.h"

namespace rankflow::cli {

std::vector<OptionField> array_fields(TensorReadOptions& options) {
  std::vector<OptionField> list = fields(options);
  std::erase_if(list, [](const OptionField& option) { return option.name != "absent"; });
  return list;
}

std::vector<OptionField> array_fields(ArrayOptions& options) {
  const std::set<std::string> own = {"tree", "loss", "delta", "ranked_modes"};
  std::vector<OptionField> list = fields(options);
  std::erase_if(list, [&own](const OptionField& option) { return !own.contains(option.name); });
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
  if (job.output.intervals > 0 && options.loss == TensorPenalty::logistic)
    throw OptionError("--intervals: what --loss logistic predicts is a probability, which says itself how sure it is");
  check_array_outputs(job.output, tensor);
  catch_interrupts();
  check_checkpoint(job.checkpoint.path);
  Progress progress(job.quiet);
  const Observer watch = [&](const Step& step) {
    progress.show(step);
    return interrupted() ? Next::finish : Next::proceed;
  };
  options.refit = options.refit && !job.output.table_path.empty();
  const ArrayCompletion result = complete_array(tensor, options, {&watch, 1}, job.checkpoint);
  progress.clear();
  for (const std::string& warning : result.warnings) fmt::print(stderr, "warning: {}\n", warning);
  if (result.stop == Stop::interrupted) {
    say_interrupted(resume_line(job.command, job.checkpoint.path), job.json);
    return 1;
  }
  std::vector<std::string> written;
  if (result.usable()) written = write_array_outputs(job.output, tensor, result, options, job.command);
  FILE* talk = job.output.table_path == "-" ? stderr : stdout;
  fmt::print(talk, "{}\n", job.json ? json(tensor, result) : brief(tensor, result));
  if (!job.quiet)
    for (const std::string& sentence : written) fmt::print(stderr, "{}\n", sentence);
  if (!result.usable() || result.verdict == GrowVerdict::not_determined) return 1;
  if (job.checkpoint_asked) remove_checkpoint(job.checkpoint.path);  // nothing is left to go on with
  return 0;
}

}  // namespace rankflow::cli
