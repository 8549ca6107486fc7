// Calls that make a number of a series are evaluated innermost first; muParser does the arithmetic.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/expression.h"

#include <fmt/format.h>
#include <muParser.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <functional>

#include "experiment/document.h"
#include "rankflow/error.h"

namespace rankflow::experiment {
namespace {

using Series = std::vector<double>;

// Longer or deeper ones are no claims; without limits the parser's recursion would end the program.
constexpr std::size_t kMostCharacters = 2000;
constexpr int kMostNested = 50;

// The records that a call looks at: its series, and where its condition holds.
struct Call {
  Series x;
  const Series* iteration;
  std::vector<double> numbers;  // further arguments that are no series
  Series condition;             // empty = everywhere
};

struct Reducer {
  std::string name, arguments, help;
  std::size_t fewest, most;  // arguments
  bool condition;            // the second argument is one
  std::function<double(const Call&)> value;
};

Series where_it_holds(const Call& call) {
  if (call.condition.empty()) return call.x;
  Series kept;
  for (std::size_t k = 0; k < call.x.size(); ++k)
    if (call.condition[k] != 0 && !std::isnan(call.condition[k])) kept.push_back(call.x[k]);
  return kept;
}

double extreme(const Call& call, bool highest) {
  double best = kNaN;
  for (const double value : where_it_holds(call))
    if (std::isnan(best) || (highest ? value > best : value < best)) best = value;
  return best;
}

double where_lowest(const Call& call) {
  std::size_t best = 0;
  for (std::size_t k = 0; k < call.x.size(); ++k)
    if (call.x[k] < call.x[best] || std::isnan(call.x[best])) best = k;
  return call.x.empty() ? kNaN : (*call.iteration)[best];
}

double at_end(const Call& call, bool last) {
  const Series kept = where_it_holds(call);
  return kept.empty() ? kNaN : last ? kept.back() : kept.front();
}

const std::vector<Reducer>& reducers() {
  static const std::vector<Reducer> list = {
      {"first", "x", "x at the first record", 1, 1, false, [](const Call& c) { return at_end(c, false); }},
      {"last", "x", "x at the last record", 1, 1, false, [](const Call& c) { return at_end(c, true); }},
      {"at", "x, condition", "x at the first record at which the condition holds", 2, 2, true,
       [](const Call& c) { return at_end(c, false); }},
      {"last_at", "x, condition", "x at the last record at which the condition holds", 2, 2, true,
       [](const Call& c) { return at_end(c, true); }},
      {"lowest", "x[, condition]", "the least x (where the condition holds)", 1, 2, true,
       [](const Call& c) { return extreme(c, false); }},
      {"highest", "x[, condition]", "the largest x (where the condition holds)", 1, 2, true,
       [](const Call& c) { return extreme(c, true); }},
      {"where_lowest", "x", "the iteration of the least x", 1, 1, false, where_lowest},
      {"largest_fall", "x[, condition]", "by how much x falls below an earlier value at most; 0 = it never falls", 1, 2,
       true, [](const Call& c) { return largest_fall(where_it_holds(c)); }},
      {"largest_rise", "x[, condition]", "by how much x rises above an earlier value at most; 0 = it never rises", 1, 2,
       true, [](const Call& c) { return largest_rise(where_it_holds(c)); }},
      {"half_time", "x", "the iteration at which x first reaches half of its last value, interpolated", 1, 1, false,
       [](const Call& c) { return half_time(*c.iteration, c.x); }},
      {"crossing", "x, level", "the iteration at which x first reaches the level, interpolated", 2, 2, false,
       [](const Call& c) { return first_crossing(*c.iteration, c.x, c.numbers.at(0)); }},
      {"falls_to", "x, level", "the iteration at which x first falls to the level, interpolated", 2, 2, false,
       [](const Call& c) { return first_crossing(*c.iteration, c.x, c.numbers.at(0), true); }},
      {"plateau", "x, level, share",
       "iterations of the longest stretch over which x differs from the level by at most that share of it", 3, 3, false,
       [](const Call& c) { return longest_plateau(*c.iteration, c.x, c.numbers.at(0), c.numbers.at(1)).length(); }},
      {"plateau_end", "x, level, share", "the iteration at which that stretch ends", 3, 3, false,
       [](const Call& c) { return longest_plateau(*c.iteration, c.x, c.numbers.at(0), c.numbers.at(1)).end; }},
      {"records", "condition", "number of records at which the condition holds", 1, 1, false, [](const Call& c) {
         return static_cast<double>(std::count_if(c.x.begin(), c.x.end(), [](double v) { return v != 0; }));
       }}};
  return list;
}

const Reducer* find_reducer(const std::string& name) {
  for (const Reducer& reducer : reducers())
    if (reducer.name == name) return &reducer;
  return nullptr;
}

bool starts_name(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_';
}
bool in_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

// One word of the text: a name, or a number with its exponent, which is no name ("1e-3").
struct Word {
  std::size_t begin, end;
  bool name;
};

std::vector<Word> words(const std::string& text) {
  std::vector<Word> list;
  for (std::size_t k = 0; k < text.size();) {
    const std::size_t begin = k;
    if (starts_name(text[k])) {
      while (k < text.size() && in_name(text[k])) ++k;
      list.push_back({begin, k, true});
    } else if (std::isdigit(static_cast<unsigned char>(text[k])) || text[k] == '.') {
      while (k < text.size() && (in_name(text[k]) || text[k] == '.' ||
                                 ((text[k] == '-' || text[k] == '+') && (text[k - 1] == 'e' || text[k - 1] == 'E'))))
        ++k;
      list.push_back({begin, k, false});
    } else {
      ++k;
    }
  }
  return list;
}

std::size_t skip_blanks(const std::string& text, std::size_t k) {
  while (k < text.size() && text[k] == ' ') ++k;
  return k;
}

class Evaluator {
 public:
  Evaluator(const std::string& whole, const RunView& run) : whole_(whole), run_(run) {
    check_size();
    if (run.trajectory == nullptr) return;
    for (const std::string& column : run.trajectory->columns)
      columns_[identifier(column)] = run.trajectory->series(column);
    if (const auto found = columns_.find("iteration"); found != columns_.end()) iteration_ = &found->second;
  }

