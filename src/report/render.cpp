// How does a report become one self-contained page?
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string>

#include "data/output_file.h"
#include "rankflow/report.h"
#include "report/html.h"
#include "report/json_data.h"
#include "report/resource.h"
#include "report/sections.h"

namespace rankflow {
namespace {

using report::Json;
using report::Section;

// In this order: later files use the names of earlier ones.
constexpr std::array kScripts = {"numbers.js", "colors.js",           "charts.js", "history.js",
                                 "quality.js", "spectrum.js",         "panels.js", "maps.js",
                                 "tables.js",  "completion_parts.js", "main.js"};

Json page_data(const ReportInput& input) {
  Json data = Json::object();
  if (!input.history.empty()) data["history"] = report::history_data(input.history, input.stops);
  if (input.held_out)
    if (Json held_out = report::held_out_data(*input.held_out); !held_out.is_null()) data["held_out"] = held_out;
  if (input.spectrum && !input.spectrum->singular_values.empty())
    data["spectrum"] = {{"values", report::numbers(input.spectrum->singular_values)}, {"rank", input.spectrum->rank}};
  if (input.calibration && !input.calibration->nominal.empty()) {
    data["calibration"]["nominal"] = report::numbers(input.calibration->nominal);
    if (!input.calibration->validation.empty())
      data["calibration"]["validation"] = report::numbers(input.calibration->validation);
    if (!input.calibration->held_out.empty())
      data["calibration"]["held_out"] = report::numbers(input.calibration->held_out);
  }
  if (!input.shown_engine.empty()) data["shown"] = input.shown_engine;
  if (input.sizes_word != ReportInput{}.sizes_word) data["sizes_word"] = input.sizes_word;
  for (const ReportMap& map : input.maps)
    if (Json pixels = report::map_data(map); !pixels.is_null()) data["maps"].push_back(pixels);
  for (const ReportPanel& panel : input.panels) data["panels"].push_back(report::panel_data(panel));
  return data;
}

}  // namespace

std::string render_report(const ReportInput& input) {
  const Json data = page_data(input);
  const Section sections[] = {report::figures_section(input),    report::notes_section(input),
                              report::quality_section(data),     report::map_section(data),
                              report::columns_section(input),    report::surprises_section(input),
                              report::spectrum_section(data),    report::panels_section(data),
                              report::candidates_section(input), report::history_section(data, input),
                              report::record_section(input)};
  std::string navigation, body, scripts;
  for (const Section& section : sections) {
    if (section.body.empty()) continue;
    navigation += "<li><a href=\"#" + section.id + "\">" + section.title + "</a></li>";
    body += "<section id=\"" + section.id + "\">\n<h2>" + section.title + "</h2>\n" + section.body + "</section>\n";
  }
  for (const char* name : kScripts) scripts += report::resource(name);

  const std::string title = !input.title.empty() ? input.title : !input.source.empty() ? input.source : "Report";
  const std::string source = input.source.empty() ? "" : "<p class=\"source\">" + report::escape(input.source) + "</p>";
  const std::string summary =
      input.summary.empty() ? "" : "<p class=\"summary\">" + report::escape(input.summary) + "</p>";
  return report::fill(report::resource("page.html"), {{"title", report::escape(title)},
                                                      {"source", source},
                                                      {"summary", summary},
                                                      {"navigation", navigation},
                                                      {"sections", body},
                                                      {"version", RANKFLOW_VERSION},
                                                      {"style", std::string(report::resource("page.css"))},
                                                      {"theme", std::string(report::resource("theme.js"))},
                                                      {"data", report::script_safe(data)},
                                                      {"library", std::string(report::resource("chart-library.js"))},
                                                      {"scripts", scripts}});
}

void write_report(const std::string& path, const ReportInput& input) {
  write_file(path, render_report(input));
}

}  // namespace rankflow
