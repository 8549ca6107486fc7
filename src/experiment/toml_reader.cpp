// How does TOML text become a tree? The only file that knows the TOML library.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "experiment/document.h"
#include "rankflow/error.h"

namespace rankflow::experiment {
namespace {

Place place_of(const toml::source_region& source, const std::string& file) {
  return {file, static_cast<Index>(source.begin.line), static_cast<Index>(source.begin.column)};
}

Node convert(const toml::node& node, const std::string& file);

Node convert_table(const toml::table& table, const std::string& file) {
  Node made;
  made.kind = Node::Kind::table;
  std::vector<std::pair<toml::source_position, std::pair<std::string, Node>>> entries;
  for (const auto& [key, value] : table) {
    Node child = convert(value, file);
    if (child.is_scalar() || child.place.line == 0) child.place = place_of(key.source(), file);
    entries.emplace_back(key.source().begin, std::pair(std::string(key.str()), std::move(child)));
  }
  // The library sorts by name; the order of axes and claims is that of the file.
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [position, entry] : entries) made.table.push_back(std::move(entry));
  return made;
}

Node convert(const toml::node& node, const std::string& file) {
  Node made;
  if (const toml::table* table = node.as_table()) {
    made = convert_table(*table, file);
  } else if (const toml::array* array = node.as_array()) {
    made.kind = Node::Kind::list;
    for (const toml::node& element : *array) made.list.push_back(convert(element, file));
  } else if (const auto* text = node.as_string()) {
    made.kind = Node::Kind::text;
    made.text = text->get();
  } else if (const auto* integer = node.as_integer()) {
    made.kind = Node::Kind::number;
    made.text = fmt::format("{}", integer->get());
  } else if (const auto* number = node.as_floating_point()) {
    made.kind = Node::Kind::number;
    made.text = fmt::format("{}", number->get());
  } else if (const auto* flag = node.as_boolean()) {
    made.kind = Node::Kind::flag;
    made.text = flag->get() ? "true" : "false";
  } else {
    complain(place_of(node.source(), file), "found a date or time, expected a number, a text, true, false or a list");
  }
  made.place = place_of(node.source(), file);
  return made;
}

// Every part of a dotted key is a table in a table, which the library builds and frees by recursion.
void check_keys(const std::string& text, const std::string& name) {
  constexpr Index kMostParts = 100;
  Index line = 1, dots = 0;
  for (const char c : text) {
    line += c == '\n' ? 1 : 0;
    const bool in_key =
        std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == ' ' || c == '"' || c == '\'';
    dots = c == '.' ? dots + 1 : in_key ? dots : 0;
    if (dots > kMostParts)
      complain({name, line, 1},
               fmt::format("found a key of more than {} parts, expected such as model.depth", kMostParts));
  }
}

}  // namespace

Node parse_document(const std::string& text, const std::string& name) {
  check_keys(text, name);
  try {
    return convert_table(toml::parse(std::string_view(text), std::string_view(name)), name);
  } catch (const toml::parse_error& error) {
    complain(place_of(error.source(), name), "this is not TOML: " + std::string(error.description()));
  }
}

Node read_document(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError(path, "cannot be opened", "rankflow reproduce --list names the studies that are shipped");
  std::ostringstream text;
  text << file.rdbuf();
  return parse_document(text.str(), path);
}

Node parse_value(const std::string& text, const std::string& name) {
  Node value;
  check_keys(text, name);
  try {
    value = convert_table(toml::parse("value = " + text), name).table.at(0).second;
  } catch (const toml::parse_error&) {
    value.kind = Node::Kind::text;
    value.text = text;
  }
  const auto forget_place = [&name](Node& node, const auto& self) -> void {
    node.place = {name, 0, 0};
    for (Node& element : node.list) self(element, self);
    for (auto& [key, element] : node.table) self(element, self);
  };
  forget_place(value, forget_place);
  return value;
}

}  // namespace rankflow::experiment
