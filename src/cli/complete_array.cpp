// rankflow complete on arrays of order 3 and more.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/complete_array.h"

#include <fmt/format.h>

#include <algorithm>
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

void warn(const ArrayJob& job, Tensor& tensor, const std::string& warning) {
  tensor.warnings.push_back(warning);
  if (!job.quiet) fmt::print(stderr, "warning: {}\n", warning);
}

// Of the cells of `file`, only `kept` are in no file before it.
void say_repeated(const ArrayJob& job, const Tensor& file, Index kept, Tensor& joined) {
  const Index repeated = file.num_observed() - kept;
  if (repeated == 0) return;
  if (kept == 0)
    throw InputError(file.source,
                     fmt::format("all of its {} cells are in the files before it already, with the same values: none "
                                 "is left to judge or to choose",
                                 repeated),
                     "cells that judge or choose must not be in what is learned from");
  warn(job, joined,
       fmt::format("{}: {} of its {} cells are in a file before it with the same value, and count to that one",
                   file.source, repeated, file.num_observed()));
}

// Zeros cannot be ranked: a file that judges or chooses facts needs a fact.
void require_facts(const std::vector<const Tensor*>& files, const JoinedTensor& joined) {
  std::vector<Index> facts(files.size(), 0);
  for (std::size_t k = 0; k < joined.from.size(); ++k) facts[joined.from[k]] += joined.tensor.value[k] != 0;
  for (std::size_t f = 1; f < files.size(); ++f)
    if (facts[f] == 0)
      throw InputError(files[f]->source, "it names no fact (a cell with the value 1) that is its own: nothing to rank",
                       "with --absent zero a file of facts needs no zeros, but at least one 1");
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
    for (const std::string& warning : further.back().warnings)
      if (warning.find("have no observation") == std::string::npos)  // the first file has them
        warn(job, tensor, fmt::format("{}: {}", further.back().source, warning));
  }
  std::vector<const Tensor*> files = {&tensor};
  for (const Tensor& file : further) files.push_back(&file);
  JoinedTensor joined = join_tensors(files);
  for (const std::uint8_t file : joined.from) options.parts.push_back(part[file]);
  for (std::size_t f = 1; f < files.size(); ++f)
    say_repeated(job, *files[f], std::count(joined.from.begin(), joined.from.end(), f), joined.tensor);
  if (options.absent_zero) require_facts(files, joined);
  joined.tensor.holes = tensor.holes;
  return std::move(joined.tensor);
}

// Too few cells to calibrate by are known only after the fit; what else there is, is written.
bool lacks_intervals(const ArrayJob& job, const Tensor& tensor, ArrayCompletion& result) {
  if (!result.usable() || job.output.intervals == 0) return false;
  const ArrayPredictor& predictor = result.table_predictor ? *result.table_predictor : *result.predictor;
  const std::string why = interval_problem(predictor, tensor.modes.size(), job.output.intervals);
  if (why.empty()) return false;
  result.warnings.push_back(why + ": low and high of cells that were not observed are left out");
  return true;
}

}  // namespace

int complete_array_file(const ArrayJob& job) {
  ArrayOptions options = job.complete;
  const Tensor tensor = read_parts(job, options);
  if (job.output.intervals > 0 && options.loss == TensorPenalty::logistic)
    throw OptionError("--intervals: what --loss logistic predicts is a probability, which says itself how sure it is");
  check_array_outputs(job.output, tensor);
  catch_interrupts();
  const CheckpointOptions checkpoint =
      checkpoint_options(job.checkpoint, job.output.table_path, job.output.report_folder, job.quiet);
  Progress progress(job.quiet);
  const Observer watch = [&](const Step& step) {
    progress.show(step);
    return interrupted() ? Next::finish : Next::proceed;
  };
  options.refit = options.refit && !job.output.table_path.empty();
  ArrayCompletion result = complete_array(tensor, options, {&watch, 1}, checkpoint);
  progress.clear();
  const bool no_intervals = lacks_intervals(job, tensor, result);
  for (const std::string& warning : result.warnings) fmt::print(stderr, "warning: {}\n", warning);
  if (result.stop == Stop::interrupted) {
    say_interrupted(job.command, checkpoint, job.json);
    return 1;
  }
  std::vector<std::string> written;
  if (result.usable()) written = write_array_outputs(job.output, tensor, result, options, job.command);
  FILE* talk = job.output.table_path == "-" ? stderr : stdout;
  fmt::print(talk, "{}\n", job.json ? json(tensor, result) : brief(tensor, result));
  if (!job.quiet)
    for (const std::string& sentence : written) fmt::print(stderr, "{}\n", sentence);
  if (!result.usable() || result.verdict == GrowVerdict::not_determined || no_intervals) return 1;
  if (job.checkpoint.asked()) remove_checkpoint(checkpoint.path);  // nothing is left to go on with
  return 0;
}

}  // namespace rankflow::cli
