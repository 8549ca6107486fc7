// Expanding grids: settings, then one point of every axis, then the tables of options check each value.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "data/hash.h"
#include "rankflow/error.h"

namespace rankflow::experiment {
namespace {

constexpr std::size_t kMostRuns = 100'000;
constexpr int kFormat = 1;  // rises when a run's files change their meaning

struct Value {
  std::string text;
  Place place;
};
using Values = std::map<std::string, Value>;

bool parse_number(const std::string& text, double& value) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && stop == text.data() + text.size() && !text.empty();
}

std::string joined(const Node& node) {
  std::string text;
  if (node.is_scalar()) return node.text;
  for (const Node& element : node.list) {
    if (!element.is_scalar()) complain(element.place, "found a list in a list, expected values");
    text += fmt::format("{}{}", text.empty() ? "" : " ", element.text);
  }
  return text;
}

// The value of a key goes where the key points; those that say the kind are set first.
void set_value(RunConfig& config, const std::string& key, const Value& value) {
  for (OptionField& field : fields(config)) {
    if (field.name != key) continue;
    try {
      field.set(value.text);
    } catch (const OptionError&) {
      complain(value.place, fmt::format("{}: found '{}', expected {}", key, value.text, field.domain), field.help);
    }
    return;
  }
}

RunConfig make_config(const Values& values) {
  RunConfig config;
  if (const auto seed = values.find("seed"); seed != values.end()) {
    std::uint64_t number = 0;
    const std::string& text = seed->second.text;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size())
      complain(seed->second.place, fmt::format("seed: found '{}', expected an integer from 0 to 2^64 - 1", text));
    config.data.seed = config.problem.seed = config.model.start.seed = config.model.tensor.start.seed = number;
  }
  for (const char* key : {"data.kind", "problem.measurement", "engine.kind", "model.kind"})
    if (const auto value = values.find(key); value != values.end()) set_value(config, key, value->second);
  for (const auto& [key, value] : values)
    if (key != "seed") set_value(config, key, value);
  return config;
}

void check_config(const RunConfig& config, const Place& place) {
  try {
    check(config);
  } catch (const OptionError& error) {
    throw InputError(place.text(), error.what());
  }
}

std::string find_file(const std::string& path, const Study& study, const std::string& data_folder, const Place& place) {
  namespace fs = std::filesystem;
  if (path.empty() || fs::path(path).is_absolute()) return path;
  const fs::path beside = fs::path(study.path).parent_path() / path;
  if (fs::exists(beside)) return beside.lexically_normal().string();
  if (!data_folder.empty() && fs::exists(fs::path(data_folder) / path)) return (fs::path(data_folder) / path).string();
  if (fs::exists(path)) return path;
  throw DataMissing(place.text(), fmt::format("the file '{}' is neither beside the study nor below --data", path),
                    study.needs);
}

// The files of a set of images; data.path becomes their folder. Beside a packed file its content may lie unpacked.
std::vector<std::string> find_images(DataOptions& data, const Study& study, const std::string& data_folder,
                                     const Place& place) {
  std::vector<std::string> found;
  for (const std::string& name : image_files()) {
    const std::string packed = data.path + "/" + name;
    try {
      found.push_back(find_file(packed, study, data_folder, place));
    } catch (const DataMissing& missing) {
      try {
        found.push_back(find_file(packed.substr(0, packed.rfind('.')), study, data_folder, place));
      } catch (const DataMissing&) {
        throw missing;
      }
    }
  }
  data.path = std::filesystem::path(found.front()).parent_path().string();
  return found;
}

// By path: many runs may read the same file.
using Hashes = std::map<std::string, std::string>;

const std::string& content_hash(const std::string& path, Hashes& hashes) {
  const auto [found, fresh] = hashes.try_emplace(path);
  if (!fresh) return found->second;
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError(path, "cannot be opened");
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return found->second = fmt::format("{:016x}", hash_text(bytes.str()));
}

// Paths as the file writes them, so that folders may move; the content is part of the fingerprint.
PlannedRun make_run(const Values& values, const Study& study, const std::string& data_folder, Hashes& hashes) {
  PlannedRun run;
  run.config = make_config(values);
  for (const OptionField& field : fields(run.config)) run.settings.emplace_back(field.name, field.get());
  const auto place_of = [&](const std::string& key) {
    const auto value = values.find(key);
    return value == values.end() ? Place{study.path} : value->second.place;
  };
  check_config(run.config, place_of("engine.kind"));
  std::string all = fmt::format("{} {}", RANKFLOW_VERSION, kFormat);
  for (const auto& [key, value] : run.settings) all += fmt::format("\n{}={}", key, value);
  if (is_file(run.config.data.kind)) {
    for (std::string* path : {&run.config.data.path, &run.config.data.positions}) {
      *path = find_file(*path, study, data_folder, place_of("data.path"));
      if (!path->empty()) all += fmt::format("\n{}", content_hash(*path, hashes));
    }
  }
  if (run.config.data.kind == DataKind::images)
    for (const std::string& path : find_images(run.config.data, study, data_folder, place_of("data.path")))
      all += fmt::format("\n{}", content_hash(path, hashes));
  run.fingerprint = fmt::format("{:016x}", hash_text(all));
  return run;
}

