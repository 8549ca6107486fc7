// Does what a study claims hold for the runs that were made?
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "experiment/plan.h"
#include "experiment/run_record.h"
#include "experiment/study.h"

namespace rankflow::experiment {

enum class Verdict { pass, fail, skipped };
/// "pass", "fail", "skipped".
const char* name(Verdict verdict);

struct ClaimResult {
  std::string text;
  std::string expected;  // "between 0.97 and 1.03 in each of 4 runs"
  std::string seen;      // "0.981 to 1.012"
  Verdict verdict = Verdict::skipped;
  std::string why;  // for fail: the run that breaks it; for skipped: what is missing
};

/// `records` belong to `plan`, one each. `quick`: claims that need the full study are skipped. `reduced`: runs may have
/// been taken away, so a claim about none of those left is skipped and does not fail.
ClaimResult check_claim(const Claim& claim, const std::vector<PlannedRun>& plan, const std::vector<RunRecord>& records,
                        bool quick, bool reduced);
std::vector<ClaimResult> check_claims(const Study& study, const std::vector<PlannedRun>& plan,
                                      const std::vector<RunRecord>& records);

/// A number as claims print it: "0.0001", "1.3e-07", "42".
std::string plain(double value);

}  // namespace rankflow::experiment
