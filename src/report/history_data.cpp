// What do the charts of the history need to know: the runs, their decimated series, and where each was stopped?
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <string_view>

#include "report/decimate.h"
#include "report/json_data.h"

namespace rankflow::report {
namespace {

constexpr Index kMostSteps = 900;  // for all runs together; a screen has about so many columns
constexpr Index kFewestSteps = 120, kMostStepsPerRun = 400;
constexpr std::size_t kMostCurves = 24;  // singular values drawn; more lines cannot be told apart

using Run = std::vector<const Step*>;

std::vector<Run> split_by_engine_and_stage(const std::vector<Step>& history) {
  std::vector<Run> runs;
  for (const Step& step : history) {
    if (runs.empty() || std::string_view(runs.back().back()->engine) != step.engine ||
        std::string_view(runs.back().back()->stage) != step.stage || runs.back().back()->iteration > step.iteration)
      runs.emplace_back();
    runs.back().push_back(&step);
  }
  return runs;
}

template <class Get>
std::vector<double> column(const Run& run, Get get) {
  std::vector<double> values;
  values.reserve(run.size());
  for (const Step* step : run) values.push_back(get(*step));
  return values;
}

bool any_number(const std::vector<double>& values) {
  return std::any_of(values.begin(), values.end(), [](double x) { return std::isfinite(x); });
}

// Position of the state that was kept; -1 if nothing tells.
Index position_of_stop(const Run& run, const std::vector<ReportStop>& stops, std::string& reason) {
  for (const ReportStop& stop : stops)
    if (stop.engine == run[0]->engine && stop.stage == run[0]->stage)
      for (std::size_t i = 0; i < run.size(); ++i)
        if (run[i]->iteration >= stop.iteration || i + 1 == run.size()) {
          reason = stop.reason;
          return static_cast<Index>(i);
        }
  Index best = -1;
  for (std::size_t i = 0; i < run.size(); ++i)
    if (std::isfinite(run[i]->validation_rmse) &&
        (best < 0 || run[i]->validation_rmse < run[static_cast<std::size_t>(best)]->validation_rmse))
      best = static_cast<Index>(i);
  if (best >= 0) reason = "lowest validation error";
  return best;
}

struct Series {
  const char* key;
  std::vector<double> values;
};

Json run_data(const Run& run, const std::vector<ReportStop>& stops, Index budget) {
  std::size_t width = 0;
  for (const Step* step : run) width = std::max(width, step->singular_values.size());
  std::vector<Series> named = {
      {"validation", column(run, [](const Step& s) { return s.validation_rmse; })},
      {"train", column(run, [](const Step& s) { return s.train_rmse; })},
      {"iteration", column(run, [](const Step& s) { return static_cast<double>(s.iteration); })},
      {"time", column(run, [](const Step& s) { return s.time; })},
      {"seconds", column(run, [](const Step& s) { return s.seconds; })},
      {"rank", column(run, [](const Step& s) { return static_cast<double>(s.rank); })},
      {"effective_rank", column(run, [](const Step& s) { return s.effective_rank; })},
      {"step_size", column(run, [](const Step& s) { return s.step_size; })},
      {"rate", column(run, [](const Step& s) { return s.rate; })}};
  std::vector<std::vector<double>> sigma(std::min(width, kMostCurves));
  for (std::size_t k = 0; k < sigma.size(); ++k)
    sigma[k] = column(run, [k](const Step& s) { return k < s.singular_values.size() ? s.singular_values[k] : kNaN; });

  std::vector<std::vector<double>> all;
  if (!any_number(named[0].values)) std::swap(named[0], named[1]);  // the series whose every bump is kept
  for (const Series& series : named) all.push_back(series.values);
  all.insert(all.end(), sigma.begin(), sigma.end());
  std::vector<Index> kept = decimate(all, budget);
  std::string reason;
  const Index stop = position_of_stop(run, stops, reason);
  if (stop >= 0 && !std::binary_search(kept.begin(), kept.end(), stop))
    kept.insert(std::lower_bound(kept.begin(), kept.end(), stop), stop);

  const auto pick = [&kept](const std::vector<double>& values) {
    std::vector<double> picked;
    for (const Index i : kept) picked.push_back(values[static_cast<std::size_t>(i)]);
    return numbers(picked);
  };
  Json data = {{"engine", run[0]->engine}, {"stage", run[0]->stage}, {"steps", run.size()}, {"width", width}};
  for (const Series& series : named)
    if (any_number(series.values)) data[series.key] = pick(series.values);
  for (const std::vector<double>& values : sigma) data["sigma"].push_back(pick(values));
  if (stop >= 0)
    data["stop"] = {{"at", std::lower_bound(kept.begin(), kept.end(), stop) - kept.begin()}, {"reason", reason}};
  return data;
}

}  // namespace

Json history_data(const std::vector<Step>& history, const std::vector<ReportStop>& stops) {
  const std::vector<Run> runs = split_by_engine_and_stage(history);
  const Index count = std::max<Index>(1, static_cast<Index>(runs.size()));
  const Index budget = std::clamp(kMostSteps / count, kFewestSteps, kMostStepsPerRun);
  Json list = Json::array();
  for (const Run& run : runs) list.push_back(run_data(run, stops, budget));
  return list;
}

}  // namespace rankflow::report
