// Every expression is evaluated on records of ones that have the columns and numbers of the run that it is about.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/name_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "experiment/expression.h"
#include "experiment/images/image_run.h"
#include "experiment/matrix_source.h"
#include "experiment/run_record.h"
#include "experiment/tensor/tensor_data.h"
#include "experiment/tensor/tensor_run.h"
#include "rankflow/error.h"
#include "rankflow/instrument.h"

namespace rankflow::experiment {
namespace {

constexpr int kNamedValues = 12;  // truth_sigma_1 and so on

// What a run will have recorded, by name; every value is 1.
struct Sample {
  Trajectory trajectory{{"iteration", "time", "loss"}, {}};
  std::map<std::string, double> numbers;

  RunView view() const { return {&trajectory, numbers}; }
  std::set<std::string> names() const {
    std::set<std::string> all;
    for (const std::string& column : trajectory.columns) all.insert(identifier(column));
    for (const auto& [name, value] : numbers) all.insert(name);
    return all;
  }
};

class Samples {
 public:
  explicit Samples(const Study& study) : study_(study) {}

  const Sample& of(const PlannedRun& run) {
    std::string key;
    for (const auto& [name, value] : run.settings)
      if (name == "engine.instruments" || name == "engine.kind" || name.starts_with("data.") || name == "model.kind" ||
          name == "model.tree")
        key += value + "\n";
    key += run.config.data.path;
    if (const auto found = known_.find(key); found != known_.end()) return found->second;
    Sample sample;
    const auto add = [&sample](const std::string& name) { sample.numbers[name] = 1; };
    for (const char* name : {"iterations", "seconds", "count"}) add(name);
    for (const auto& [name, value] : run_numbers(run, {})) add(name);
    if (is_tensor(run.config)) {
      for (const std::string& name : tensor_data_numbers(run.config.data)) add(name);
      for (const std::string& name : tensor_run_numbers(run.config)) add(name);
      add_tensor_columns(run, sample.trajectory);
      return known_[key] = std::move(sample);
    }
    for (const char* name : {"rows", "columns"}) add(name);
    if (run.config.engine.kind == EngineKind::nuclear_norm)
      for (const char* name : {"norm", "dual_bound", "violation"}) add(name);
    if (run.config.engine.kind == EngineKind::greedy) add("columns_added");
    if (run.config.data.kind == DataKind::images)
      for (const std::string& name : image_run_numbers()) add(name);
    if (run.config.data.kind != DataKind::corner && run.config.data.kind != DataKind::images) {
      for (const char* name : {"truth_nuclear_norm", "truth_frobenius_norm", "truth_effective_rank"}) add(name);
      for (int k = 1; k <= kNamedValues; ++k) add(fmt::format("truth_sigma_{}", k));
    }
    add_columns(run, sample.trajectory);
    return known_[key] = std::move(sample);
  }

 private:
  void add_tensor_columns(const PlannedRun& run, Trajectory& trajectory) const {
    try {
      trajectory.columns = tensor_columns(run.config);
    } catch (const OptionError& error) {
      throw InputError(study_.path, std::string("engine.instruments: ") + error.what());
    }
    trajectory.rows.assign(2, std::vector<double>(trajectory.columns.size(), 1.0));
  }

  // Instruments are made for a reference of the right size; what is in it does not matter for their names.
  void add_columns(const PlannedRun& run, Trajectory& trajectory) const {
    const DataOptions& data = run.config.data;
    Index rows = data.rows, columns = data.columns;
    if (data.kind == DataKind::images) {
      trajectory.columns = image_run_columns();
      trajectory.rows.assign(2, std::vector<double>(trajectory.columns.size(), 1.0));
      return;
    }
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
          trajectory.columns.push_back(column);
      } catch (const OptionError& error) {
        throw InputError(study_.path, std::string("engine.instruments: ") + error.what());
      }
    }
    trajectory.rows.assign(2, std::vector<double>(trajectory.columns.size(), 1.0));
  }

  const Study& study_;
  std::map<std::string, Sample> known_;
};

enum class Shape { number, records };

void check_expression(const std::string& expression, Shape shape, const PlannedRun& run, const Sample& sample,
                      const Place& place) {
  if (expression.empty()) return;
  const std::set<std::string> known = sample.names();
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
  try {
    if (shape == Shape::number)
      evaluate(expression, sample.view());
    else
      evaluate_records(expression, sample.view());
  } catch (const OptionError& error) {
    throw InputError(place.text(), error.what());
  }
}

void check_claim_expressions(const Claim& claim, const std::vector<PlannedRun>& plan, Samples& samples) {
  for (const PlannedRun& run : plan) {
    if (matches(run, claim.selection)) {
      const Sample& sample = samples.of(run);
      check_expression(claim.quantity, Shape::number, run, sample, claim.place);
      check_expression(claim.every, Shape::records, run, sample, claim.place);
      check_expression(claim.when, Shape::records, run, sample, claim.place);
    }
    if (claim.over && matches(run, claim.over->selection))
      check_expression(claim.over->quantity, Shape::number, run, samples.of(run), claim.place);
  }
}

void check_panel_expressions(const Panel& panel, const std::vector<PlannedRun>& plan, Samples& samples) {
  const bool swept = !full_key(panel.x).empty();
  for (const PlannedRun& run : plan) {
    if (!matches(run, panel.selection)) continue;
    const Sample& sample = samples.of(run);
    if (!swept) check_expression(panel.x, Shape::records, run, sample, panel.place);
    for (const std::string& y : panel.y)
      check_expression(y, swept ? Shape::number : Shape::records, run, sample, panel.place);
  }
}

// The other variants and options of the command line may take runs away that the file's selections name.
void check_selects(const Study& study, const Selection& selection, const std::vector<PlannedRun>& plan,
                   const Place& place) {
  if (study.quick || study.paper_length || study.overridden || selection.where.empty()) return;
  if (std::none_of(plan.begin(), plan.end(), [&](const PlannedRun& run) { return matches(run, selection); }))
    complain(place, "'where' selects none of the study's runs", "rankflow run FILE shows them in summary.txt");
}

}  // namespace

void check_names(const Study& study, const std::vector<PlannedRun>& plan) {
  Samples samples(study);
  for (const Claim& claim : study.claims) {
    check_selects(study, claim.selection, plan, claim.place);
    if (claim.over) check_selects(study, claim.over->selection, plan, claim.place);
    check_claim_expressions(claim, plan, samples);
  }
  for (const Figure& figure : study.figures)
    for (const Panel& panel : figure.panels) {
      check_selects(study, panel.selection, plan, panel.place);
      check_panel_expressions(panel, plan, samples);
    }
}

}  // namespace rankflow::experiment
