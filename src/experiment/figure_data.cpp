// From panels to curves: one point a run over a swept key, or one curve a run over its records.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/figure_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "experiment/expression.h"
#include "rankflow/error.h"

namespace rankflow::experiment {
namespace {

struct Series {
  std::string group;     // values of the keys that make a series
  std::string quantity;  // name of the y, and values of the keys that make a dash
  std::vector<std::pair<double, double>> points;
};

// "sigma_*" stands for every column that begins so.
std::vector<std::string> expand_names(const std::string& y, const Trajectory& trajectory) {
  if (!y.ends_with("*")) return {y};
  const std::string begin = y.substr(0, y.size() - 1);
  std::vector<std::string> names;
  for (const std::string& column : trajectory.columns)
    if (column.starts_with(begin) && column.find_first_not_of("0123456789", begin.size()) == std::string::npos)
      names.push_back(identifier(column));
  return names;
}

// "sigma_12" is written as the singular value that it is.
std::string shown_name(const std::string& name) {
  if (!name.starts_with("sigma_") || name.find_first_not_of("0123456789", 6) != std::string::npos) return name;
  static constexpr const char* kDigits[] = {"₀", "₁", "₂", "₃", "₄", "₅", "₆", "₇", "₈", "₉"};
  std::string shown = "σ";
  for (const char digit : name.substr(6)) shown += kDigits[digit - '0'];
  return shown;
}

std::vector<std::string> grouping(const Panel& panel, const PlannedRun& run, const std::string& x_key) {
  if (panel.group) return *panel.group;
  std::vector<std::string> keys;
  for (const auto& [key, value] : run.varied)
    if (key != x_key) keys.push_back(key);
  return keys;
}

std::string group_name(const std::vector<std::string>& keys, const PlannedRun& run) {
  std::string name;
  for (const std::string& key : keys) {
    const std::string value = run.setting(key == "seed" ? "data.seed" : key);
    if (value.empty()) continue;
    name += (name.empty() ? "" : ", ") + (key == "engine.kind" ? value : short_key(key) + " " + value);
  }
  return name;
}

class PanelMaker {
 public:
  PanelMaker(const Panel& panel, const std::vector<PlannedRun>& plan, const std::vector<RunRecord>& records)
      : panel_(panel), plan_(plan), records_(records), swept_(full_key(panel.x)) {}

  PanelData make() {
    PanelData data;
    data.title = panel_.title;
    data.x_label = panel_.x_label;
    data.y_label = panel_.y_label;
    data.x_log = panel_.x_log;
    data.y_log = panel_.y_log;
    data.markers = panel_.markers;
    data.x_low = panel_.x_low.value_or(kNaN);
    data.x_high = panel_.x_high.value_or(kNaN);
    data.y_low = panel_.y_low.value_or(kNaN);
    data.y_high = panel_.y_high.value_or(kNaN);
    for (std::size_t k = 0; k < plan_.size(); ++k)
      if (records_[k].usable() && matches(plan_[k], panel_.selection)) add_run(plan_[k], records_[k]);
    finish(data);
    return data;
  }

 private:
  Series& series_of(const std::string& group, const std::string& quantity) {
    for (Series& series : series_)
      if (series.group == group && series.quantity == quantity) return series;
    series_.push_back({group, quantity, {}});
    return series_.back();
  }

  std::string quantity_name(std::size_t y, const std::string& name) const {
    if (panel_.y.size() == 1 && !panel_.y[0].ends_with("*")) return "";
    return panel_.names.empty() || panel_.y[y].ends_with("*") ? shown_name(name) : panel_.names[y];
  }

  void add_run(const PlannedRun& run, const RunRecord& record) {
    const RunView view{&record.outcome.trajectory, run_numbers(run, record)};
    const std::string group = group_name(grouping(panel_, run, swept_), run), dash = group_name(panel_.dash, run);
    for (std::size_t y = 0; y < panel_.y.size(); ++y)
      for (const std::string& name : expand_names(panel_.y[y], record.outcome.trajectory)) {
        std::string quantity = quantity_name(y, name);
        quantity += (quantity.empty() || dash.empty() ? "" : ", ") + dash;
        if (swept_.empty())
          add_records(view, group, quantity, name);
        else
          add_point(run, view, group, quantity, name);
      }
  }

  void add_point(const PlannedRun& run, const RunView& view, const std::string& group, const std::string& quantity,
                 const std::string& expression) {
    const std::string x = run.setting(swept_);
    // A run that the swept key does not apply to (the nuclear norm at no depth) is a line across the panel.
    series_of(group, quantity)
        .points.emplace_back(x.empty() ? kNaN : std::strtod(x.c_str(), nullptr), evaluate(expression, view));
  }

