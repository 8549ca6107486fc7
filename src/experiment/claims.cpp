// Four kinds of check: bounds of a number a run, of a ratio, of a number a record, and an order along a key.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "experiment/expression.h"
#include "rankflow/error.h"

namespace rankflow::experiment {
namespace {

struct Run {
  const PlannedRun* planned;
  RunView view;
};

// What was seen, and whether it satisfies: for one run, or one pair of runs.
struct Finding {
  double low = kNaN, high = kNaN;  // what was seen; equal for a single number
  bool good = false;
  std::string who;
};

struct Missing {
  std::string why;
  bool diverged = false;  // the runs were made and ended in no number: the claim does not hold
  bool nothing = false;   // there is nothing to compare: the claim does not hold unless runs were taken away
};

RunView view_of(const PlannedRun& planned, const RunRecord& record) {
  return {&record.outcome.trajectory, run_numbers(planned, record)};
}

// The usable runs of a selection. Throws Missing if there are none.
std::vector<Run> select_runs(const Selection& selection, const std::vector<PlannedRun>& plan,
                             const std::vector<RunRecord>& records) {
  std::vector<Run> runs;
  std::size_t planned = 0;
  std::string trouble;
  bool some_diverged = false;
  for (std::size_t k = 0; k < plan.size(); ++k) {
    if (!matches(plan[k], selection)) continue;
    ++planned;
    const bool diverged = records[k].usable() && records[k].outcome.stop == name(Stop::diverged);
    some_diverged = some_diverged || diverged;
    if (records[k].usable() && !diverged)
      runs.push_back({&plan[k], view_of(plan[k], records[k])});
    else if (trouble.empty())
      trouble = diverged                                         ? plan[k].label + " diverged"
                : records[k].status == RunRecord::Status::failed ? plan[k].label + " failed: " + records[k].why
                                                                 : plan[k].label + " was not made";
  }
  if (planned == 0) throw Missing{"no run of this study is selected", false, true};
  if (runs.size() < planned) throw Missing{trouble, some_diverged};
  return runs;
}

bool inside(double value, const Claim& claim) {
  return std::isfinite(value) && !(claim.low && value < *claim.low) && !(claim.high && value > *claim.high);
}

std::vector<Finding> single_numbers(const Claim& claim, const std::vector<Run>& runs) {
  std::vector<Finding> findings;
  for (const Run& run : runs) {
    const double value = evaluate(claim.quantity, run.view);
    findings.push_back({value, value, inside(value, claim), run.planned->label});
  }
  return findings;
}

bool agree(const PlannedRun& a, const PlannedRun& b, const std::vector<std::string>& keys) {
  return std::all_of(keys.begin(), keys.end(), [&](const std::string& key) {
    const std::string name = key == "seed" ? "data.seed" : key;
    return same_value(a.setting(name), b.setting(name));
  });
}

std::vector<Finding> ratios(const Claim& claim, const std::vector<Run>& runs, const std::vector<Run>& others) {
  const std::string& other_quantity = claim.over->quantity.empty() ? claim.quantity : claim.over->quantity;
  std::vector<Finding> findings;
  for (const Run& run : runs) {
    const double value = evaluate(claim.quantity, run.view);
    for (const Run& other : others) {
      if (!agree(*run.planned, *other.planned, claim.over->same)) continue;
      const double ratio = value / evaluate(other_quantity, other.view);
      findings.push_back({ratio, ratio, inside(ratio, claim), run.planned->label + " over " + other.planned->label});
    }
  }
  if (findings.empty()) throw Missing{"no two runs of this study can be compared", false, true};
  return findings;
}

std::vector<Finding> every_record(const Claim& claim, const std::vector<Run>& runs) {
  std::vector<Finding> findings;
  for (const Run& run : runs) {
    const std::vector<double> values = evaluate_records(claim.every, run.view);
    const std::vector<double> when =
        claim.when.empty() ? std::vector<double>(values.size(), 1.0) : evaluate_records(claim.when, run.view);
    Finding finding{INFINITY, -INFINITY, true, run.planned->label};
    bool any = false;
    for (std::size_t k = 0; k < values.size(); ++k) {
      if (when[k] == 0 || std::isnan(when[k])) continue;
      any = true;
      finding.low = std::min(finding.low, values[k]);
      finding.high = std::max(finding.high, values[k]);
      finding.good = finding.good && inside(values[k], claim);
    }
    if (!any) finding = {kNaN, kNaN, false, run.planned->label + ": no record satisfies " + claim.when};
    findings.push_back(finding);
  }
  return findings;
}

std::string between(const Claim& claim) {
  if (claim.low && claim.high && *claim.low == *claim.high) return plain(*claim.low);
  if (claim.low && claim.high) return fmt::format("between {} and {}", plain(*claim.low), plain(*claim.high));
  return claim.low ? "at least " + plain(*claim.low) : "at most " + plain(*claim.high);
}

std::string range_text(double low, double high) {
  return low == high || std::isnan(low) ? plain(low) : plain(low) + " to " + plain(high);
}

void judge(const Claim& claim, const std::vector<Finding>& findings, const char* unit, ClaimResult& result) {
  const auto total = static_cast<Index>(findings.size());
  const Index good = std::count_if(findings.begin(), findings.end(), [](const Finding& f) { return f.good; });
  const Index needed = claim.at_least > 0 ? claim.at_least : total;
  result.expected = between(claim);
  if (claim.at_least > 0)
    result.expected += fmt::format(" in at least {} of {} {}s", needed, total, unit);
  else if (total > 1)
    result.expected += fmt::format(" in each of {} {}s", total, unit);
  double low = INFINITY, high = -INFINITY;
  bool none = false;
  for (const Finding& finding : findings) {
    if (std::isnan(finding.low)) none = true;
    low = std::fmin(low, finding.low);
    high = std::fmax(high, finding.high);
  }
  result.seen = low <= high ? range_text(low, high) : "";
  if (none) result.seen += result.seen.empty() ? "never reached" : ", or never reached";
  if (total > 1) result.seen += fmt::format(" ({} of {})", good, total);
  result.verdict = good >= needed ? Verdict::pass : Verdict::fail;
  if (result.verdict == Verdict::pass) return;
  const auto bad = std::find_if(findings.begin(), findings.end(), [](const Finding& f) { return !f.good; });
  if (bad == findings.end())
    result.why = fmt::format("only {} {}s are there", total, unit);
  else
    result.why = bad->who + ": " + range_text(bad->low, bad->high);
}

double position(const PlannedRun& run, const std::string& key) {
  const std::string text = run.setting(key == "seed" ? "data.seed" : key);
  return std::strtod(text.c_str(), nullptr);
}

// Runs that agree in all that varies but the axis form one line.
std::map<std::string, std::vector<const Run*>> lines_along(const Claim& claim, const std::vector<Run>& runs) {
  std::map<std::string, std::vector<const Run*>> lines;
  for (const Run& run : runs) {
    std::string rest;
    for (const auto& [key, value] : run.planned->varied)
      if (key != claim.along) rest += (rest.empty() ? "" : ", ") + short_key(key) + "=" + value;
    lines[rest].push_back(&run);
  }
  for (auto& [rest, line] : lines)
    std::stable_sort(line.begin(), line.end(), [&](const Run* a, const Run* b) {
      return position(*a->planned, claim.along) < position(*b->planned, claim.along);
    });
  return lines;
}

void judge_order(const Claim& claim, const std::vector<Run>& runs, ClaimResult& result) {
  result.expected = fmt::format("{} along {}", claim.rising ? "rising" : "falling", short_key(claim.along));
  if (claim.slack > 0) result.expected += fmt::format(" (steps back up to {} % allowed)", plain(100 * claim.slack));
  result.verdict = Verdict::pass;
  Index steps = 0;
  for (const auto& [rest, line] : lines_along(claim, runs)) {
    std::string seen;
    double before = kNaN;
    for (const Run* run : line) {
      const double value = evaluate(claim.quantity, run->view);
      seen += (seen.empty() ? "" : " → ") + plain(value);
      if (run != line.front()) {
        ++steps;
        const double allowed = claim.slack * std::abs(before);
        const bool good = claim.rising ? value > before - allowed : value < before + allowed;
        if (!good && result.verdict == Verdict::pass) {
          result.verdict = Verdict::fail;
          result.why = fmt::format("{}: {} after {}", run->planned->label, plain(value), plain(before));
        }
      }
      before = value;
    }
    result.seen += (result.seen.empty() ? "" : "; ") + seen;
  }
  if (steps == 0) {
    result.seen.clear();
    throw Missing{"the selected runs do not vary along " + short_key(claim.along), false, true};
  }
}

}  // namespace

const char* name(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "pass";
    case Verdict::fail:
      return "fail";
    case Verdict::skipped:
      return "skipped";
  }
  return "?";
}

