// What reproduce, run and sweep have in common: make the runs of a study, check its claims, write what came out.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/verbs.h"
#include "experiment/claims.h"
#include "experiment/study.h"

namespace rankflow::cli {

struct StudySettings {
  std::string output;       // folder
  std::string data_folder;  // where files of data are looked for
  int jobs = 1, threads = 0;
  bool json = false, quiet = false;
  experiment::StudyOptions study;
};

/// Options that the three verbs share.
void add_study_options(CLI::App& verb, StudySettings& settings);

/// What a study ended with.
struct StudyEnd {
  int passed = 0, failed = 0, skipped = 0;  // claims
  int runs_failed = 0;
  bool interrupted = false;
  bool good() const { return failed == 0 && runs_failed == 0 && !interrupted; }
};

/// Makes or finds the runs below `folder`, writes summary.csv, claims.json, figures and report.html there, and prints
/// the claims (or one JSON object). `name`: what the study is called in what is printed.
StudyEnd do_study(const std::string& name, const std::string& path, const std::string& folder,
                  const StudySettings& settings, const std::vector<std::string>& command);

}  // namespace rankflow::cli
