// Reading [[figure]] and [[expect]].
// SPDX-License-Identifier: Apache-2.0
#include "experiment/study_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "experiment/node_reader.h"

namespace rankflow::experiment {
namespace {

// "component_*" stands for columns of that beginning.
std::string label_of(const std::string& expression) {
  return expression.ends_with("_*") ? expression.substr(0, expression.size() - 2) : expression;
}

Selection parse_selection(const Node* table) {
  Selection selection;
  if (table == nullptr) return selection;
  const NodeReader is_table(*table, "where");
  for (const auto& [key, value] : leaves(*table))
    selection.where.emplace_back(resolve_key(key, value->place), scalar_texts(*value));
  return selection;
}

std::vector<std::string> parse_keys(NodeReader& reader, const std::string& key) {
  const Node* node = reader.take(key);
  std::vector<std::string> keys;
  if (node == nullptr) return keys;
  for (const std::string& name : scalar_texts(*node)) keys.push_back(resolve_key(name, node->place));
  return keys;
}

bool parse_scale(NodeReader& reader, const std::string& key) {
  const std::string scale = reader.text(key, "linear");
  if (scale != "linear" && scale != "log")
    complain(reader.place(), fmt::format("{}: found '{}', expected linear or log", key, scale));
  return scale == "log";
}

// The ends of an axis, where they are given: a range that can be drawn.
void check_ends(const Node& table, const char* axis, std::optional<double> low, std::optional<double> high, bool log) {
  for (const std::optional<double>& end : {low, high})
    if (end && (!std::isfinite(*end) || (log && *end <= 0)))
      complain(table.place, fmt::format("panel: found {} for an end of the {} axis, expected a {} number", *end, axis,
                                        log ? "positive" : "finite"));
  if (low && high && !(*low < *high))
    complain(table.place, fmt::format("panel: {0}_low = {1} is not below {0}_high = {2}", axis, *low, *high));
}

Panel parse_panel(const Node& table) {
  NodeReader reader(table, "panel");
  Panel panel;
  panel.place = table.place;
  panel.title = reader.text("title");
  panel.x = reader.needed_text("x");
  panel.y = reader.texts("y");
  if (panel.y.empty()) complain(table.place, "panel: 'y' is missing");
  panel.names = reader.texts("names");
  if (!panel.names.empty() && panel.names.size() != panel.y.size())
    complain(table.place, fmt::format("panel: {} names for {} quantities in 'y'", panel.names.size(), panel.y.size()));
  panel.x_label = reader.text("x_label", panel.x);
  panel.y_label = reader.text("y_label", panel.y.size() == 1 ? label_of(panel.y[0]) : "");
  if (table.find("group") != nullptr) panel.group = parse_keys(reader, "group");
  panel.dash = parse_keys(reader, "dash");
  panel.selection = parse_selection(reader.take("where"));
  panel.x_log = parse_scale(reader, "x_scale");
  panel.y_log = parse_scale(reader, "y_scale");
  panel.markers = reader.flag("markers", false);
  panel.x_low = reader.number("x_low");
  panel.x_high = reader.number("x_high");
  panel.y_low = reader.number("y_low");
  panel.y_high = reader.number("y_high");
  reader.take("group");
  reader.done();
  check_ends(table, "x", panel.x_low, panel.x_high, panel.x_log);
  check_ends(table, "y", panel.y_low, panel.y_high, panel.y_log);
  return panel;
}

Comparison parse_comparison(const Node& table) {
  NodeReader reader(table, "over");
  Comparison comparison;
  comparison.selection = parse_selection(reader.take("where"));
  comparison.quantity = reader.text("quantity");
  comparison.same = parse_keys(reader, "same");
  reader.done();
  return comparison;
}

// Exactly one kind of check, and what it needs.
void check_kind(const Claim& claim) {
  const bool bounded = claim.low || claim.high, ordered = !claim.along.empty();
  if (claim.quantity.empty() == claim.every.empty())
    complain(claim.place, "expect: either 'quantity' (one number a run) or 'every' (one number a record) is needed");
  if (bounded == ordered) complain(claim.place, "expect: either bounds 'low', 'high' or an order 'along' is needed");
  if (!claim.when.empty() && claim.every.empty())
    complain(claim.place, "expect: 'when' belongs to 'every'", "in a quantity write at(x, condition)");
  if (ordered && (claim.over || !claim.every.empty() || claim.at_least > 0))
    complain(claim.place, "expect: an order 'along' stands with 'quantity' alone");
  if (claim.over && !claim.every.empty()) complain(claim.place, "expect: 'over' needs a 'quantity'");
  for (const std::optional<double>& bound : {claim.low, claim.high})
    if (bound && !std::isfinite(*bound))
      complain(claim.place, fmt::format("expect: found a bound of {}, expected a finite number", *bound));
  if (claim.low && claim.high && *claim.low > *claim.high)
    complain(claim.place, fmt::format("expect: low = {} is above high = {}", *claim.low, *claim.high));
}

// It becomes the name of files.
void check_name(const std::string& name, const Place& place) {
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
  });
  if (!plain || name.starts_with('.') || name.size() > 100)
    complain(place, fmt::format("figure: found the name '{}', expected letters, digits, '-', '_' and '.', such as "
                                "singular-values",
                                name));
}

}  // namespace

Figure parse_figure(const Node& table) {
  NodeReader reader(table, "figure");
  Figure figure;
  figure.name = reader.needed_text("name");
  check_name(figure.name, table.place);
  figure.title = reader.text("title", figure.name);
  figure.caption = reader.text("caption");
  for (const Node* panel : reader.tables("panel")) figure.panels.push_back(parse_panel(*panel));
  if (figure.panels.empty()) complain(table.place, "figure: it has no [[figure.panel]]");
  reader.done();
  return figure;
}

Claim parse_claim(const Node& table) {
  NodeReader reader(table, "expect");
  Claim claim;
  claim.place = table.place;
  claim.text = reader.needed_text("claim");
  claim.selection = parse_selection(reader.take("where"));
  claim.quantity = reader.text("quantity");
  claim.every = reader.text("every");
  claim.when = reader.text("when");
  claim.low = reader.number("low");
  claim.high = reader.number("high");
  if (const Node* over = reader.take("over")) claim.over = parse_comparison(*over);
  if (const std::vector<std::string> along = parse_keys(reader, "along"); !along.empty()) claim.along = along[0];
  const std::string order = reader.text("order", "falling");
  if (order != "rising" && order != "falling")
    complain(table.place, fmt::format("order: found '{}', expected rising or falling", order));
  claim.rising = order == "rising";
  claim.slack = reader.number("slack").value_or(0);
  if (!(claim.slack >= 0))
    complain(table.place, fmt::format("slack: found {}, expected a share from 0 up", claim.slack));
  if (const std::optional<double> least = reader.number("at_least")) {
    if (!(*least >= 1) || *least > 1e9 || *least != std::floor(*least))
      complain(table.place, fmt::format("at_least: found {}, expected a number of runs from 1 up", *least));
    claim.at_least = static_cast<Index>(*least);
  }
  claim.quick = reader.flag("quick", true);
  claim.paper_length = reader.flag("paper_length", false);
  reader.done();
  check_kind(claim);
  return claim;
}

}  // namespace rankflow::experiment
