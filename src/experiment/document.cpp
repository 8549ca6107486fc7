// Trees of values: finding, merging, dotted keys, and complaints that name the place.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "rankflow/error.h"

namespace rankflow::experiment {
namespace {

// Levenshtein's distance.
std::size_t edits(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t corner = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = corner + (a[i - 1] != b[j - 1] ? 1 : 0);
      corner = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row.back();
}

void collect(const Node& table, const std::string& prefix, std::vector<std::pair<std::string, const Node*>>& into) {
  for (const auto& [key, value] : table.table) {
    if (value.kind == Node::Kind::table)
      collect(value, prefix + key + ".", into);
    else
      into.emplace_back(prefix + key, &value);
  }
}

}  // namespace

std::string Place::text() const {
  return line > 0 ? fmt::format("{}:{}:{}", file, line, column) : file;
}

Node::Node() = default;
Node::Node(const Node&) = default;
Node::Node(Node&&) noexcept = default;
Node& Node::operator=(const Node&) = default;
Node& Node::operator=(Node&&) noexcept = default;
Node::~Node() = default;

const Node* Node::find(const std::string& key) const {
  for (const auto& [name, value] : table)
    if (name == key) return &value;
  return nullptr;
}

Node* Node::find(const std::string& key) {
  return const_cast<Node*>(std::as_const(*this).find(key));
}

void Node::erase(const std::string& key) {
  std::erase_if(table, [&key](const auto& entry) { return entry.first == key; });
}

void merge(Node& into, const Node& over) {
  for (const auto& [key, value] : over.table) {
    Node* mine = into.find(key);
    if (mine == nullptr)
      into.table.emplace_back(key, value);
    else if (mine->kind == Node::Kind::table && value.kind == Node::Kind::table)
      merge(*mine, value);
    else
      *mine = value;
  }
}

void set_dotted(Node& root, const std::string& dotted, Node value) {
  const std::size_t dot = dotted.find('.');
  const std::string key = dotted.substr(0, dot);
  Node* mine = root.find(key);
  if (dot == std::string::npos) {
    if (mine == nullptr)
      root.table.emplace_back(key, std::move(value));
    else
      *mine = std::move(value);
    return;
  }
  if (mine == nullptr) {
    root.table.emplace_back(key, Node{});
    mine = &root.table.back().second;
    mine->place = value.place;
  }
  if (mine->kind != Node::Kind::table)
    complain(value.place, fmt::format("'{}' is a value, so '{}' cannot be set below it", key, dotted));
  set_dotted(*mine, dotted.substr(dot + 1), std::move(value));
}

std::vector<std::pair<std::string, const Node*>> leaves(const Node& table) {
  std::vector<std::pair<std::string, const Node*>> list;
  collect(table, "", list);
  return list;
}

std::string closest(const std::string& word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t fewest = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t count = edits(word, candidate);
    if (count < fewest) {
      fewest = count;
      best = candidate;
    }
  }
  return best;
}

void complain(const Place& place, const std::string& problem, const std::string& hint) {
  if (place.file.starts_with("--")) throw OptionError(fmt::format("{}: {}", place.file, problem), hint);
  throw InputError(place.text(), problem, hint);
}

void complain_unknown(const Place& place, const std::string& key, const std::vector<std::string>& known) {
  const std::string near = closest(key, known);
  std::string list;
  for (const std::string& name : known) list += (list.empty() ? "" : ", ") + name;
  complain(place, fmt::format("found the key '{}', which is not known here", key),
           near.empty() ? "known here: " + list : fmt::format("did you mean '{}'?", near));
}

}  // namespace rankflow::experiment
