// From a document to a study: grids, and what stands above them.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/study.h"

#include <fmt/format.h>

#include <algorithm>

#include "experiment/node_reader.h"
#include "experiment/study_parts.h"
#include "rankflow/error.h"

namespace rankflow::experiment {
namespace {

constexpr const char* kSections[] = {"data", "problem", "model", "engine"};

// The settings of the sections; a list (instruments, values) is one text.
void collect_settings(NodeReader& reader, Grid& grid) {
  if (const Node* seed = reader.take("seed")) grid.settings.emplace_back("seed", seed);
  for (const char* section : kSections) {
    const Node* table = reader.take(section);
    if (table == nullptr) continue;
    const NodeReader is_table(*table, section);
    for (const auto& [key, value] : leaves(*table)) {
      const std::string dotted = std::string(section) + "." + key;
      const std::vector<std::string>& known = known_keys();
      if (std::find(known.begin(), known.end(), dotted) == known.end()) complain_unknown(value->place, dotted, known);
      grid.settings.emplace_back(dotted, value);
    }
  }
}

GridAxis single_axis(const std::string& key, const Node& values) {
  if (values.kind != Node::Kind::list || values.list.empty())
    complain(values.place, fmt::format("vary.{}: expected a list of values", key));
  GridAxis axis{{resolve_key(key, values.place)}, {}, values.place};
  for (const Node& value : values.list) {
    std::string text;  // a list inside the list is one value: instruments, values
    for (const std::string& part : scalar_texts(value)) text += (text.empty() ? "" : " ") + part;
    axis.values.push_back({text});
  }
  return axis;
}

GridAxis linked_axis(const Node& table) {
  GridAxis linked;
  linked.place = table.place;
  for (const auto& [key, values] : leaves(table)) {
    const GridAxis axis = single_axis(key, *values);
    if (!linked.values.empty() && axis.values.size() != linked.values.size())
      complain(values->place, fmt::format("{} has {} values, but what it is linked to has {}", key, axis.values.size(),
                                          linked.values.size()));
    linked.keys.push_back(axis.keys[0]);
    linked.values.resize(axis.values.size());
    for (std::size_t k = 0; k < axis.values.size(); ++k) linked.values[k].push_back(axis.values[k][0]);
  }
  if (linked.keys.empty()) complain(table.place, "linked: expected keys with lists of equal length");
  return linked;
}

std::vector<GridAxis> parse_axes(const Node& table) {
  const NodeReader is_table(table, "vary");
  std::vector<GridAxis> axes;
  for (const auto& [key, value] : table.table) {
    if (key == "linked") {
      if (value.kind != Node::Kind::list) complain(value.place, "linked: expected tables [[vary.linked]]");
      for (const Node& element : value.list) axes.push_back(linked_axis(element));
    } else if (value.kind == Node::Kind::table) {
      for (const auto& [leaf, values] : leaves(value)) axes.push_back(single_axis(key + "." + leaf, *values));
    } else {
      axes.push_back(single_axis(key, value));
    }
  }
  return axes;
}

Grid parse_grid(NodeReader& reader) {
  Grid grid;
  collect_settings(reader, grid);
  if (const Node* vary = reader.take("vary")) grid.axes = parse_axes(*vary);
  return grid;
}

// The settings of [[also]] stand over those of the study.
Grid also_grid(const Node& table, const Grid& base) {
  NodeReader reader(table, "also");
  Grid own = parse_grid(reader);
  reader.done();
  Grid grid{base.settings, std::move(own.axes)};
  grid.settings.insert(grid.settings.end(), own.settings.begin(), own.settings.end());
  return grid;
}

// [quick] and [paper_length] stand over the study where they are asked for.
void take_variant(Node& document, const char* section, bool wanted) {
  const Node* found = document.find(section);
  if (found == nullptr) return;
  const Node overrides = *found;
  document.erase(section);
  if (wanted) merge(document, overrides);
}

}  // namespace

std::string resolve_key(const std::string& key, const Place& place) {
  const std::string full = full_key(key);
  if (!full.empty()) return full;
  std::vector<std::string> candidates = known_keys();
  for (const std::string& known : known_keys()) {
    if (known.ends_with("." + key))
      complain(place, fmt::format("'{}' can mean several keys", key), "write the whole name, such as " + known);
    candidates.push_back(known.substr(known.find('.') + 1));
  }
  const std::string near = closest(key, candidates);
  complain(place, fmt::format("found the key '{}', which is not known", key),
           near.empty() ? "docs/experiments.md lists the keys" : fmt::format("did you mean '{}'?", near));
}

Study parse_study(Node document, const std::string& path, const StudyOptions& options) {
  Study study;
  study.path = path;
  study.quick = options.quick;
  study.overridden = !options.set.empty() || !options.vary.empty();
  study.paper_length = options.paper_length;
  if (options.quick && options.paper_length)
    throw OptionError("--quick and --paper-length: a study is either short or long", "pass one of them");
  take_variant(document, "quick", options.quick);
  take_variant(document, "paper_length", options.paper_length);
  apply_overrides(document, options);
  study.document = std::move(document);

  NodeReader reader(study.document, "study");
  study.title = reader.needed_text("title");
  study.source = reader.text("source");
  study.about = reader.text("about");
  study.needs = reader.text("needs");
  study.choices = reader.texts("choices");
  study.grids.push_back(parse_grid(reader));
  for (const Node* also : reader.tables("also")) study.grids.push_back(also_grid(*also, study.grids[0]));
  for (const Node* node : reader.tables("figure")) {
    Figure figure = parse_figure(*node);
    for (const Figure& other : study.figures)
      if (other.name == figure.name) complain(node->place, fmt::format("a second figure is called '{}'", figure.name));
    study.figures.push_back(std::move(figure));
  }
  for (const Node* claim : reader.tables("expect")) study.claims.push_back(parse_claim(*claim));
  reader.done();
  return study;
}

Study read_study(const std::string& path, const StudyOptions& options) {
  return parse_study(read_document(path), path, options);
}

}  // namespace rankflow::experiment
