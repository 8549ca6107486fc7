// rankflow complete: a table with holes in, a completed table and its error out.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/complete.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/threads.h"
#include "cli/array_verbs.h"
#include "cli/complete_outputs.h"
#include "cli/interruption.h"
#include "cli/option_binding.h"
#include "cli/option_scope.h"
#include "cli/progress.h"
#include "cli/verbs.h"
#include "rankflow/error.h"
#include "rankflow/read.h"

namespace rankflow::cli {
namespace {

constexpr double kTensorStep = 1e-2;  // Razin, Maman, Cohen 2021

struct Settings {
  std::string input, model, test, valid;
  CheckpointSettings checkpoint;
  int threads = 0;
  bool json = false, quiet = false;
  bool own_step_size = false, own_scale = false;  // named on the command line
  TensorReadOptions read;                         // the part for tables is `read.table`
  CompleteOptions complete;
  ArrayOptions array;  // loss, delta, ranked modes
  OutputOptions output;
};

// --model says which model an array gets, or names a file.
std::optional<ArrayModel> model_word(const std::string& word) {
  if (word == "auto") return ArrayModel::automatic;
  if (word == "cp") return ArrayModel::cp;
  if (word == "tree") return ArrayModel::tree;
  if (word == "overlap") return ArrayModel::overlap;
  if (word == "matrix") return ArrayModel::matrix;
  return std::nullopt;
}

// The papers' settings for tensors where nothing else was said.
void take_descent(const Settings& settings, ArrayDescentOptions& options) {
  options.descent = settings.complete.descent;
  if (!settings.own_step_size) options.descent.step_size = kTensorStep;
  options.descent.max_iterations = settings.complete.flow.max_iterations;
  options.width = settings.complete.flow.max_rank;
  if (settings.own_scale) options.scale = settings.complete.initialization.scale;
}

// No model has more components, or a wider node, than this.
void take_max_rank(Index max_rank, ArrayOptions& options) {
  if (max_rank == 0) return;
  options.grow.max_components = max_rank;
  options.list.max_components = std::min(options.list.max_components, max_rank);
  options.generalized.components = std::min(options.generalized.components, max_rank);
}

// What arrays do not know is refused; shares, seed and limits are those of tables.
ArrayJob array_job(const Settings& settings, const std::vector<std::string>& command) {
  const Engine engine = settings.complete.engine;
  if (engine != Engine::automatic && engine != Engine::grow && engine != Engine::gd)
    throw OptionError("this is an array of order 3 or more: its engines are grow and gd",
                      "--model matrix follows the flow on an unfolding");
  ArrayJob job{settings.input,  settings.test, settings.valid, settings.read, settings.array,
               settings.output, settings.json, settings.quiet, command,       settings.checkpoint};
  job.complete.held_out = settings.complete.held_out;
  job.complete.validation = settings.complete.validation;
  job.complete.refit = settings.complete.refit;
  job.complete.time_limit = settings.complete.time_limit;
  job.complete.seed = settings.complete.seed;
  job.complete.engine = engine == Engine::gd ? ArrayEngine::gd : ArrayEngine::grow;
  job.complete.flow = settings.complete.flow;
  take_descent(settings, job.complete.descent);
  take_max_rank(settings.complete.flow.max_rank, job.complete);
  if (!settings.model.empty()) {
    const std::optional<ArrayModel> model = model_word(settings.model);
    if (!model)
      throw OptionError("--model " + settings.model + ": arrays have the models auto, cp, tree, overlap and matrix",
                        "--model-file " + settings.model + " keeps what was learned");
    job.complete.model = *model;
  }
  return job;
}

void say(const Settings& settings, const Table& table) {
  if (settings.quiet) return;
  for (const std::string& note : table.notes) fmt::print(stderr, "{}: {}\n", table.source, note);
  for (const std::string& warning : table.warnings) fmt::print(stderr, "warning: {}: {}\n", table.source, warning);
}

ArrayScope scope_of(const ArrayJob& job, Motion motion) {
  const TensorPenalty loss = job.complete.loss;
  const bool facts = loss == TensorPenalty::logistic && job.read.absent == TensorReadOptions::Absent::zero;
  return {job.complete.model, job.complete.engine, loss, motion, facts, !job.test.empty(), !job.valid.empty()};
}

void run(Settings& settings, const CLI::App& verb, Outcome& outcome) {
  set_num_threads(settings.threads);
  if (holds_tensor(settings.input, settings.read)) {
    const ArrayJob job = array_job(settings, outcome.command);
    refuse_unused(verb, scope_of(job, settings.complete.flow.motion));
    outcome.status = complete_array_file(job);
    return;
  }
  refuse_array_options(verb);
  refuse_unused(verb, TableScope{settings.complete.engine, settings.complete.flow.motion});
  if (model_word(settings.model))
    throw OptionError(fmt::format("--model {}: tables have no choice of models; --engine chooses", settings.model),
                      fmt::format("write --model-file {} for a file of that name", settings.model));
  if (!settings.model.empty() && !settings.output.model_path.empty())
    throw OptionError("--model and --model-file both name a file for the model", "--model-file is enough");
  if (!settings.model.empty()) settings.output.model_path = settings.model;
  const Table table = read_table(settings.input, settings.read.table);
  check_outputs(settings.output, table);
  settings.complete.refit = settings.complete.refit && !settings.output.table_path.empty();
  say(settings, table);

  catch_interrupts();
  const CheckpointOptions checkpoint = checkpoint_options(settings.checkpoint, settings.output.table_path,
                                                          settings.output.report_folder, settings.quiet);
  Progress progress(settings.quiet);
  const Observer watch = [&](const Step& step) {
    progress.show(step);
    return interrupted() ? Next::finish : Next::proceed;
  };
  Completion result = complete(table, settings.complete, {&watch, 1}, checkpoint);
  progress.clear();

  if (result.stop == Stop::interrupted) {
    say_interrupted(outcome.command, checkpoint, settings.json);
    outcome.status = 1;
    return;
  }
  for (const std::string& warning : result.warnings) fmt::print(stderr, "warning: {}\n", warning);
  std::vector<std::string> written;
  if (result.usable()) written = write_outputs(settings.output, table, result, settings.complete, outcome.command);
  FILE* talk = settings.output.table_path == "-" ? stderr : stdout;
  if (settings.json) {
    fmt::print(talk, "{}\n", json(table, result));
  } else {
    fmt::print(talk, "{}\n", brief(table, result));
  }
  if (!settings.quiet)
    for (const std::string& sentence : written) fmt::print(stderr, "{}\n", sentence);
  if (result.stop != Stop::converged && result.stop != Stop::validation) outcome.status = 1;
  if (outcome.status == 0 && settings.checkpoint.asked())
    remove_checkpoint(checkpoint.path);  // nothing is left to go on with
}

}  // namespace

void add_complete(CLI::App& program, Outcome& outcome) {
  const auto settings = std::make_shared<Settings>();
  CLI::App* verb = program.add_subcommand(
      "complete", "fill the holes of a table, say how well, and keep the model; no rank is asked for");
  verb->add_option("file", settings->input, "table or list of observations; - is standard input")->required();
  OutputOptions& output = settings->output;
  verb->add_option("-o,--output", output.table_path, "completed table (dense input) or list of all cells (triplets)");
  verb->add_option("--report", output.report_folder, "folder for report.html, model.npz and history.csv");
  verb->add_option("--model-file", output.model_path, "file for the model alone (.npz)");
  verb->add_option("--model", settings->model,
                   "arrays: auto, cp, tree, overlap or matrix; tables: the same as --model-file");
  verb->add_option("--test", settings->test, "arrays: file with the cells that judge, instead of a part drawn for it");
  verb->add_option("--valid", settings->valid,
                   "arrays: file with the cells that choose, instead of a part drawn for it");
  verb->add_option("--intervals", output.intervals, "level of the intervals written with -o, e.g. 0.9")
      ->check(in_range({0, 0.999}));
  verb->add_flag("--all-cells", output.all_cells, "write a completed list of triplets however long it is");
  cli::bind(*verb, settings->checkpoint);
  verb->add_option("--threads", settings->threads, "0 = as many as there are cores; the result is the same for any")
      ->check(CLI::Range(0, 1024));
  verb->add_flag("--json", settings->json, "the result as one JSON object on standard output");
  verb->add_flag("-q,--quiet", settings->quiet, "no progress and no notes");
  cli::bind(*verb, fields(output.write), "Writing");
  cli::bind(*verb, fields(settings->read.table), "Reading");
  cli::bind(*verb, array_fields(settings->read), "Reading");
  cli::bind(*verb, fields(settings->complete), "Learning");
  cli::bind(*verb, array_fields(settings->array), "Arrays");
  verb->callback([settings, verb, &outcome] {
    settings->own_step_size = verb->count("--step-size") > 0;
    settings->own_scale = verb->count("--scale") > 0;
    run(*settings, *verb, outcome);
  });
}

}  // namespace rankflow::cli
