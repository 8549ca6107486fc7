// rankflow sense: a matrix from linear measurements of it.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/sense.h"

#include <fmt/format.h>

#include <memory>

#include "base/threads.h"
#include "cli/complete_outputs.h"
#include "cli/interruption.h"
#include "cli/option_binding.h"
#include "cli/progress.h"
#include "cli/sense_input.h"
#include "cli/verbs.h"
#include "rankflow/error.h"
#include "rankflow/write.h"
#include "report/sense_report.h"

namespace rankflow::cli {
namespace {

struct Settings {
  std::vector<std::string> files;
  SenseFiles input;
  std::string output, report;
  CheckpointSettings checkpoint;
  int threads = 0;
  bool json = false, quiet = false;
  SenseOptions sense;
};

void place_files(Settings& settings) {
  if (settings.files.size() > 2) throw OptionError("more than two files were named");
  settings.input.values = settings.files.back();
  if (settings.files.size() == 2) settings.input.matrices = settings.files.front();
}

std::vector<std::string> write_results(const Settings& settings, const SenseResult& result, const std::string& summary,
                                       const std::string& command) {
  std::vector<std::string> written;
  const Matrix& w = result.full_w ? *result.full_w : result.w;
  if (!settings.output.empty()) {
    Table like;
    like.layout = Table::Layout::dense;
    like.rows = Axis::positions(w.rows());
    like.columns = Axis::positions(w.cols());
    like.row_begin.assign(static_cast<std::size_t>(w.rows()) + 1, 0);
    write_dense(settings.output, like, [&](Index i, Index j) { return w(i, j); });
    written.push_back("matrix: " + settings.output);
  }
  if (!settings.report.empty())
    write_report_files(settings.report, result.history,
                       sense_report(settings.input.values, result, settings.sense, summary, command), written);
  return written;
}

void run(Settings& settings, Outcome& outcome) {
  set_num_threads(settings.threads);
  place_files(settings);
  if (!settings.report.empty()) make_folder(settings.report);
  check_writable(settings.output);
  const MatrixProblem<double> problem = read_measurements(settings.input);
  settings.sense.refit = settings.sense.refit && !settings.output.empty();

  catch_interrupts();
  Progress progress(settings.quiet);
  const Observer watch = [&](const Step& step) {
    progress.show(step);
    return interrupted() ? Next::finish : Next::proceed;
  };
  const CheckpointOptions checkpoint =
      checkpoint_options(settings.checkpoint, settings.output, settings.report, settings.quiet);
  const SenseResult result = sense(problem, settings.sense, {&watch, 1}, checkpoint);
  progress.clear();
  if (result.stop == Stop::interrupted) {
    say_interrupted(outcome.command, checkpoint, settings.json);
    outcome.status = 1;
    return;
  }
  for (const std::string& warning : result.warnings) fmt::print(stderr, "warning: {}\n", warning);
  const std::string summary = brief(settings.input.values, result);
  std::vector<std::string> written;
  if (result.usable()) written = write_results(settings, result, summary, shell_line(outcome.command));
  fmt::print(settings.output == "-" ? stderr : stdout, "{}\n",
             settings.json ? json(settings.input.values, result) : summary);
  if (!settings.quiet && result.usable() && settings.output.empty())
    fmt::print(stderr, "the matrix itself was not written: -o W.npy writes it\n");
  if (!settings.quiet)
    for (const std::string& sentence : written) fmt::print(stderr, "{}\n", sentence);
  if (result.stop != Stop::converged) outcome.status = 1;
  if (outcome.status == 0 && settings.checkpoint.asked())
    remove_checkpoint(checkpoint.path);  // nothing is left to go on with
}

}  // namespace

void add_sense(CLI::App& program, Outcome& outcome) {
  const auto settings = std::make_shared<Settings>();
  CLI::App* verb = program.add_subcommand(
      "sense", "find a matrix of low rank from linear measurements y_k = <A_k, W>, and say how well");
  verb->add_option(
          "files", settings->files,
          "A.npy, of shape (m, rows, columns) or flat (m, rows * columns), and y.npy, of shape (m); with --left "
          "and --right y.npy alone")
      ->required()
      ->expected(1, 2);
  verb->add_option("--left", settings->input.left,
                   "rank-one measurements y_k = left_k . W right_k: array of shape (m, rows)");
  verb->add_option("--right", settings->input.right, "array of shape (m, columns)");
  verb->add_option("--rows", settings->input.rows, "rows of the matrix, where A is flat")
      ->check(CLI::Range(1, 1 << 30));
  verb->add_option("--columns", settings->input.columns, "columns of the matrix, where A is flat")
      ->check(CLI::Range(1, 1 << 30));
  verb->add_option("-o,--output", settings->output, std::string("the matrix: ") + kWritableFormats);
  cli::bind(*verb, settings->checkpoint);
  verb->add_option("--report", settings->report, "folder for report.html and history.csv");
  verb->add_option("--threads", settings->threads, "0 = as many as there are cores; the result is the same for any")
      ->check(CLI::Range(0, 1024));
  verb->add_flag("--json", settings->json, "the result as one JSON object on standard output");
  verb->add_flag("-q,--quiet", settings->quiet, "no progress and no notes");
  cli::bind(*verb, fields(settings->sense), "Sensing");
  verb->callback([settings, &outcome] { run(*settings, outcome); });
}

}  // namespace rankflow::cli