std::string plain(double value) {
  if (std::isnan(value)) return "never";
  return fmt::format("{:.4g}", value);
}

ClaimResult check_claim(const Claim& claim, const std::vector<PlannedRun>& plan, const std::vector<RunRecord>& records,
                        bool quick, bool reduced) {
  ClaimResult result;
  result.text = claim.text;
  if (!claim.along.empty())
    result.expected = fmt::format("{} along {}", claim.rising ? "rising" : "falling", short_key(claim.along));
  else
    result.expected = between(claim);
  if (quick && (!claim.quick || claim.paper_length)) {
    result.why = claim.paper_length ? "needs --paper-length" : "needs the full study";
    return result;
  }
  try {
    const std::vector<Run> runs = select_runs(claim.selection, plan, records);
    if (!claim.along.empty())
      judge_order(claim, runs, result);
    else if (claim.over)
      judge(claim, ratios(claim, runs, select_runs(claim.over->selection, plan, records)), "pair", result);
    else if (!claim.every.empty())
      judge(claim, every_record(claim, runs), "run", result);
    else
      judge(claim, single_numbers(claim, runs), "run", result);
  } catch (const Missing& missing) {
    result.verdict = missing.diverged || (missing.nothing && !reduced) ? Verdict::fail : Verdict::skipped;
    result.why = missing.why;
  } catch (const OptionError& error) {
    throw InputError(claim.place.text(), error.what());
  }
  return result;
}

std::vector<ClaimResult> check_claims(const Study& study, const std::vector<PlannedRun>& plan,
                                      const std::vector<RunRecord>& records) {
  std::vector<ClaimResult> results;
  for (const Claim& claim : study.claims)
    results.push_back(check_claim(claim, plan, records, study.quick || (claim.paper_length && !study.paper_length),
                                  study.quick || study.paper_length || study.overridden));
  return results;
}

}  // namespace rankflow::experiment
