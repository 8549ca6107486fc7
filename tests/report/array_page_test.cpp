// Does the page of an array have its factors, spectra and slices, and does a browser draw them?
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "report/array_panels.h"
#include "report/array_report.h"
#include "report/browser.h"
#include "support/array_jobs.h"
#include "support/files.h"

namespace rankflow {
namespace {

using ::testing::HasSubstr;

struct Job {
  Tensor tensor;
  ArrayCompletion result;
};

Job job(ArrayModel model) {
  Job job{test::observed(test::planted(2, 41), 0.6, 0.2, Tensor::Layout::dense), {}};
  job.tensor.modes[1] = Axis::strings({"a", "b", "c", "<script>", "e", "f", "g", "h", "i", "j"});
  job.tensor.modes[1].title = "place";
  ArrayOptions options;
  options.model = model;
  job.result = complete_array(job.tensor, options);
  return job;
}

TEST(ArrayReport, HasComponentsOfCpAndSpectraOfTheUnfoldings) {
  const Job cp = job(ArrayModel::cp), overlap = job(ArrayModel::overlap);
  const std::vector<ReportPanel> components = report::array_panels(cp.tensor, cp.result);
  ASSERT_EQ(components.size(), 4u);
  EXPECT_EQ(components[0].series[0].values, cp.result.component_norms);
  EXPECT_EQ(components[2].labels[3], "<script>");
  // Loadings times norms give back the model: 1 is the average size of a loading.
  double value = 0;
  for (std::size_t r = 0; r < components[1].series.size(); ++r)
    value += cp.result.component_norms[r] * components[1].series[r].values[4] * components[2].series[r].values[5] *
             components[3].series[r].values[6] / std::sqrt(12. * 10. * 9.);
  const std::int32_t index[] = {4, 5, 6};
  EXPECT_NEAR(value, cp.result.predictor->predict(index), 1e-9);

  const std::vector<ReportPanel> spectra = report::array_panels(overlap.tensor, overlap.result);
  ASSERT_EQ(spectra.size(), 6u);
  double squares = 0;  // the Frobenius norm is that of every unfolding
  for (std::int32_t i = 0; i < 12; ++i)
    for (std::int32_t j = 0; j < 10; ++j)
      for (std::int32_t k = 0; k < 9; ++k) {
        const std::int32_t at[] = {i, j, k};
        squares += std::pow(overlap.result.predictor->predict(at), 2);
      }
  for (std::size_t n = 0; n < 3; ++n) {
    double sum = 0;
    for (const double s : spectra[n].series[0].values) sum += s * s;
    EXPECT_NEAR(sum, squares, 1e-6 * squares);
  }
}

TEST(ArrayReport, SlicesKeepWhatIsObservedAndShowHoles) {
  const Job made = job(ArrayModel::overlap);
  const std::vector<ReportMap> slices = report::array_slices(made.tensor, made.result);
  ASSERT_EQ(slices.size(), 2u);
  for (const ReportMap& slice : slices) {
    EXPECT_EQ(slice.before.rows(), 10);
    EXPECT_EQ(slice.before.cols(), 12);
    EXPECT_TRUE(slice.after.allFinite());
    EXPECT_GT(slice.before.array().isNaN().count(), 0);
    for (Index k = 0; k < slice.before.size(); ++k) {
      if (std::isnan(slice.before.data()[k])) continue;
      EXPECT_EQ(slice.before.data()[k], slice.after.data()[k]);
    }
  }
}

TEST(ArrayReport, IsDrawnByABrowserWithoutAnError) {
  const test::Folder folder;
  for (const ArrayModel model : {ArrayModel::cp, ArrayModel::overlap}) {
    const Job made = job(model);
    const ReportInput input = array_report(made.tensor, made.result, {}, "in words", "rankflow complete it");
    const std::string page = folder / "page.html", text = render_report(input);
    for (const char* word : {"Verdict", "Held-out RMSE", "Before and after", "Which model", "rankflow complete it"})
      EXPECT_THAT(text, HasSubstr(word));
    EXPECT_EQ(text.find("<script>\","), std::string::npos);
    if (!test::has_browser()) continue;
    test::write_bytes(page, text);
    test::expect_drawn(page, 8);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace rankflow