  double number(const std::string& text) {
    const std::string simple = without_calls(text);
    mu::Parser parser;
    prepare(parser, simple, false);
    return run_parser(parser, simple);
  }

  Series records(const std::string& text) {
    const std::string simple = without_calls(text);
    mu::Parser parser;
    prepare(parser, simple, true);
    Series values(run_.trajectory == nullptr ? 0 : run_.trajectory->rows.size());
    for (std::size_t k = 0; k < values.size(); ++k) {
      for (auto& [name, place] : places_) place = columns_.at(name)[k];
      values[k] = run_parser(parser, simple);
    }
    return values;
  }

 private:
  [[noreturn]] void fail(const std::string& problem, const std::string& hint = "") const {
    throw OptionError(fmt::format("in the expression '{}': {}", whole_, problem), hint);
  }

  void check_size() const {
    if (whole_.size() > kMostCharacters)
      throw OptionError(
          fmt::format("an expression has {} characters, expected at most {}", whole_.size(), kMostCharacters));
    int depth = 0;
    for (const char c : whole_) {
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
      if (depth > kMostNested) fail(fmt::format("parentheses are nested more than {} deep", kMostNested));
      if (c == ',' && depth == 0) fail("a comma stands outside of parentheses, and one value is needed");
    }
  }

  // Replaces every call of a reducer by a name that stands for its value.
  std::string without_calls(const std::string& text) {
    for (const Word& word : words(text)) {
      if (!word.name) continue;
      const Reducer* reducer = find_reducer(text.substr(word.begin, word.end - word.begin));
      const std::size_t open = skip_blanks(text, word.end);
      if (reducer == nullptr || open >= text.size() || text[open] != '(') continue;
      std::size_t close = open;
      const std::vector<std::string> arguments = split_arguments(text, close);
      const std::string name = fmt::format("result_{}", values_.size());
      values_[name] = call(*reducer, arguments);
      return text.substr(0, word.begin) + name + without_calls(text.substr(close));
    }
    return text;
  }

