// What --set and --vary change in a study's document.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <charconv>
#include <set>

#include "experiment/study.h"
#include "rankflow/error.h"

namespace rankflow::experiment {
namespace {

constexpr Index kMostPoints = 100'000;

struct Assignment {
  std::string key, value;
};

Assignment split(const std::string& option, const std::string& given) {
  const std::size_t equals = given.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == given.size())
    throw OptionError(fmt::format("{} {}: expected key=value", option, given));
  if (given.find('\n') != std::string::npos)
    throw OptionError(fmt::format("{} {}: expected one line", option, given.substr(0, given.find('\n'))));
  return {given.substr(0, equals), given.substr(equals + 1)};
}

// `key` is a full one; the table may write it short ("depth" for "model.depth") or below its section.
void erase_key(Node& table, const std::string& key) {
  std::erase_if(table.table, [&key](const auto& entry) { return full_key(entry.first) == key; });
  const std::size_t dot = key.find('.');
  if (dot == std::string::npos) return;
  if (Node* section = table.find(key.substr(0, dot)); section != nullptr && section->kind == Node::Kind::table)
    section->erase(key.substr(dot + 1));
}

// A key of the grid, wherever it varies and however short it is written, no longer does.
void forget_axis(Node& document, const std::string& key) {
  const auto forget = [&key](Node& vary) {
    erase_key(vary, key);
    Node* linked = vary.find("linked");
    if (linked == nullptr) return;
    for (Node& axis : linked->list) erase_key(axis, key);
    std::erase_if(linked->list, [](const Node& axis) { return leaves(axis).empty(); });
  };
  if (Node* vary = document.find("vary")) forget(*vary);
  Node* also = document.find("also");
  if (also == nullptr || also->kind != Node::Kind::list) return;
  for (Node& grid : also->list)
    if (Node* vary = grid.find("vary")) forget(*vary);
}

bool parse_integer(const std::string& text, Index& value) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && stop == text.data() + text.size();
}

// "2,3,4" or "1:10".
Node parse_points(const std::string& given, const std::string& values, const std::string& name) {
  Node list;
  list.kind = Node::Kind::list;
  list.place = {name, 0, 0};
  Index first = 0, last = 0;
  const std::size_t colon = values.find(':');
  if (colon != std::string::npos && parse_integer(values.substr(0, colon), first) &&
      parse_integer(values.substr(colon + 1), last)) {
    if (last < first) throw OptionError(fmt::format("--vary {}: expected first:last with first <= last", given));
    if (last - first >= kMostPoints)
      throw OptionError(fmt::format("--vary {}: expected at most {} values", given, kMostPoints));
    for (Index k = first; k <= last; ++k) list.list.push_back(parse_value(std::to_string(k), name));
    return list;
  }
  for (std::size_t begin = 0; begin <= values.size();) {
    const std::size_t comma = std::min(values.find(',', begin), values.size());
    if (comma == begin) throw OptionError(fmt::format("--vary {}: a value is empty", given));
    list.list.push_back(parse_value(values.substr(begin, comma - begin), name));
    begin = comma + 1;
  }
  return list;
}

std::string key_of(const std::string& key, const std::string& name) {
  try {
    return resolve_key(key, {name, 0, 0});
  } catch (const InputError& error) {
    throw OptionError(error.what());
  }
}

}  // namespace

void apply_overrides(Node& document, const StudyOptions& options) {
  std::set<std::string> fixed;
  for (const std::string& given : options.set) {
    const auto [key, value] = split("--set", given);
    const std::string name = "--set " + given;
    if (key == "title" || key.starts_with("vary.")) {
      set_dotted(document, key, parse_value(value, name));
      continue;
    }
    const std::string full = key_of(key, name);
    fixed.insert(full);
    forget_axis(document, full);
    set_dotted(document, full, parse_value(value, name));
    // A grid of its own must not win over the command line.
    if (Node* also = document.find("also"); also != nullptr && also->kind == Node::Kind::list)
      for (Node& grid : also->list) erase_key(grid, full);
  }
  for (const std::string& given : options.vary) {
    const auto [key, values] = split("--vary", given);
    const std::string name = "--vary " + given, full = key_of(key, name);
    if (fixed.contains(full)) throw OptionError(fmt::format("--set and --vary both say what {} is", full));
    forget_axis(document, full);
    set_dotted(document, "vary." + full, parse_points(given, values, name));
  }
}

}  // namespace rankflow::experiment
