// What stands in a TOML file, as a tree in which every value knows its place: file, line and column.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "rankflow/types.h"

namespace rankflow::experiment {

struct Place {
  std::string file;
  Index line = 0, column = 0;
  std::string text() const;  // "study.toml:12:5"
};

struct Node {
  enum class Kind { text, number, flag, list, table };
  Kind kind = Kind::table;
  Place place;
  std::string text;                                 // text, number, flag: as an option table reads it
  std::vector<Node> list;                           // list
  std::vector<std::pair<std::string, Node>> table;  // table: in the order of the file

  // Defined where pairs of it are complete: clang 14 asks for that.
  Node();
  Node(const Node&);
  Node(Node&&) noexcept;
  Node& operator=(const Node&);
  Node& operator=(Node&&) noexcept;
  ~Node();

  bool is_scalar() const { return kind != Kind::list && kind != Kind::table; }
  const Node* find(const std::string& key) const;
  Node* find(const std::string& key);
  void erase(const std::string& key);
};

/// Throws InputError with file, line and column where the text is not TOML, or holds dates.
Node parse_document(const std::string& text, const std::string& name);
Node read_document(const std::string& path);
/// One value as it stands right of "=". A word that is no TOML value is a text: depth=3, kind=flow.
Node parse_value(const std::string& text, const std::string& name);

/// Tables are merged, anything else is replaced.
void merge(Node& into, const Node& over);
/// Sets the value of a dotted key, making the tables on the way.
void set_dotted(Node& root, const std::string& dotted, Node value);
/// Dotted key and leaf of everything below a table; lists are leaves.
std::vector<std::pair<std::string, const Node*>> leaves(const Node& table);

/// The candidate with the fewest edits from `word`; empty if none is near.
std::string closest(const std::string& word, const std::vector<std::string>& candidates);
/// Throws InputError "place: found ..., expected ..."; OptionError where the place is an option ("--set depth=x").
[[noreturn]] void complain(const Place& place, const std::string& problem, const std::string& hint = "");
/// Complains about a key that is not among those known.
[[noreturn]] void complain_unknown(const Place& place, const std::string& key, const std::vector<std::string>& known);

}  // namespace rankflow::experiment
