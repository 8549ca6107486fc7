// Values by key with complaints that say what was found and what was expected.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/node_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace rankflow::experiment {
namespace {

const char* kind_name(const Node& node) {
  switch (node.kind) {
    case Node::Kind::text:
      return "a text";
    case Node::Kind::number:
      return "a number";
    case Node::Kind::flag:
      return "true or false";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::table:
      return "a table";
  }
  return "?";
}

std::string shown(const Node& node) {
  return node.is_scalar() ? fmt::format("{} '{}'", kind_name(node), node.text) : kind_name(node);
}

}  // namespace

std::vector<std::string> scalar_texts(const Node& node) {
  if (node.is_scalar()) return {node.text};
  if (node.kind == Node::Kind::table) complain(node.place, "found a table, expected a value or a list of values");
  std::vector<std::string> texts;
  for (const Node& element : node.list) {
    if (!element.is_scalar())
      complain(element.place, fmt::format("found {} in a list, expected values", kind_name(element)));
    texts.push_back(element.text);
  }
  return texts;
}

double as_number(const Node& node, const std::string& key) {
  if (node.kind != Node::Kind::number)
    complain(node.place, fmt::format("{}: found {}, expected a number", key, shown(node)));
  return std::strtod(node.text.c_str(), nullptr);
}

NodeReader::NodeReader(const Node& table, const std::string& name) : table_(table), name_(name) {
  if (table.kind != Node::Kind::table)
    complain(table.place, fmt::format("{}: found {}, expected a table", name, shown(table)));
}

const Node* NodeReader::take(const std::string& key) {
  asked_.push_back(key);
  return table_.find(key);
}

std::string NodeReader::text(const std::string& key, const std::string& otherwise) {
  const Node* node = take(key);
  if (node == nullptr) return otherwise;
  if (node->kind != Node::Kind::text)
    complain(node->place, fmt::format("{}: found {}, expected a text in quotes", key, shown(*node)));
  return node->text;
}

std::string NodeReader::needed_text(const std::string& key) {
  const std::string found = text(key);
  if (found.empty()) complain(table_.place, fmt::format("{}: '{}' is missing", name_, key));
  return found;
}

std::optional<double> NodeReader::number(const std::string& key) {
  const Node* node = take(key);
  if (node == nullptr) return std::nullopt;
  return as_number(*node, key);
}

bool NodeReader::flag(const std::string& key, bool otherwise) {
  const Node* node = take(key);
  if (node == nullptr) return otherwise;
  if (node->kind != Node::Kind::flag)
    complain(node->place, fmt::format("{}: found {}, expected true or false", key, shown(*node)));
  return node->text == "true";
}

std::vector<std::string> NodeReader::texts(const std::string& key) {
  const Node* node = take(key);
  return node == nullptr ? std::vector<std::string>{} : scalar_texts(*node);
}

std::vector<const Node*> NodeReader::tables(const std::string& key) {
  const Node* node = take(key);
  std::vector<const Node*> found;
  if (node == nullptr) return found;
  if (node->kind != Node::Kind::list)
    complain(node->place, fmt::format("{}: found {}, expected tables [[{}]]", key, shown(*node), key));
  for (const Node& element : node->list) found.push_back(&element);
  return found;
}

void NodeReader::done() const {
  for (const auto& [key, value] : table_.table)
    if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) complain_unknown(value.place, key, asked_);
}

}  // namespace rankflow::experiment
