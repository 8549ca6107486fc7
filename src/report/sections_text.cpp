// What is the HTML of the parts made of words and tables?
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "report/html.h"
#include "report/sections.h"

namespace rankflow::report {
namespace {

constexpr std::size_t kMostTableRows = 500;  // of a long table; the worst come first

std::string cell(double value, int digits = 4) {
  // data-sort: what the page sorts by; a missing number sorts last.
  return fmt::format("<td class=\"number\" data-sort=\"{}\">{}</td>",
                     std::isfinite(value) ? fmt::format("{}", value) : "", format_number(value, digits));
}

std::string heading(const std::string& text, bool numeric = false, const std::string& order = "") {
  return fmt::format("<th scope=\"col\"{}{}><button type=\"button\">{}</button></th>",
                     numeric ? " class=\"number\"" : "", order.empty() ? "" : " aria-sort=\"" + order + "\"", text);
}

std::string list(const std::string& kind, const std::string& title, const std::vector<std::string>& items) {
  if (items.empty()) return "";
  std::string html = fmt::format("<div class=\"{}\"><h3>{}</h3><ul>", kind, title);
  for (const std::string& item : items) html += "<li>" + escape(item) + "</li>";
  return html + "</ul></div>";
}

// Length of a bar in per cent of the longest.
double percent(double value, double longest) {
  return std::isfinite(value) && longest > 0 ? std::clamp(100 * value / longest, 0.0, 100.0) : 0;
}

}  // namespace

Section figures_section(const ReportInput& input) {
  Section section{"result", "Result", ""};
  if (input.figures.empty()) return section;
  section.body = "<dl class=\"figures\">";
  for (const ReportFigure& figure : input.figures) {
    section.body +=
        fmt::format("<div><dt>{}</dt><dd><span class=\"value\">{}</span>", escape(figure.label), escape(figure.value));
    if (!figure.detail.empty()) section.body += fmt::format("<span class=\"detail\">{}</span>", escape(figure.detail));
    if (!figure.explanation.empty()) section.body += fmt::format("<p>{}</p>", escape(figure.explanation));
    section.body += "</dd></div>";
  }
  section.body += "</dl>";
  return section;
}

Section notes_section(const ReportInput& input) {
  return {
      "notes", "Notes",
      list("warnings", "Please look at this", input.warnings) + list("assumptions", "What was assumed", input.notes)};
}

Section columns_section(const ReportInput& input) {
  Section section{"columns", "Column by column", ""};
  if (input.columns.empty()) return section;
  std::vector<const ReportColumn*> order;
  for (const ReportColumn& column : input.columns) order.push_back(&column);
  std::stable_sort(order.begin(), order.end(), [](const ReportColumn* a, const ReportColumn* b) {
    return (std::isfinite(a->rmse) ? a->rmse : -1) > (std::isfinite(b->rmse) ? b->rmse : -1);
  });
  const std::size_t shown = std::min(order.size(), kMostTableRows);
  double longest = 1;
  for (std::size_t i = 0; i < shown; ++i) {
    if (std::isfinite(order[i]->rmse)) longest = std::max(longest, order[i]->rmse);
    if (std::isfinite(order[i]->baseline)) longest = std::max(longest, order[i]->baseline);
  }
  section.body =
      "<p>Held-out errors in units of the column's spread: 0 is perfect, 1 is what the column's mean "
      "achieves. The tick on each bar is the baseline; the worst column comes first.</p>"
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Errors by column\">"
      "<table class=\"sortable columns\"><thead><tr>" +
      heading("Column") + heading("Spread", true) + heading("Error", true, "descending") +
      "<th class=\"bar\" aria-hidden=\"true\"></th>" + heading("Baseline", true) + heading("Entries", true) +
      "</tr></thead><tbody>";
  for (std::size_t i = 0; i < shown; ++i) {
    const ReportColumn& column = *order[i];
    const bool worse = column.rmse > column.baseline;
    const std::string tick = std::isfinite(column.baseline)
                                 ? fmt::format("<i style=\"left:{:.1f}%\"></i>", percent(column.baseline, longest))
                                 : "";
    section.body += fmt::format(
        "<tr{}><th scope=\"row\">{}</th>{}{}<td class=\"bar\" aria-hidden=\"true\"><span><b "
        "style=\"width:{:.1f}%\"></b>{}</span></td>{}{}</tr>\n",
        worse ? " class=\"worse\"" : "", escape(column.name), cell(column.spread), cell(column.rmse, 3),
        percent(column.rmse, longest), tick, cell(column.baseline, 3), cell(static_cast<double>(column.held_out)));
  }
  section.body += "</tbody></table></div>";
  if (shown < order.size())
    section.body += fmt::format("<p class=\"aside\">The {} columns with the largest errors of {}.</p>", shown,
                                format_number(static_cast<double>(order.size())));
  return section;
}

Section surprises_section(const ReportInput& input) {
  Section section{"surprises", "Most surprising entries", ""};
  if (input.surprises.empty()) return section;
  section.body =
      "<p>Entries that the model finds hard to believe: worth a look for typing errors, exceptions, or a "
      "pattern that it missed.</p><div class=\"scroll\" tabindex=\"0\" role=\"region\" "
      "aria-label=\"Surprising entries\"><table class=\"sortable\"><thead><tr>" +
      heading(escape(input.row_title)) + heading(escape(input.column_title)) + heading("Observed", true) +
      heading("Predicted", true) + heading("Spreads away", true) + "</tr></thead><tbody>";
  for (std::size_t i = 0; i < std::min(input.surprises.size(), kMostTableRows); ++i) {
    const ReportSurprise& entry = input.surprises[i];
    section.body +=
        fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td>{}{}{}</tr>\n", escape(entry.row), escape(entry.column),
                    cell(entry.observed), cell(entry.predicted), cell(entry.sigmas, 2));
  }
  section.body += "</tbody></table></div>";
  return section;
}

