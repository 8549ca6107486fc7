// rankflow reproduce: the shipped studies, run and checked against what they claim.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "cli/study_job.h"
#include "cli/verbs.h"
#include "experiment/plan.h"
#include "experiment/shipped.h"
#include "rankflow/error.h"

namespace rankflow::cli {
namespace {

struct Settings {
  std::string name;
  bool list = false, all = false;
  StudySettings study;
};

void list_studies(bool json) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const experiment::ShippedStudy& shipped : experiment::shipped_studies()) {
    const experiment::Study study = experiment::read_study(shipped.path);
    list.push_back(
        {{"name", shipped.name}, {"title", study.title}, {"source", study.source}, {"claims", study.claims.size()}});
    if (!json) fmt::print("{:32} {}\n", shipped.name, study.title);
  }
  if (json) fmt::print("{}\n", json_text(list));
}

std::string folder_of(const Settings& settings, const std::string& name) {
  const std::string root = settings.study.output.empty() ? "reproduced" : settings.study.output;
  std::string folder = name.substr(0, name.find(".toml"));
  if (settings.all || settings.study.output.empty()) {
    folder = root + "/" + folder;
    if (settings.study.study.paper_length) folder += "-paper-length";
    return settings.study.study.quick ? folder + "-quick" : folder;
  }
  return root;
}

// A study whose data are not there must not keep the others from running.
bool reproduce_one(const Settings& settings, const experiment::ShippedStudy& shipped, Outcome& outcome) {
  try {
    const StudyEnd end =
        do_study(shipped.name, shipped.path, folder_of(settings, shipped.name), settings.study, outcome.command);
    if (!end.good()) outcome.status = 1;
    return !end.interrupted;
  } catch (const experiment::DataMissing& missing) {
    if (settings.study.json)
      fmt::print("{}\n",
                 json_text(nlohmann::ordered_json({{"study", shipped.name}, {"skipped_because", missing.what()}})));
    else
      fmt::print("{}: skipped\n        why      {}\n", shipped.name, missing.what());
  }
  return true;
}

void run(Settings& settings, Outcome& outcome) {
  if (settings.list) return list_studies(settings.study.json);
  if (settings.all) {
    for (const experiment::ShippedStudy& shipped : experiment::shipped_studies())
      if (!reproduce_one(settings, shipped, outcome)) return;
    return;
  }
  if (settings.name.empty())
    throw OptionError("which study?", "rankflow reproduce --list names them; --all runs every one");
  reproduce_one(settings, {settings.name, experiment::find_study(settings.name)}, outcome);
}

}  // namespace

void add_reproduce(CLI::App& program, Outcome& outcome) {
  const auto settings = std::make_shared<Settings>();
  CLI::App* verb = program.add_subcommand("reproduce", "run published experiments and check what they claim");
  verb->add_option("study", settings->name, "name of a shipped study");
  verb->add_flag("--list", settings->list, "the names of all shipped studies");
  verb->add_flag("--all", settings->all, "all shipped studies, one after another");
  add_study_options(*verb, settings->study);
  verb->callback([settings, &outcome] { run(*settings, outcome); });
}

}  // namespace rankflow::cli