  // From the opening parenthesis; `at` is moved behind the closing one.
  std::vector<std::string> split_arguments(const std::string& text, std::size_t& at) const {
    std::vector<std::string> arguments(1);
    int depth = 0;
    for (; at < text.size(); ++at) {
      const char c = text[at];
      if (c == ')' && --depth == 0) {
        ++at;
        return arguments;
      }
      if (c == ',' && depth == 1)
        arguments.emplace_back();
      else if (depth > 0)
        arguments.back() += c;
      if (c == '(') ++depth;
    }
    fail("a parenthesis is not closed");
  }

  double call(const Reducer& reducer, const std::vector<std::string>& arguments) {
    if (arguments.size() < reducer.fewest || arguments.size() > reducer.most)
      fail(fmt::format("{} takes ({}), found {} arguments", reducer.name, reducer.arguments, arguments.size()));
    if (iteration_ == nullptr) fail("the run has no trajectory");
    Call made{records(arguments[0]), iteration_, {}, {}};
    for (std::size_t k = 1; k < arguments.size(); ++k)
      if (reducer.condition)
        made.condition = records(arguments[k]);
      else
        made.numbers.push_back(number(arguments[k]));
    return reducer.value(made);
  }

  void prepare(mu::Parser& parser, const std::string& text, bool with_columns) {
    places_.clear();
    for (const Word& word : words(text)) {
      if (!word.name) continue;
      const std::string name = text.substr(word.begin, word.end - word.begin);
      const std::size_t next = skip_blanks(text, word.end);
      if (next < text.size() && text[next] == '(') continue;  // a function of muParser
      if (const auto value = values_.find(name); value != values_.end()) {
        parser.DefineConst(name, value->second);
      } else if (columns_.count(name) > 0) {
        if (!with_columns)
          fail(fmt::format("'{}' is a series, and one number is needed", name), fmt::format("write last({})", name));
        places_[name] = 0;
      } else if (const auto number = run_.numbers.find(name); number != run_.numbers.end()) {
        parser.DefineConst(name, number->second);
      } else if (name != "_pi" && name != "_e") {
        unknown(name);
      }
    }
    try {
      for (auto& [name, place] : places_) parser.DefineVar(name, &place);
      parser.SetExpr(text);
    } catch (const mu::ParserError& error) {
      fail(fmt::format("'{}' cannot be read: {}", text, error.GetMsg()));
    }
  }

  [[noreturn]] void unknown(const std::string& name) const {
    std::vector<std::string> names;
    for (const auto& [column, series] : columns_) names.push_back(column);
    for (const auto& [number, value] : run_.numbers) names.push_back(number);
    const std::string near = closest(name, names);
    std::string all;
    for (const std::string& known : names) all += (all.empty() ? "" : ", ") + known;
    fail(fmt::format("nothing is called '{}'", name),
         near.empty() ? "known are " + all : fmt::format("did you mean '{}'?", near));
  }

  double run_parser(mu::Parser& parser, const std::string& text) const {
    try {
      return parser.Eval();
    } catch (const mu::ParserError& error) {
      fail(fmt::format("'{}' cannot be read: {}", text, error.GetMsg()));
    }
  }

  const std::string& whole_;
  const RunView& run_;
  std::map<std::string, Series> columns_;
  std::map<std::string, double> values_, places_;
  const Series* iteration_ = nullptr;
};

}  // namespace

double evaluate(const std::string& expression, const RunView& run) {
  return Evaluator(expression, run).number(expression);
}

std::vector<double> evaluate_records(const std::string& expression, const RunView& run) {
  return Evaluator(expression, run).records(expression);
}

std::vector<std::pair<std::string, std::string>> reducer_names() {
  std::vector<std::pair<std::string, std::string>> names;
  for (const Reducer& reducer : reducers())
    names.emplace_back(fmt::format("{}({})", reducer.name, reducer.arguments), reducer.help);
  return names;
}

std::set<std::string> names_in(const std::string& expression) {
  std::set<std::string> names;
  for (const Word& word : words(expression)) {
    const std::size_t next = skip_blanks(expression, word.end);
    if (word.name && !(next < expression.size() && expression[next] == '('))
      names.insert(expression.substr(word.begin, word.end - word.begin));
  }
  return names;
}

std::string identifier(const std::string& column) {
  std::string name;
  for (const char c : column) name += in_name(c) ? c : '_';
  return name;
}

}  // namespace rankflow::experiment
