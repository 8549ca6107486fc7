// Does the page hold what was given, nothing else, and safely?
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "rankflow/error.h"
#include "rankflow/report.h"
#include "report/browser.h"
#include "report/decimate.h"
#include "report/sample_input.h"
#include "support/files.h"

namespace rankflow {
namespace {

using ::testing::HasSubstr;

// The JSON block that the page's charts are drawn from.
nlohmann::json data_of(const std::string& page) {
  const std::string open = "<script type=\"application/json\" id=\"data\">";
  const std::size_t begin = page.find(open) + open.size();
  return nlohmann::json::parse(page.substr(begin, page.find("</script>", begin) - begin));
}

std::size_t sections(const std::string& page) {
  std::size_t count = 0;
  for (std::size_t at = page.find("<section id="); at != std::string::npos; at = page.find("<section id=", at + 1))
    ++count;
  return count;
}

TEST(ReportPage, LeavesOutWhatIsNotThere) {
  const std::string empty = render_report(ReportInput{}), full = render_report(sample::table_report());
  EXPECT_LT(sections(empty), sections(full));
  ReportInput input;
  input.source = "x.csv";
  for (const auto& [word, add] : std::vector<std::pair<std::string, void (*)(ReportInput&)>>{
           {"a sentence of summary", [](ReportInput& r) { r.summary = "a sentence of summary"; }},
           {"the one figure",
            [](ReportInput& r) {
              r.figures = {{"the one figure", "7", "", ""}};
            }},
           {"an assumption", [](ReportInput& r) { r.notes = {"an assumption"}; }},
           {"a warning sign", [](ReportInput& r) { r.warnings = {"a warning sign"}; }},
           {"rival engine", [](ReportInput& r) { r.candidates = {{"rival engine", 0.5, true, ""}}; }},
           {"column of note", [](ReportInput& r) { r.columns = {{"column of note", 1, .5, 1, 9}}; }},
           {"odd row", [](ReportInput& r) { r.surprises = {{"odd row", "c", 1, 2, 3}}; }},
           {"option-word", [](ReportInput& r) { r.options = {{"option-word", "1", "2", ""}}; }},
           {"fact of life", [](ReportInput& r) { r.facts = {{"fact of life", "yes"}}; }},
           {"rankflow complete it", [](ReportInput& r) { r.command = "rankflow complete it"; }}}) {
    EXPECT_EQ(render_report(input).find(word), std::string::npos) << word;
    ReportInput with = input;
    add(with);
    EXPECT_THAT(render_report(with), HasSubstr(word));
  }
}

TEST(ReportPage, EscapesWhateverTheUserWrote) {
  const std::string attack = "<script>alert(1)</script>\"'&";
  ReportInput input = sample::table_report();
  input.source = input.title = input.summary = input.command = attack;
  input.notes = input.warnings = {attack};
  input.columns[0].name = attack;
  input.candidates = {{attack, 1, true, attack}};
  input.surprises = {{attack, attack, 1, 2, 3}};
  input.maps[0].row_title = input.maps[0].value_title = input.maps[0].title = attack;
  const std::string page = render_report(input);
  EXPECT_EQ(page.find("<script>alert"), std::string::npos);
  EXPECT_EQ(page.find("alert(1)</script>"), std::string::npos);
  EXPECT_NO_THROW(data_of(page));
}

TEST(ReportPage, NeedsNoNetwork) {
  const std::string page = render_report(sample::table_report());
  for (const char* reference : {"src=", "href=\"http", "url(http", "@import", "fetch(", "XMLHttpRequest"})
    EXPECT_EQ(page.find(reference), std::string::npos) << reference;
  EXPECT_LT(page.size(), 1'500'000u);
}

TEST(ReportPage, IsTheSameForTheSameInput) {
  EXPECT_EQ(render_report(sample::ratings_report()), render_report(sample::ratings_report()));
}

TEST(Decimation, KeepsFirstLastAndExtremes) {
  std::vector<double> series(20'000, 1.0);
  series[777] = 9;
  series[13'131] = -4;
  series[5] = kNaN;
  const std::vector<Index> kept = report::decimate({series}, 500);
  EXPECT_LE(kept.size(), 1000u);
  EXPECT_EQ(kept.front(), 0);
  EXPECT_EQ(kept.back(), 19'999);
  EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end()));
  for (const Index position : {777, 13'131})
    EXPECT_TRUE(std::binary_search(kept.begin(), kept.end(), position)) << position;
  EXPECT_EQ(report::decimate({{1, 2, 3}}, 500).size(), 3u);
}

TEST(HistoryCsv, HasOneLineAStepAndEmptyCellsForWhatIsNotANumber) {
  const test::Folder folder;
  std::vector<Step> history(2);
  history[0].engine = "flow";
  history[0].stage = "validate flow, biases";
  history[0].singular_values = {2.5, 1};
  history[1].engine = "posterior";
  history[1].iteration = 7;
  history[1].train_rmse = 0.125;
  write_history_csv(folder / "h.csv", history);
  EXPECT_EQ(test::read_bytes(folder / "h.csv"),
            "engine,stage,iteration,seconds,time,step_size,train_rmse,validation_rmse,rank,effective_rank,rate,sigma_1,"
            "sigma_2\n"
            "flow,\"validate flow, biases\",0,0,,,,,0,,,2.5,1\n"
            "posterior,,7,0,,,0.125,,0,,,,\n");
  EXPECT_THROW(write_history_csv(folder / "no/such/h.csv", history), InputError);
  EXPECT_EQ(folder.files(), std::vector<std::string>{"h.csv"});
}

// Every chart really draws, without an error, in a real browser.
TEST(ReportPage, DrawsAllItsChartsInABrowser) {
  if (!test::has_browser()) GTEST_SKIP() << "no chromium on this machine";
  const test::Folder folder;
  for (const auto& [name, input] :
       {std::pair{"ratings", sample::ratings_report()}, {"table", sample::table_report()}}) {
    const std::string page = folder / (std::string(name) + ".html");
    write_report(page, input);
    SCOPED_TRACE(name);
    test::expect_drawn(page, 4);
    if (HasFatalFailure()) return;
  }
}

// For people: RANKFLOW_REPORT_SAMPLES=folder makes the tests leave the sample pages there.
TEST(ReportPage, LeavesSamplesWhereItIsAskedTo) {
  const char* folder = std::getenv("RANKFLOW_REPORT_SAMPLES");
  if (!folder) GTEST_SKIP() << "set RANKFLOW_REPORT_SAMPLES to a folder to keep the sample pages";
  write_report(std::string(folder) + "/ratings.html", sample::ratings_report());
  write_report(std::string(folder) + "/table.html", sample::table_report());
  ReportInput image = sample::table_report();
  image.maps = {sample::map(480, 640, true)};
  image.columns.clear();
  write_report(std::string(folder) + "/image.html", image);
  write_history_csv(std::string(folder) + "/history.csv", sample::ratings_report().history);
}

}  // namespace
}  // namespace rankflow
