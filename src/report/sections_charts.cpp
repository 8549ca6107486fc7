// What is the HTML around the charts: headings, captions, and the text that a reader without charts gets?
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cctype>

#include "report/html.h"
#include "report/sections.h"

namespace rankflow::report {
namespace {

std::string count(const Json& number) {
  return format_number(number.get<double>());
}

std::string held_out_charts(const Json& data) {
  const bool boxes = data.contains("boxes");
  const std::size_t shown = data["observed"].size(), total = data["count"].get<std::size_t>();
  std::string seen = boxes
                         ? "The medians (bars) should climb along the diagonal; each box holds the middle half of the "
                           "predictions for one observed value, its whiskers the middle 90 %."
                         : "Points on the diagonal are predicted exactly; a cloud flatter than the diagonal means "
                           "cautious predictions.";
  seen += shown < total
              ? fmt::format(" {} of {} held-out entries are drawn, the largest residuals among them.",
                            format_number(static_cast<double>(shown)), format_number(static_cast<double>(total)))
              : fmt::format(" All {} held-out entries.", format_number(static_cast<double>(total)));
  std::string body = chart("scatter", "Predicted against observed", seen);
  if (data.contains("histogram")) {
    const auto outside = data["histogram"]["outside"].get<std::size_t>();
    std::string tail =
        outside > 0 ? fmt::format(" {} lie outside the picture.", format_number(static_cast<double>(outside))) : "";
    body += chart("residuals", "Residuals",
                  "Observed minus predicted; the curve is a Gaussian of the same mean and spread, so bars above it far "
                  "out are errors that a Gaussian does not expect." +
                      tail);
  }
  return body;
}

}  // namespace

std::string chart(const std::string& id, const std::string& title, const std::string& caption, bool wide) {
  return fmt::format(R"(<figure class="chart{3}" id="chart-{0}">
<h3>{1}</h3>
<div class="plot"><canvas role="img" aria-label="{1}. {2}"></canvas></div>
<div class="legend"></div>
<figcaption>{2}</figcaption>
<details class="numbers"><summary>Numbers</summary><div class="scroll" tabindex="0" role="region" aria-label="{1}, numbers"></div></details>
</figure>
)",
                     id, escape(title), escape(caption), wide ? " wide" : "");
}

Section quality_section(const Json& data) {
  Section section{"quality", "How good the predictions are", ""};
  if (data.contains("held_out")) section.body += held_out_charts(data["held_out"]);
  if (data.contains("calibration"))
    section.body += chart("calibration", "Calibration of the intervals",
                          "Share of entries inside the interval of each level; on the diagonal an interval that says "
                          "90 % holds 90 %, below it the intervals are too narrow.");
  if (!section.body.empty()) section.body = "<div class=\"charts\">" + section.body + "</div>";
  return section;
}

namespace {

std::string map_figure(const Json& map, std::size_t number) {
  std::string caption = "Hatched places are holes. ";
  if (map["image"].get<bool>())
    caption += "Both pictures use the same shades of grey.";
  else if (map["by_column"].get<bool>())
    caption += "Each column is shown in its own units: spreads above or below the mean of its observed entries.";
  else
    caption += "Both pictures use the same colours.";
  if (map["height"] != map["rows"] || map["width"] != map["columns"])
    caption += fmt::format(" {} × {} entries, averaged over blocks to {} × {}.", count(map["rows"]),
                           count(map["columns"]), count(map["height"]), count(map["width"]));
  const std::string rows = map["row_title"].get<std::string>(), columns = map["column_title"].get<std::string>();
  if (!rows.empty() && !columns.empty()) caption += " Down: " + rows + ". Across: " + columns + ".";
  const std::string title = map["title"].get<std::string>();
  const std::string before = title.empty() ? "Observed" : title + ", observed",
                    after = title.empty() ? "Completed" : title + ", completed";
  return fmt::format(R"(<figure class="maps" id="chart-map{}">
<div class="pair">
<div><h3>{}</h3><div class="picture"><canvas data-part="before" role="img" aria-label="The observed entries; holes are hatched"></canvas></div></div>
<div><h3>{}</h3><div class="picture"><canvas data-part="after" role="img" aria-label="The completed entries"></canvas></div></div>
</div>
<div class="scale" aria-hidden="true"><span class="low"></span><canvas width="256" height="1"></canvas><span class="high"></span></div>
<p class="readout" aria-live="off">Point at a picture to read its values.</p>
<figcaption>{}</figcaption>
</figure>
)",
                     number, escape(before), escape(after), escape(caption));
}

}  // namespace

Section map_section(const Json& data) {
  Section section{"map", "Before and after", ""};
  if (!data.contains("maps")) return section;
  for (std::size_t k = 0; k < data["maps"].size(); ++k) section.body += map_figure(data["maps"][k], k);
  return section;
}

Section panels_section(const Json& data) {
  Section section{"learned", "What was learned", ""};
  if (!data.contains("panels")) return section;
  for (std::size_t k = 0; k < data["panels"].size(); ++k) {
    const Json& panel = data["panels"][k];
    section.body += chart(fmt::format("panel{}", k), panel["title"].get<std::string>(),
                          panel["caption"].get<std::string>(), panel["wide"].get<bool>());
  }
  section.body = "<div class=\"charts\">" + section.body + "</div>";
  return section;
}

Section spectrum_section(const Json& data) {
  Section section{"spectrum", "What was learned", ""};
  if (!data.contains("spectrum")) return section;
  const Json& spectrum = data["spectrum"];
  std::string caption = "Each bar is one direction that the model uses, on a logarithmic scale";
  caption += spectrum["rank"].get<Index>() > 0
                 ? fmt::format("; the {} kept are coloured, and a gap at the cut means that the data ask for no more.",
                               count(spectrum["rank"]))
                 : "; a steep fall means that few directions carry most of the table.";
  section.body = "<div class=\"charts\">" + chart("spectrum", "Singular values of the model", caption) + "</div>";
  return section;
}

Section history_section(const Json& data, const ReportInput& input) {
  Section section{"history", "How it got there", ""};
  if (!data.contains("history")) return section;
  bool sigma = false, loss = false, rank = false, effective = false, step = false;
  for (const Json& run : data["history"]) {
    sigma = sigma || run.contains("sigma");
    loss = loss || run.contains("train") || run.contains("validation");
    rank = rank || run.contains("effective_rank") || run["rank"].back() > 0;
    effective = effective || run.contains("effective_rank");
    step = step || run.contains("step_size") || run.contains("rate");
  }
  std::string charts, sizes = input.sizes_word;
  sizes[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(sizes[0])));
  if (sigma)
    charts += chart("sigma", sizes + "s along the way",
                    "They rise one after another, slowly while small and fast once large; the dashed line marks the "
                    "state that was kept.");
  if (loss)
    charts += chart("loss", "Error along the way",
                    "Where the validation error turns up while the training error still falls, the model begins to "
                    "learn noise; that is the moment to stop.");
  if (rank)
    charts += chart(
        "rank", "Rank along the way",
        effective ? "The effective rank counts the directions that carry weight; it rises only as far as the data ask."
                  : "How many there are at each step; the number rises only as far as the data ask.");
  if (step)
    charts +=
        chart("step", "Step size and speed", "How far each step went, and how many observations it passed a second.");
  section.body = R"(<div class="controls" id="history-controls"></div><div class="charts">)" + charts + "</div>" +
                 "<p class=\"aside\">The charts show what a screen can resolve; every step is in history.csv.</p>";
  return section;
}

}  // namespace rankflow::report