Section candidates_section(const ReportInput& input) {
  Section section{"candidates", "Which " + input.candidate_word, ""};
  if (input.candidates.empty()) return section;
  std::string word = escape(input.candidate_word);
  word[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(word[0])));
  section.body = "<p>Each " + input.candidate_word +
                 " was fitted without the validation entries and judged by them.</p>"
                 "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Candidates\"><table><thead><tr>"
                 "<th scope=\"col\">" +
                 word +
                 "</th><th scope=\"col\" class=\"number\">Validation error (RMSE)</th>"
                 "<th scope=\"col\">Taken</th><th scope=\"col\">Why</th></tr></thead><tbody>";
  for (const ReportCandidate& candidate : input.candidates)
    section.body +=
        fmt::format("<tr{}><th scope=\"row\">{}</th>{}<td>{}</td><td>{}</td></tr>\n",
                    candidate.chosen ? " class=\"chosen\"" : "", escape(candidate.engine),
                    cell(candidate.validation_rmse), candidate.chosen ? "✓ yes" : "no", escape(candidate.why));
  section.body += "</tbody></table></div>";
  return section;
}

Section record_section(const ReportInput& input) {
  Section section{"record", "How to repeat it", ""};
  if (!input.command.empty())
    section.body += fmt::format(
        "<div class=\"command\"><pre tabindex=\"0\"><code>{}</code></pre><button type=\"button\" "
        "class=\"copy\">Copy</button></div>",
        escape(input.command));
  if (!input.facts.empty()) {
    section.body += "<dl class=\"facts\">";
    for (const ReportFact& fact : input.facts)
      section.body += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", escape(fact.name), escape(fact.value));
    section.body += "</dl>";
  }
  if (!input.options.empty()) {
    section.body +=
        "<h3>Options</h3><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Options\">"
        "<table class=\"options\"><thead><tr><th scope=\"col\">Option</th><th scope=\"col\">Value</th>"
        "<th scope=\"col\">Default</th><th scope=\"col\">Meaning</th></tr></thead><tbody>";
    for (const ReportOption& option : input.options) {
      const bool differs = option.value != option.default_value;
      section.body += fmt::format(
          "<tr{}><th scope=\"row\"><code>{}</code></th><td><code>{}</code>{}</td>"
          "<td><code>{}</code></td><td>{}</td></tr>\n",
          differs ? " class=\"differs\"" : "", escape(option.name), escape(option.value),
          differs ? " <span class=\"mark\">changed</span>" : "", escape(option.default_value), escape(option.help));
    }
    section.body += "</tbody></table></div>";
  }
  return section;
}

}  // namespace rankflow::report
