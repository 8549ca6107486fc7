// The table of options, what they belong to, and where that is.
// SPDX-License-Identifier: Apache-2.0
#include "cli/option_scope.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "rankflow/error.h"

namespace rankflow::cli {
namespace {

template <class Scope>
struct Rule {
  std::vector<const char*> options;
  bool (*used)(const Scope&);
  const char* belongs;  // the end of "--depth ..."
  const char* hint;
};

// Options of gradient descent that tables and arrays share.
const std::vector<const char*> kOfDescent = {"--optimizer",  "--step-size", "--adaptive",       "--momentum",
                                             "--beta",       "--epsilon",   "--loss-tolerance", "--patience",
                                             "--test-every", "--scale"};
const std::vector<const char*> kOfStart = {"--initialization", "--scale-of", "--perturbation"};
const std::vector<const char*> kOfPosterior = {"--width",  "--features",   "--sweeps", "--burn-in",
                                               "--effort", "--line-noise", "--keep"};

bool of_descent(const ArrayScope& scope) {
  return scope.engine == ArrayEngine::gd;
}

bool of_matrix(const ArrayScope& scope) {
  return scope.model == ArrayModel::matrix && !of_descent(scope);
}

bool never(const ArrayScope&) {
  return false;
}

const std::vector<Rule<ArrayScope>>& array_rules() {
  static const std::vector<Rule<ArrayScope>> list = {
      {{"--center", "--standardize", "--scalar", "--clip"}, never, "is for tables, and this is an array", ""},
      {kOfPosterior, never, "belongs to --engine posterior, which learns tables, and this is an array", ""},
      {{"--match", "--penalty", "--path-length", "--path-ratio", "--path-patience", "--relative-gap"},
       never,
       "belongs to the engines nuclear and soft-impute, which learn tables, and this is an array",
       ""},
      {kOfStart, never, "belongs to gradient descent on tables, and this is an array",
       "for arrays --engine gd has --scale"},
      {kOfDescent, of_descent, "belongs to --engine gd", "add --engine gd, or leave it out"},
      {{"--depth", "--motion", "--stop-at-rank", "--tolerance"},
       of_matrix,
       "belongs to the flow, and of the models of arrays --model matrix alone follows it",
       "add --model matrix, or leave it out"},
      {{"--strategy", "--thorough"},
       [](const ArrayScope& scope) { return of_matrix(scope) && scope.motion == Motion::fast; },
       "belongs to the fast motion of --model matrix",
       "leave it out"},
      {{"--weight-decay", "--alpha", "--max-time", "--path-tolerance"},
       [](const ArrayScope& scope) { return of_matrix(scope) && scope.motion == Motion::faithful; },
       "belongs to --model matrix --motion faithful",
       "leave it out"},
      {{"--max-iterations"},
       [](const ArrayScope& scope) { return of_descent(scope) || of_matrix(scope); },
       "belongs to --engine gd and to --model matrix",
       "--time-limit ends any of them"},
      {{"--max-rank"},
       [](const ArrayScope& scope) {
         if (scope.model == ArrayModel::overlap) return false;
         return of_descent(scope) || scope.loss != TensorPenalty::squared || scope.model != ArrayModel::automatic;
       },
       "limits --model cp, tree and matrix; under the squared loss overlap and auto have no limit of the rank",
       "name the model"},
      {{"--delta"},
       [](const ArrayScope& scope) { return scope.loss == TensorPenalty::huber; },
       "belongs to --loss huber",
       ""},
      {{"--ranked-modes"},
       [](const ArrayScope& scope) { return scope.facts; },
       "belongs to facts: --loss logistic --absent zero",
       ""},
      {{"--held-out"},
       [](const ArrayScope& scope) { return !scope.test; },
       "is the share that is drawn to judge, and --test names what judges",
       "leave one of them out"},
      {{"--validation"},
       [](const ArrayScope& scope) { return !scope.valid; },
       "is the share that is drawn to choose, and --valid names what chooses",
       "leave one of them out"},
  };
  return list;
}

bool of_table_descent(const TableScope& scope) {
  return scope.engine == Engine::gd;
}

// Engine auto follows the flow too.
bool of_flow(const TableScope& scope) {
  return scope.engine == Engine::automatic || scope.engine == Engine::flow;
}

const std::vector<Rule<TableScope>>& table_rules() {
  static const std::vector<Rule<TableScope>> list = {
      {kOfPosterior,
       [](const TableScope& scope) { return scope.engine == Engine::automatic || scope.engine == Engine::posterior; },
       "belongs to --engine posterior", "leave it out, or the engine"},
      {kOfDescent, of_table_descent, "belongs to --engine gd", "add --engine gd, or leave it out"},
      {kOfStart, of_table_descent, "belongs to --engine gd", "add --engine gd, or leave it out"},
      {{"--match"},
       [](const TableScope& scope) { return scope.engine == Engine::nuclear; },
       "belongs to --engine nuclear",
       ""},
      {{"--penalty", "--path-length", "--path-ratio", "--path-patience"},
       [](const TableScope& scope) { return scope.engine == Engine::soft_impute; },
       "belongs to --engine soft-impute",
       ""},
      {{"--relative-gap"},
       [](const TableScope& scope) { return scope.engine == Engine::nuclear || scope.engine == Engine::soft_impute; },
       "belongs to the engines nuclear and soft-impute",
       ""},
      {{"--depth", "--stop-at-rank"},
       [](const TableScope& scope) { return of_flow(scope) || of_table_descent(scope); },
       "belongs to the engines flow and gd, which have a depth",
       "leave it out, or the engine"},
      {{"--motion", "--tolerance"}, of_flow, "belongs to --engine flow", "leave it out, or the engine"},
      {{"--strategy", "--thorough"},
       [](const TableScope& scope) { return of_flow(scope) && scope.motion == Motion::fast; },
       "belongs to the fast motion of --engine flow",
       "leave it out"},
      {{"--alpha", "--max-time", "--path-tolerance"},
       [](const TableScope& scope) { return of_flow(scope) && scope.motion == Motion::faithful; },
       "belongs to the faithful motion of --engine flow",
       "add --motion faithful, or leave it out"},
      {{"--max-iterations"},
       [](const TableScope& scope) { return scope.engine != Engine::posterior; },
       "does not end --engine posterior, which makes draws",
       "--sweeps is their number, --time-limit ends any engine"},
  };
  return list;
}

// How often it was named; 0 where the verb does not have it.
std::size_t named(const CLI::App& verb, const char* option) {
  const CLI::Option* found = verb.get_option_no_throw(option);
  return found == nullptr ? 0 : found->count();
}

// A flag is shown with both its names.
std::string shown(const CLI::App& verb, const char* option) {
  const std::string name = option;
  return verb.get_option(name)->get_items_expected_max() > 0 ? name : name + " (--no-" + name.substr(2) + ")";
}

template <class Scope>
void refuse(const CLI::App& verb, const Scope& scope, const std::vector<Rule<Scope>>& rules) {
  for (const Rule<Scope>& rule : rules)
    for (const char* option : rule.options)
      if (!rule.used(scope) && named(verb, option) > 0)
        throw OptionError(fmt::format("{} {}", shown(verb, option), rule.belongs), rule.hint);
}

}  // namespace

void refuse_unused(const CLI::App& verb, const ArrayScope& scope) {
  refuse(verb, scope, array_rules());
}

void refuse_unused(const CLI::App& verb, const TableScope& scope) {
  refuse(verb, scope, table_rules());
}

void refuse_array_options(const CLI::App& verb) {
  for (const char* option : {"--loss", "--delta", "--ranked-modes", "--tree", "--test", "--valid", "--absent"})
    if (named(verb, option) > 0)
      throw OptionError(fmt::format("{} is for arrays of order 3 and more, and this is a table", option),
                        "--columns names the columns of the modes and of the values of a list of cells");
}

}  // namespace rankflow::cli
