// rankflow run and rankflow sweep: a study of one's own, as its file says or over further axes.
// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "cli/study_job.h"
#include "cli/verbs.h"
#include "experiment/shipped.h"

namespace rankflow::cli {
namespace {

struct Settings {
  std::string file;
  StudySettings study;
};

void run(Settings& settings, Outcome& outcome) {
  const std::string path = experiment::find_study(settings.file);
  const StudyEnd end = do_study(settings.file, path, settings.study.output, settings.study, outcome.command);
  if (!end.good()) outcome.status = 1;
}

CLI::App* add_verb(CLI::App& program, Outcome& outcome, const std::string& name, const std::string& description,
                   const std::shared_ptr<Settings>& settings) {
  CLI::App* verb = program.add_subcommand(name, description);
  verb->add_option("study", settings->file, "a study's TOML file, or the name of a shipped one")->required();
  add_study_options(*verb, settings->study);
  verb->get_option("--output")->required();
  verb->callback([settings, &outcome] { run(*settings, outcome); });
  return verb;
}

}  // namespace

void add_run(CLI::App& program, Outcome& outcome) {
  add_verb(program, outcome, "run", "make the runs of a study's file, check its claims, draw its figures",
           std::make_shared<Settings>());
}

void add_sweep(CLI::App& program, Outcome& outcome) {
  const auto settings = std::make_shared<Settings>();
  CLI::App* verb =
      add_verb(program, outcome, "sweep", "run a study over further axes, with mean and spread per group", settings);
  verb->add_option("--vary", settings->study.study.vary, "an axis: depth=2,3,4 or seed=1:10; several make a grid")
      ->required()
      ->take_all();
}

}  // namespace rankflow::cli