  // Runs of one group are curves of their own.
  void add_records(const RunView& view, const std::string& group, const std::string& quantity,
                   const std::string& expression) {
    const std::vector<double> xs = evaluate_records(panel_.x, view), ys = evaluate_records(expression, view);
    Series series{group, quantity, {}};
    for (std::size_t k = 0; k < xs.size(); ++k) series.points.emplace_back(xs[k], ys[k]);
    series_.push_back(std::move(series));
  }

  static Curve swept_curve(const Series& series) {
    std::map<double, std::vector<double>> at;
    Curve curve;
    std::vector<double> constant;
    for (const auto& [x, y] : series.points) std::isnan(x) ? constant.push_back(y) : at[x].push_back(y);
    curve.constant = at.empty();
    if (curve.constant) at[0] = constant;
    bool several = false;
    for (const auto& [x, ys] : at) several = several || ys.size() > 1;
    for (const auto& [x, ys] : at) {
      double sum = 0;
      for (const double y : ys) sum += y;
      curve.x.push_back(x);
      curve.y.push_back(sum / static_cast<double>(ys.size()));
      if (!several) continue;
      curve.low.push_back(*std::min_element(ys.begin(), ys.end()));
      curve.high.push_back(*std::max_element(ys.begin(), ys.end()));
    }
    return curve;
  }

  void finish(PanelData& data) const {
    std::vector<std::string> groups, quantities;
    const auto position = [](std::vector<std::string>& list, const std::string& word) {
      const auto found = std::find(list.begin(), list.end(), word);
      if (found == list.end()) list.push_back(word);
      return static_cast<int>(found - list.begin());
    };
    for (const Series& series : series_) position(groups, series.group), position(quantities, series.quantity);
    const bool color_by_group = groups.size() > 1 || quantities.size() == 1;
    for (const Series& series : series_) {
      Curve curve;
      if (swept_.empty()) {
        for (const auto& [x, y] : series.points) curve.x.push_back(x), curve.y.push_back(y);
      } else {
        curve = swept_curve(series);
      }
      const int group = position(groups, series.group), quantity = position(quantities, series.quantity);
      curve.color = color_by_group ? group : quantity;
      curve.dash = color_by_group ? quantity : group;
      data.colors = std::max(data.colors, curve.color + 1);
      curve.name = series.group + (series.group.empty() || series.quantity.empty() ? "" : ": ") + series.quantity;
      data.curves.push_back(std::move(curve));
    }
  }

  const Panel& panel_;
  const std::vector<PlannedRun>& plan_;
  const std::vector<RunRecord>& records_;
  std::string swept_;  // dotted key; empty if x is an expression over records
  std::vector<Series> series_;
};

}  // namespace

std::vector<FigureData> make_figures(const Study& study, const std::vector<PlannedRun>& plan,
                                     const std::vector<RunRecord>& records) {
  std::vector<FigureData> figures;
  for (const Figure& figure : study.figures) {
    FigureData data{figure.name, figure.title, figure.caption, {}};
    for (const Panel& panel : figure.panels) {
      try {
        PanelData made = PanelMaker(panel, plan, records).make();
        if (!made.curves.empty()) data.panels.push_back(std::move(made));
      } catch (const OptionError& error) {
        throw InputError(panel.place.text(), error.what());
      }
    }
    if (!data.panels.empty()) figures.push_back(std::move(data));
  }
  return figures;
}

std::string figure_csv(const FigureData& figure) {
  const auto quoted = [](const std::string& text) {
    std::string safe = "\"";
    for (const char c : text) safe += c == '"' ? std::string("\"\"") : std::string(1, c);
    return safe + "\"";
  };
  std::string csv = "panel,curve,x,y,low,high\n";
  for (const PanelData& panel : figure.panels)
    for (const Curve& curve : panel.curves)
      for (std::size_t k = 0; k < curve.x.size(); ++k) {
        const auto cell = [k](const std::vector<double>& values) {
          return k < values.size() && !std::isnan(values[k]) ? fmt::format("{}", values[k]) : std::string();
        };
        csv += fmt::format("{},{},{},{},{},{}\n", quoted(panel.title), quoted(curve.name),
                           curve.constant ? "" : cell(curve.x), cell(curve.y), cell(curve.low), cell(curve.high));
      }
  return csv;
}

}  // namespace rankflow::experiment
