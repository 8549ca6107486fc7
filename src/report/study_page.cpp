// A study as a page: claims, figures, runs, settings, and how to repeat it.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "report/decimate.h"
#include "report/html.h"
#include "report/json_data.h"
#include "report/resource.h"
#include "report/sections.h"
#include "report/study_report.h"

namespace rankflow {
namespace {

using experiment::ClaimResult;
using experiment::Curve;
using experiment::FigureData;
using experiment::PanelData;
using experiment::SummaryTable;
using experiment::Verdict;
using report::escape;
using report::Json;
using report::Section;

constexpr std::array kScripts = {"numbers.js", "colors.js",      "charts.js", "tables.js",
                                 "study.js",   "study_parts.js", "main.js"};
constexpr Index kMostPoints = 400;               // of a curve
constexpr std::size_t kMostPagePoints = 60'000;  // of all curves: 400 as long as there are few
constexpr std::size_t kMostRows = 400;

std::string chart_id(std::size_t figure, std::size_t panel) {
  return fmt::format("f{}p{}", figure, panel);
}

std::string paragraph(const std::string& text, const char* style = "") {
  return text.empty() ? ""
                      : fmt::format("<p{}>{}</p>\n", *style ? fmt::format(" class=\"{}\"", style) : "", escape(text));
}

std::string table_html(const SummaryTable& table, const std::string& label) {
  std::string html = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table class=\"sortable\"><thead><tr>",
      label);
  for (std::size_t k = 0; k < table.head.size(); ++k)
    html += fmt::format("<th scope=\"col\"{}><button type=\"button\">{}</button></th>",
                        k < table.words ? "" : " class=\"number\"", escape(table.head[k]));
  html += "</tr></thead><tbody>\n";
  for (std::size_t r = 0; r < std::min(table.rows.size(), kMostRows); ++r) {
    html += "<tr>";
    for (std::size_t k = 0; k < table.rows[r].size(); ++k) {
      const std::string& cell = table.rows[r][k];
      if (k < table.words)
        html += fmt::format("<td>{}</td>", escape(cell));
      else
        html += fmt::format("<td class=\"number\" data-sort=\"{}\">{}</td>", escape(cell), escape(cell));
    }
    html += "</tr>\n";
  }
  html += "</tbody></table></div>";
  if (table.rows.size() > kMostRows)
    html += fmt::format("<p class=\"aside\">The first {} of {} lines; all are in summary.csv.</p>", kMostRows,
                        table.rows.size());
  return html;
}

Section claims_section(const StudyReport& input) {
  Section section{"claims", "Claims", ""};
  if (input.claims.empty()) return section;
  section.body =
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Claims\"><table class=\"claims\"><thead><tr>"
      "<th scope=\"col\">Result</th><th scope=\"col\">Claim</th><th scope=\"col\">Expected</th>"
      "<th scope=\"col\">Seen</th></tr></thead><tbody>\n";
  for (const ClaimResult& claim : input.claims) {
    const char* mark = claim.verdict == Verdict::pass   ? "✓ pass"
                       : claim.verdict == Verdict::fail ? "✗ fail"
                                                        : "– skipped";
    section.body += fmt::format("<tr class=\"{}\"><td>{}</td><th scope=\"row\">{}</th><td>{}</td><td>{}{}</td></tr>\n",
                                experiment::name(claim.verdict), mark, escape(claim.text), escape(claim.expected),
                                escape(claim.seen),
                                claim.why.empty() ? "" : "<span class=\"why\">" + escape(claim.why) + "</span>");
  }
  section.body += "</tbody></table></div>";
  return section;
}

Section figures_section(const StudyReport& input) {
  Section section{"figures", "Figures", ""};
  for (std::size_t f = 0; f < input.figures.size(); ++f) {
    const FigureData& figure = input.figures[f];
    section.body +=
        fmt::format("<h3 class=\"figure-title\">{}</h3>\n", escape(figure.title)) + paragraph(figure.caption);
    section.body += "<div class=\"charts\">";
    for (std::size_t p = 0; p < figure.panels.size(); ++p) {
      const PanelData& panel = figure.panels[p];
      section.body += report::chart(chart_id(f, p), panel.title.empty() ? panel.y_label : panel.title, "");
    }
    section.body += fmt::format(
        "</div>\n<p class=\"aside\">For a paper: <a href=\"figures/{0}.svg\">figures/{0}.svg</a>; "
        "its numbers: <a href=\"figures/{0}.csv\">figures/{0}.csv</a>.</p>\n",
        escape(figure.name));
  }
  return section;
}

Section runs_section(const StudyReport& input) {
  Section section{"runs", "Runs", ""};
  if (!input.groups.rows.empty())
    section.body += "<p>Mean and standard deviation over runs that differ in their seeds alone.</p>" +
                    table_html(input.groups, "Groups of runs") + "<h3 class=\"figure-title\">Every run</h3>";
  section.body += table_html(input.runs, "Runs");
  return section;
}

// Settings that all runs share; those that vary are columns of the table of runs.
Section settings_section(const StudyReport& input) {
  std::map<std::string, std::set<std::string>> values;
  std::vector<std::string> order;
  for (const experiment::PlannedRun& run : *input.plan)
    for (const auto& [key, value] : run.settings)
      if (values[key].insert(value).second && values[key].size() == 1) order.push_back(key);
  Section section{"settings", "Settings", ""};
  section.body =
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Settings\"><table "
      "class=\"settings\"><thead><tr>"
      "<th scope=\"col\">Key</th><th scope=\"col\">Value</th></tr></thead><tbody>\n";
  for (const std::string& key : order) {
    std::string text;
    for (const std::string& value : values[key]) text += (text.empty() ? "" : " | ") + value;
    section.body += fmt::format("<tr{}><th scope=\"row\"><code>{}</code></th><td><code>{}</code></td></tr>\n",
                                values[key].size() > 1 ? " class=\"differs\"" : "", key, escape(text));
  }
  section.body += "</tbody></table></div>";
  return section;
}

Section choices_section(const StudyReport& input) {
  Section section{"choices", "What the source leaves open", ""};
  if (input.study->choices.empty()) return section;
  section.body = "<div class=\"assumptions\"><ul>";
  for (const std::string& choice : input.study->choices) section.body += "<li>" + escape(choice) + "</li>";
  section.body += "</ul></div>";
  return section;
}

Json curve_data(const Curve& curve, Index budget) {
  std::vector<double> x, y, low, high;
  for (const Index k : report::decimate({curve.y, curve.x}, budget)) {
    const auto i = static_cast<std::size_t>(k);
    x.push_back(curve.x[i]);
    y.push_back(curve.y[i]);
    if (curve.low.empty()) continue;
    low.push_back(curve.low[i]);
    high.push_back(curve.high[i]);
  }
  Json data = {{"name", curve.name},
               {"color", curve.color},
               {"dash", curve.dash},
               {"x", report::numbers(x)},
               {"y", report::numbers(y)}};
  if (!low.empty()) data["low"] = report::numbers(low), data["high"] = report::numbers(high);
  if (curve.constant) data["constant"] = true;
  return data;
}

Json page_data(const StudyReport& input) {
  std::size_t curves = 1;
  for (const FigureData& figure : input.figures)
    for (const PanelData& panel : figure.panels) curves += panel.curves.size();
  const Index budget = std::clamp<Index>(static_cast<Index>(kMostPagePoints / curves), 60, kMostPoints);
  Json panels = Json::array();
  for (std::size_t f = 0; f < input.figures.size(); ++f)
    for (std::size_t p = 0; p < input.figures[f].panels.size(); ++p) {
      const PanelData& panel = input.figures[f].panels[p];
      Json data = {{"id", chart_id(f, p)},
                   {"x_label", panel.x_label},
                   {"y_label", panel.y_label},
                   {"x_log", panel.x_log},
                   {"y_log", panel.y_log},
                   {"markers", panel.markers},
                   {"x_low", report::number(panel.x_low)},
                   {"x_high", report::number(panel.x_high)},
                   {"y_low", report::number(panel.y_low)},
                   {"y_high", report::number(panel.y_high)}};
      data["colors"] = panel.colors;
      data["curves"] = Json::array();
      for (const Curve& curve : panel.curves) data["curves"].push_back(curve_data(curve, budget));
      panels.push_back(std::move(data));
    }
  return {{"panels", std::move(panels)}};
}

std::string summary_line(const StudyReport& input) {
  std::size_t passed = 0, failed = 0, skipped = 0;
  for (const ClaimResult& claim : input.claims)
    ++(claim.verdict == Verdict::pass ? passed : claim.verdict == Verdict::fail ? failed : skipped);
  std::string text = input.study->about;
  if (!input.claims.empty())
    text += fmt::format("{}{} of {} claims hold{}{}.", text.empty() ? "" : " ", passed, input.claims.size(),
                        failed > 0 ? fmt::format(", {} fail", failed) : "",
                        skipped > 0 ? fmt::format(", {} were skipped", skipped) : "");
  if (input.study->quick) text += " This is the quick variant.";
  if (input.study->paper_length) text += " This is the variant of the source's length.";
  return text;
}

}  // namespace

