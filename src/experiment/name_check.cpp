// Names in expressions against the columns and numbers of the runs that they are about.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/name_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "experiment/expression.h"
#include "experiment/matrix_source.h"
#include "experiment/run_record.h"
#include "rankflow/error.h"
#include "rankflow/instrument.h"

namespace rankflow::experiment {
namespace {

constexpr int kNamedValues = 12;  // truth_sigma_1 and so on

class Names {
 public:
  explicit Names(const Study& study) : study_(study) {}

  // What a run will have: columns as identifiers, and numbers.
  const std::set<std::string>& of(const PlannedRun& run) {
    std::string key;
    for (const auto& [name, value] : run.settings)
      if (name == "engine.instruments" || name == "engine.kind" || name.starts_with("data.")) key += value + "\n";
    key += run.config.data.path;
    if (const auto found = known_.find(key); found != known_.end()) return found->second;
    std::set<std::string> names = {"iteration", "time", "loss", "iterations", "seconds", "count", "rows", "columns"};
    for (const auto& [name, value] : run_numbers(run, {})) names.insert(name);
    add_columns(run, names);
    if (run.config.engine.kind == EngineKind::nuclear_norm) names.insert({"norm", "dual_bound", "violation"});
    if (run.config.engine.kind == EngineKind::greedy) names.insert("columns_added");
    if (run.config.data.kind != DataKind::corner) {
      names.insert({"truth_nuclear_norm", "truth_frobenius_norm", "truth_effective_rank"});
      for (int k = 1; k <= kNamedValues; ++k) names.insert(fmt::format("truth_sigma_{}", k));
    }
    return known_[key] = std::move(names);
  }

 private:
  // Instruments are made for a reference of the right size; what is in it does not matter for their names.
  void add_columns(const PlannedRun& run, std::set<std::string>& names) const {
    const DataOptions& data = run.config.data;
    Index rows = data.rows, columns = data.columns;
    if (data.kind == DataKind::file) {
      const MatrixSource source = read_matrix(data);
      rows = source.rows;
      columns = source.columns;
    }
    Reference reference;
    reference.truth = Matrix::Ones(rows, columns);
    reference.observed = {{0, 0}};
    reference.train.row = reference.train.column = {0};
    reference.train.value = {0};
    reference.test = reference.train;
    std::istringstream specs(run.config.engine.instruments);
    for (std::string spec; specs >> spec;) {
      try {
        for (const std::string& column : make_instrument(spec, rows, columns, reference).columns)
          names.insert(identifier(column));
      } catch (const OptionError& error) {
        throw InputError(study_.path, std::string("engine.instruments: ") + error.what());
      }
    }
  }

  const Study& study_;
  std::map<std::string, std::set<std::string>> known_;
};

void check_expression(const std::string& expression, const PlannedRun& run, const std::set<std::string>& known,
                      const Place& place) {
  if (expression.ends_with("*")) {
    const std::string begin = expression.substr(0, expression.size() - 1);
    if (std::any_of(known.begin(), known.end(), [&](const std::string& name) { return name.starts_with(begin); }))
      return;
    complain(place, fmt::format("no column of the run '{}' begins with '{}'", run.label, begin));
  }
  for (const std::string& name : names_in(expression)) {
    if (known.count(name) > 0 || name == "_pi" || name == "_e") continue;
    const std::string near = closest(name, {known.begin(), known.end()});
    complain(place, fmt::format("'{}' in '{}': the run '{}' has no such column or number", name, expression, run.label),
             near.empty() ? "engine.instruments says what is recorded" : fmt::format("did you mean '{}'?", near));
  }
}

}  // namespace

void check_names(const Study& study, const std::vector<PlannedRun>& plan) {
  Names names(study);
  for (const PlannedRun& run : plan) {
    const std::set<std::string>& known = names.of(run);
    for (const Claim& claim : study.claims) {
      if (matches(run, claim.selection))
        for (const std::string& expression : {claim.quantity, claim.every, claim.when})
          check_expression(expression, run, known, claim.place);
      if (claim.over && matches(run, claim.over->selection))
        check_expression(claim.over->quantity, run, known, claim.place);
    }
    for (const Figure& figure : study.figures)
      for (const Panel& panel : figure.panels) {
        if (!matches(run, panel.selection)) continue;
        if (full_key(panel.x).empty()) check_expression(panel.x, run, known, panel.place);
        for (const std::string& y : panel.y) check_expression(y, run, known, panel.place);
      }
  }
}

}  // namespace rankflow::experiment
