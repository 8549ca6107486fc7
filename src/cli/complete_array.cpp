// rankflow complete on arrays of order 3 and more.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/complete_array.h"

#include <fmt/format.h>

#include "cli/array_verbs.h"
#include "cli/interruption.h"
#include "cli/progress.h"

namespace rankflow::cli {

std::vector<OptionField> array_fields(TensorReadOptions& options) {
  std::vector<OptionField> list = fields(options);
  std::erase_if(list, [](const OptionField& option) { return option.name != "absent"; });
  return list;
}

int complete_array_file(const ArrayJob& job) {
  const Tensor tensor = read_tensor(job.input, job.read);
  check_array_outputs(job.output, tensor);
  if (!job.quiet) {
    fmt::print(stderr, "{}: {}; holes: {}\n", tensor.source, tensor.format, tensor.holes);
    for (const std::string& note : tensor.notes) fmt::print(stderr, "{}: {}\n", tensor.source, note);
    for (const std::string& warning : tensor.warnings) fmt::print(stderr, "warning: {}: {}\n", tensor.source, warning);
  }
  catch_interrupts();
  check_checkpoint(job.checkpoint.path);
  Progress progress(job.quiet);
  const Observer watch = [&](const Step& step) {
    progress.show(step);
    return interrupted() ? Next::finish : Next::proceed;
  };
  ArrayOptions options = job.complete;
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
