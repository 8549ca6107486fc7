// Run folders: resolved settings, outcome and trajectory.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/run_record.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "data/output_file.h"
#include "experiment/expression.h"

namespace rankflow::experiment {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kResult = "/result.json";
constexpr const char* kTrajectory = "/trajectory.csv";

// JSON has no NaN and no infinity: such numbers are texts.
Json number(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

double number(const Json& value) {
  if (value.is_number()) return value.get<double>();
  const std::string text = value.get<std::string>();
  return text == "inf" ? INFINITY : text == "-inf" ? -INFINITY : kNaN;
}

}  // namespace

void write_record(const std::string& folder, const PlannedRun& run, const RunRecord& record) {
  std::filesystem::create_directories(folder);
  const bool finished = record.status == RunRecord::Status::finished;
  Json json = {{"fingerprint", run.fingerprint}, {"version", RANKFLOW_VERSION}, {"label", run.label}};
  json["status"] = finished ? "finished" : "failed";
  if (!finished) json["why"] = record.why;
  for (const auto& [key, value] : run.settings) json["settings"][key] = value;
  if (finished) {
    json["stop"] = record.outcome.stop;
    json["message"] = record.outcome.message;
    for (const auto& [name, value] : record.outcome.numbers) json["numbers"][name] = number(value);
    record.outcome.trajectory.write_csv(folder + kTrajectory);
  }
  write_file(folder + kResult, json_text(json, 2) + "\n");
}

std::optional<RunRecord> read_record(const std::string& folder, const PlannedRun& run) {
  std::ifstream file(folder + kResult);
  if (!file) return std::nullopt;
  try {
    const Json json = Json::parse(file);
    if (json.at("fingerprint") != run.fingerprint || json.at("status") != "finished") return std::nullopt;
    RunRecord record;
    record.status = RunRecord::Status::finished;
    record.outcome.stop = json.at("stop");
    record.outcome.message = json.at("message");
    for (const auto& [name, value] : json.at("numbers").items()) record.outcome.numbers[name] = number(value);
    record.outcome.trajectory = Trajectory::read_csv(folder + kTrajectory);
    return record;
  } catch (const std::exception&) {  // a file that is not as we write it is no result: the run is made again
    return std::nullopt;
  }
}

std::map<std::string, double> run_numbers(const PlannedRun& run, const RunRecord& record) {
  std::map<std::string, double> numbers;
  for (const auto& [key, value] : run.settings) {
    double parsed = 0;
    const char* end = value.data() + value.size();
    if (const auto [stop, error] = std::from_chars(value.data(), end, parsed); error != std::errc{} || stop != end)
      continue;
    numbers[identifier(key)] = parsed;
    numbers[identifier(short_key(key))] = parsed;
  }
  for (const auto& [name, value] : record.outcome.numbers) numbers[name] = value;
  return numbers;
}

}  // namespace rankflow::experiment
