// A study from its file to its report.
// SPDX-License-Identifier: Apache-2.0
#include "cli/study_job.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "base/threads.h"
#include "cli/complete_outputs.h"
#include "cli/progress.h"
#include "data/output_file.h"
#include "experiment/figure_data.h"
#include "experiment/name_check.h"
#include "experiment/runner.h"
#include "experiment/study_summary.h"
#include "rankflow/error.h"
#include "rankflow/report.h"
#include "report/study_report.h"

namespace rankflow::cli {
namespace {

using experiment::ClaimResult;
using experiment::PlannedRun;
using experiment::RunEvent;
using experiment::RunRecord;
using experiment::Verdict;
using Json = nlohmann::ordered_json;

void tell(const RunEvent& event, bool quiet) {
  if (quiet || event.kind == RunEvent::Kind::kept || event.kind == RunEvent::Kind::started) return;
  const std::string head = fmt::format("[{}/{}] {}", event.done, event.total, event.run->label);
  if (event.kind == RunEvent::Kind::failed) {
    fmt::print(stderr, "{}: failed: {}\n", head, event.record->why);
    return;
  }
  const auto& numbers = event.record->outcome.numbers;
  const auto number = [&numbers](const char* name) {
    const auto found = numbers.find(name);
    return found == numbers.end() ? kNaN : found->second;
  };
  fmt::print(stderr, "{}: {} after {:.0f} iterations, {}\n", head, event.record->outcome.stop, number("iterations"),
             format_seconds(number("seconds")));
}

void print_claims(const std::vector<ClaimResult>& claims) {
  for (const ClaimResult& claim : claims) {
    fmt::print("{:7} {}\n", experiment::name(claim.verdict), claim.text);
    if (!claim.expected.empty()) fmt::print("        expected {}\n", claim.expected);
    if (!claim.seen.empty()) fmt::print("        seen     {}\n", claim.seen);
    if (!claim.why.empty()) fmt::print("        why      {}\n", claim.why);
  }
}

Json claims_json(const std::vector<ClaimResult>& claims) {
  Json list = Json::array();
  for (const ClaimResult& claim : claims)
    list.push_back({{"claim", claim.text},
                    {"verdict", experiment::name(claim.verdict)},
                    {"expected", claim.expected},
                    {"seen", claim.seen},
                    {"why", claim.why}});
  return list;
}

StudyEnd count(const std::vector<ClaimResult>& claims, const std::vector<RunRecord>& records) {
  StudyEnd end;
  for (const ClaimResult& claim : claims)
    ++(claim.verdict == Verdict::pass ? end.passed : claim.verdict == Verdict::fail ? end.failed : end.skipped);
  for (const RunRecord& record : records) end.runs_failed += record.status == RunRecord::Status::failed ? 1 : 0;
  return end;
}

// Everything below the folder that people read; the runs themselves are in runs/.
void write_results(const StudyReport& report, const std::string& folder) {
  const auto path = [&folder](const std::string& name) { return folder + "/" + name; };
  write_file(path("summary.csv"), report.runs.csv());
  write_file(path("summary.txt"), report.runs.text() + (report.groups.rows.empty() ? "" : "\n" + report.groups.text()));
  if (!report.groups.rows.empty()) write_file(path("groups.csv"), report.groups.csv());
  write_file(path("claims.json"), json_text(claims_json(report.claims), 2) + "\n");
  if (!report.figures.empty()) std::filesystem::create_directories(path("figures"));
  for (const experiment::FigureData& figure : report.figures) {
    write_file(path("figures/" + figure.name + ".svg"), render_figure_svg(figure));
    write_file(path("figures/" + figure.name + ".csv"), experiment::figure_csv(figure));
  }
  write_file(path("report.html"), render_study_report(report));
}

void print_summary(const std::string& name, const StudyReport& report, const StudyEnd& end, bool sweep) {
  fmt::print("{}: {}{}\n", name, report.study->title,
             report.study->quick          ? " (quick)"
             : report.study->paper_length ? " (at the source's length)"
                                          : "");
  if (report.claims.empty() || sweep)
    fmt::print("{}", (report.groups.rows.empty() ? report.runs : report.groups).text());
  print_claims(report.claims);
  if (!report.claims.empty())
    fmt::print("{} passed, {} failed, {} skipped; {} runs{}\n", end.passed, end.failed, end.skipped,
               report.plan->size(), end.runs_failed > 0 ? fmt::format(", of which {} failed", end.runs_failed) : "");
}

}  // namespace

void add_study_options(CLI::App& verb, StudySettings& settings) {
  verb.add_option("-o,--output", settings.output, "folder for runs, tables, figures and the report");
  verb.add_option("--data", settings.data_folder, "folder with data sets that are not shipped");
  verb.add_option("-j,--jobs", settings.jobs, "runs at a time, each on one thread")->check(CLI::Range(1, 1024));
  verb.add_option("--threads", settings.threads, "threads of a single run; 0 = as many as there are cores")
      ->check(CLI::Range(0, 1024));
  verb.add_option("--set", settings.study.set, "key=value in place of the file's, such as engine.step_size=1e-3")
      ->take_all();
  verb.add_flag("--quick", settings.study.quick, "the study's small variant");
  verb.add_flag("--paper-length", settings.study.paper_length, "the study at its source's length, which may take days");
  verb.add_flag("--json", settings.json, "what came out as one JSON object on standard output");
  verb.add_flag("-q,--quiet", settings.quiet, "no progress");
}

StudyEnd do_study(const std::string& name, const std::string& path, const std::string& folder,
                  const StudySettings& settings, const std::vector<std::string>& command) {
  set_num_threads(settings.threads);
  if (folder.empty()) throw OptionError("-o: the folder has no name");
  const experiment::Study study = experiment::read_study(path, settings.study);
  const std::vector<PlannedRun> plan = experiment::plan_runs(study, settings.data_folder);
  experiment::check_names(study, plan);
  make_folder(folder);

  catch_interrupts();
  const std::vector<RunRecord> records = experiment::make_runs(
      plan, {folder, settings.jobs}, [&](const RunEvent& event) { tell(event, settings.quiet); },
      [] { return interrupted(); });
  StudyEnd end;
  if (interrupted()) {
    fmt::print(stderr, "interrupted; finished runs are kept in {}/runs, and the same command goes on:\n  {}\n", folder,
               shell_line(command));
    if (settings.json)
      fmt::print("{}\n", json_text(Json({{"study", name}, {"stop", "interrupted"}, {"folder", folder}})));
    end.interrupted = true;
    return end;
  }
  const StudyReport report{name,
                           &study,
                           &plan,
                           &records,
                           experiment::check_claims(study, plan, records),
                           experiment::run_table(plan, records),
                           experiment::group_table(plan, records),
                           experiment::make_figures(study, plan, records),
                           shell_line(command)};
  end = count(report.claims, records);
  write_results(report, folder);
  if (settings.json) {
    const Json json = {{"study", name},        {"quick", study.quick},           {"paper_length", study.paper_length},
                       {"passed", end.passed}, {"failed", end.failed},           {"skipped", end.skipped},
                       {"runs", plan.size()},  {"runs_failed", end.runs_failed}, {"claims", claims_json(report.claims)},
                       {"folder", folder}};
    fmt::print("{}\n", json_text(json));
  } else {
    print_summary(name, report, end, !settings.study.vary.empty());
  }
  // A list of studies takes long; what is known is shown.
  if (std::fflush(stdout) != 0) throw InputError("standard output", std::strerror(errno));
  if (!settings.quiet) fmt::print(stderr, "report: {}/report.html\n", folder);
  return end;
}

}  // namespace rankflow::cli