std::string render_study_report(const StudyReport& input) {
  ReportInput record;
  record.command = input.command;
  record.facts = {{"study", input.name}, {"runs", std::to_string(input.plan->size())}, {"version", RANKFLOW_VERSION}};
  const Section sections[] = {claims_section(input),  figures_section(input),  runs_section(input),
                              choices_section(input), settings_section(input), report::record_section(record)};
  std::string navigation, body, scripts;
  for (const Section& section : sections) {
    if (section.body.empty()) continue;
    navigation += "<li><a href=\"#" + section.id + "\">" + section.title + "</a></li>";
    body += "<section id=\"" + section.id + "\">\n<h2>" + section.title + "</h2>\n" + section.body + "</section>\n";
  }
  for (const char* name : kScripts) scripts += report::resource(name);
  const std::string style = std::string(report::resource("page.css")) + std::string(report::resource("study.css"));
  return report::fill(report::resource("page.html"), {{"title", escape(input.study->title)},
                                                      {"source", paragraph(input.study->source, "source")},
                                                      {"summary", paragraph(summary_line(input), "summary")},
                                                      {"navigation", navigation},
                                                      {"sections", body},
                                                      {"version", RANKFLOW_VERSION},
                                                      {"style", style},
                                                      {"theme", std::string(report::resource("theme.js"))},
                                                      {"data", report::script_safe(page_data(input))},
                                                      {"library", std::string(report::resource("chart-library.js"))},
                                                      {"scripts", scripts}});
}

}  // namespace rankflow
