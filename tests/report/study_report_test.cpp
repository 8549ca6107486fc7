// A study's page and figures: well-formed, complete, safe.
// SPDX-License-Identifier: Apache-2.0
#include "report/study_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "experiment/study_samples.h"
#include "report/svg_axis.h"

namespace rankflow {
namespace {

using experiment::Curve;
using experiment::FigureData;
using experiment::PanelData;
using report::SvgAxis;
using testing::HasSubstr;
using testing::Not;

// Elements are closed in the order in which they were opened, attributes are quoted, and & begins an entity.
std::string flaw_of_xml(const std::string& text) {
  std::vector<std::string> open;
  for (std::size_t k = 0; k < text.size(); ++k) {
    if (text[k] == '&' && text.find(';', k) > k + 6) return "bare & at " + std::to_string(k);
    if (text[k] == '>') return "bare > at " + std::to_string(k);
    if (text[k] != '<') continue;
    const std::size_t end = text.find('>', k);
    if (end == std::string::npos) return "unclosed <";
    const std::string tag = text.substr(k + 1, end - k - 1);
    k = end;
    if (tag[0] == '?') continue;
    if (std::count(tag.begin(), tag.end(), '"') % 2 != 0) return "odd quotes in " + tag;
    if (tag[0] == '/') {
      if (open.empty() || open.back() != tag.substr(1)) return "closes " + tag;
      open.pop_back();
    } else if (tag.back() != '/') {
      open.push_back(tag.substr(0, tag.find(' ')));
    }
  }
  return open.empty() ? "" : "never closed: " + open.back();
}

FigureData sample_figure() {
  PanelData panel;
  panel.title = "a < b & \"c\"";
  panel.x_label = "iteration";
  panel.y_label = "error";
  panel.x_log = panel.y_log = panel.markers = true;
  Curve curve;
  curve.name = "depth <2>";
  curve.x = {1, 10, 100};
  curve.y = {1, 1e-3, 1e-5};
  curve.low = {0.5, 1e-3, 5e-6};
  curve.high = {2, 1e-3, 2e-5};
  Curve across;
  across.name = "least nuclear norm";
  across.color = 1;
  across.constant = true;
  across.x = {0};
  across.y = {1e-2};
  panel.curves = {curve, across};
  panel.colors = 2;
  return {"sample", "A figure", "", {panel, panel}};
}

TEST(FigureSvg, IsWellFormedAndHasWhatWasGiven) {
  const std::string svg = render_figure_svg(sample_figure());
  EXPECT_EQ(flaw_of_xml(svg), "");
  EXPECT_THAT(svg, HasSubstr("depth &lt;2&gt;"));
  EXPECT_THAT(svg, HasSubstr("least nuclear norm"));
  EXPECT_THAT(svg, HasSubstr("<circle"));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
}

TEST(FigureSvg, ZerosOnALogarithmicAxisAndHolesBreakTheLine) {
  FigureData figure = sample_figure();
  figure.panels[0].curves[0].y = {1, 0, 1e-5};
  figure.panels[1].curves[0].y = {1, std::nan(""), 1e-5};
  const std::string svg = render_figure_svg(figure);
  EXPECT_EQ(flaw_of_xml(svg), "");
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
}

TEST(SvgAxisTicks, AreRoundAndInside) {
  std::vector<std::string> labels;
  for (const report::Tick& tick : SvgAxis(0, 100, false, 0, 100).ticks()) labels.push_back(tick.label);
  EXPECT_THAT(labels, testing::ElementsAre("0", "20", "40", "60", "80", "100"));
}

TEST(SvgAxisTicks, LogarithmicOnesArePowersOfTen) {
  const SvgAxis axis(1e-5, 1, true, std::nan(""), std::nan(""));
  int labelled = 0;
  for (const report::Tick& tick : axis.ticks())
    if (!tick.label.empty()) {
      ++labelled;
      const double exponent = std::log10(tick.value);
      EXPECT_NEAR(exponent, std::round(exponent), 1e-9);
    }
  EXPECT_EQ(labelled, 6);
  EXPECT_NEAR(axis.share(1e-5) + axis.share(1), 1, 1e-9);
}

TEST(StudyPage, HasClaimsFiguresRunsAndSettings) {
  const experiment::Study study =
      test::parse(test::small_study("[[expect]]\nclaim = \"a <b> holds\"\nquantity = \"last(loss)\"\nhigh = 1\n"));
  const std::vector<experiment::PlannedRun> plan = experiment::plan_runs(study);
  const std::vector<experiment::RunRecord> records = {
      test::record_of({"iteration", "time", "loss"}, {{0, 0, 1}, {10, 1, 0.5}})};
  const StudyReport input{"small",
                          &study,
                          &plan,
                          &records,
                          experiment::check_claims(study, plan, records),
                          experiment::run_table(plan, records),
                          experiment::group_table(plan, records),
                          {sample_figure()},
                          "rankflow run study.toml"};
  const std::string page = render_study_report(input);
  EXPECT_EQ(page, render_study_report(input)) << "same input, same bytes";
  for (const char* word : {"a &lt;b&gt; holds", "✓ pass", "id=\"chart-f0p1\"", "data.rank", "rankflow run study.toml",
                           "figures/sample.svg", "drawPanels"})
    EXPECT_THAT(page, HasSubstr(word));
  EXPECT_THAT(page, Not(HasSubstr("a <b> holds")));
  EXPECT_THAT(page, Not(HasSubstr("src=\"http")));
}

}  // namespace
}  // namespace rankflow