void expand(const Grid& grid, std::size_t depth, Values& values, const Study& study, const std::string& data_folder,
            Hashes& hashes, std::vector<PlannedRun>& runs) {
  if (depth == grid.axes.size()) {
    if (runs.size() >= kMostRuns)
      throw InputError(study.path, fmt::format("the grid has more than {} runs", kMostRuns));
    runs.push_back(make_run(values, study, data_folder, hashes));
    return;
  }
  const GridAxis& axis = grid.axes[depth];
  for (const std::vector<std::string>& point : axis.values) {
    for (std::size_t k = 0; k < axis.keys.size(); ++k) values[axis.keys[k]] = {point[k], axis.place};
    expand(grid, depth + 1, values, study, data_folder, hashes, runs);
  }
}

// A setting varies if two runs to which it applies differ in it; options of engines are compared within their kind.
void find_varied(std::vector<PlannedRun>& runs) {
  const auto shelf = [](const PlannedRun& run, const std::string& key) {
    const bool of_engine = key.starts_with("engine.") && key != "engine.kind";
    return of_engine ? fmt::format("{} {}", run.setting("engine.kind"), key) : key;
  };
  std::map<std::string, std::set<std::string>> seen;
  for (const PlannedRun& run : runs)
    for (const auto& [key, value] : run.settings) seen[shelf(run, key)].insert(value);
  const bool seeds_together = std::all_of(runs.begin(), runs.end(), [](const PlannedRun& run) {
    const std::string data = run.setting("data.seed"), problem = run.setting("problem.seed"),
                      model = run.setting("model.seed");
    return (problem.empty() || problem == data) && (model.empty() || model == data);
  });
  for (PlannedRun& run : runs)
    for (const auto& [key, value] : run.settings) {
      const bool only_records =
          key == "engine.instruments" || key == "engine.record_every" || key == "engine.record_time";
      if (only_records || seen[shelf(run, key)].size() < 2) continue;
      if (seeds_together && (key == "problem.seed" || key == "model.seed")) continue;
      run.varied.emplace_back(key, value);
    }
}

std::string file_name(const std::string& label) {
  std::string name;
  for (const char c : label) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) || c == '=' || c == '.' || c == '-' || c == '_';
    if (plain)
      name += c;
    else if (c == ',')
      name += '+';
  }
  return name.substr(0, 100);
}

void name_runs(std::vector<PlannedRun>& runs) {
  for (PlannedRun& run : runs) {
    for (const auto& [key, value] : run.varied)
      run.label += fmt::format("{}{}={}", run.label.empty() ? "" : ", ", short_key(key), value);
    if (run.label.empty()) run.label = "run";
    run.folder = fmt::format("{}-{}", file_name(run.label), run.fingerprint.substr(0, 8));
  }
}

// A key that no run looks at is a mistake: the value would be without effect.
void check_used(const Study& study, const std::vector<PlannedRun>& runs) {
  if (study.overridden) return;
  for (const Grid& grid : study.grids)
    for (const auto& [key, node] : grid.settings) {
      const bool used = key == "seed" || std::any_of(runs.begin(), runs.end(), [&name = key](const PlannedRun& run) {
                          return !run.setting(name).empty();
                        });
      if (!used)
        complain(node->place, fmt::format("found the key '{}', which applies to none of the study's runs", key),
                 "the kinds of data, problem and engine decide which keys apply");
    }
}

}  // namespace

std::string PlannedRun::setting(const std::string& key) const {
  for (const auto& [name, value] : settings)
    if (name == key) return value;
  return "";
}

std::string short_key(const std::string& key) {
  const std::size_t dot = key.find('.');
  if (dot == std::string::npos) return key;
  const std::string last = key.substr(dot + 1);
  if (key == "data.seed") return "seed";
  if (key == "engine.kind") return "engine";
  if (key == "model.kind") return "model";
  return full_key(last) == key ? last : key;
}

bool same_value(const std::string& a, const std::string& b) {
  double x = 0, y = 0;
  if (!parse_number(a, x) || !parse_number(b, y)) return a == b;
  return std::abs(x - y) <= 1e-12 * std::max(std::abs(x), std::abs(y));
}

bool matches(const PlannedRun& run, const Selection& selection) {
  for (const auto& [key, values] : selection.where) {
    const std::string mine = run.setting(key == "seed" ? "data.seed" : key);
    if (mine.empty()) return false;
    if (std::none_of(values.begin(), values.end(), [&](const std::string& value) { return same_value(value, mine); }))
      return false;
  }
  return true;
}

std::vector<PlannedRun> plan_runs(const Study& study, const std::string& data_folder) {
  std::vector<PlannedRun> runs;
  Hashes hashes;
  for (const Grid& grid : study.grids) {
    Values values;
    for (const auto& [key, node] : grid.settings) values[key] = {joined(*node), node->place};
    expand(grid, 0, values, study, data_folder, hashes, runs);
  }
  std::set<std::string> seen;
  std::erase_if(runs, [&seen](const PlannedRun& run) { return !seen.insert(run.fingerprint).second; });
  check_used(study, runs);
  find_varied(runs);
  name_runs(runs);
  return runs;
}

}  // namespace rankflow::experiment
