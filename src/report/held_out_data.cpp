// What do the charts of the held-out predictions need: a fair sample of points, boxes per value, and the residuals?
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "rankflow/error.h"
#include "rankflow/rng.h"
#include "report/json_data.h"

namespace rankflow::report {
namespace {

constexpr std::size_t kMostPoints = 2500;   // more only blacken the chart
constexpr std::size_t kExtremePoints = 25;  // the largest residuals are never left to chance
constexpr std::size_t kMostGroups = 12;     // distinct observed values that are still shown as boxes
constexpr std::size_t kFewestPerGroup = 8;  // on average
constexpr double kHistogramSpreads = 4.5;   // the histogram reaches so many spreads to both sides
constexpr std::uint64_t kSampleStream = 0x5CA77E5;

double quantile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

// Positions of all points or of a sample, the same at every call: the largest residuals, the rest at random.
std::vector<std::size_t> sample(const std::vector<double>& residual) {
  std::vector<std::size_t> order(residual.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (order.size() <= kMostPoints) return order;
  std::partial_sort(order.begin(), order.begin() + kExtremePoints, order.end(), [&](std::size_t a, std::size_t b) {
    const double x = std::abs(residual[a]), y = std::abs(residual[b]);
    return x != y ? x > y : a < b;
  });
  std::sort(order.begin() + kExtremePoints, order.end());
  Rng rng(0, kSampleStream);
  for (std::size_t i = kExtremePoints; i < kMostPoints; ++i)
    std::swap(order[i], order[i + rng.below(order.size() - i)]);
  order.resize(kMostPoints);
  std::sort(order.begin(), order.end());
  return order;
}

Json boxes(const ReportHeldOut& data) {
  std::map<double, std::vector<double>> groups;
  for (std::size_t i = 0; i < data.observed.size(); ++i) {
    groups[data.observed[i]].push_back(data.predicted[i]);
    if (groups.size() > kMostGroups) return nullptr;
  }
  if (groups.size() < 2 || data.observed.size() < groups.size() * kFewestPerGroup) return nullptr;
  Json list = Json::array();
  for (auto& [value, predicted] : groups) {
    std::sort(predicted.begin(), predicted.end());
    const double mean =
        std::accumulate(predicted.begin(), predicted.end(), 0.0) / static_cast<double>(predicted.size());
    list.push_back({{"value", number(value)},
                    {"count", predicted.size()},
                    {"mean", number(mean)},
                    {"quantiles", numbers({quantile(predicted, .05), quantile(predicted, .25), quantile(predicted, .5),
                                           quantile(predicted, .75), quantile(predicted, .95)})}});
  }
  return list;
}

struct Moments {
  double mean = 0, spread = 0;
};

Moments moments(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double squares = 0;
  for (const double x : values) squares += (x - mean) * (x - mean);
  return {mean, std::sqrt(squares / count)};
}

Json histogram(const std::vector<double>& residual, Moments m) {
  if (!(m.spread > 0)) return nullptr;
  const auto [low, high] = std::minmax_element(residual.begin(), residual.end());
  const double begin = std::max(*low, m.mean - kHistogramSpreads * m.spread);
  const double end = std::min(*high, m.mean + kHistogramSpreads * m.spread);
  const double wish = 2 * std::cbrt(static_cast<double>(residual.size()));
  const auto bins = static_cast<std::size_t>(std::clamp(wish, 8.0, 60.0));
  const double width = (end - begin) / static_cast<double>(bins);
  if (!(width > 0)) return nullptr;
  std::vector<double> counts(bins, 0.0);
  std::size_t outside = 0;
  for (const double x : residual) {
    if (x < begin || x > end)
      ++outside;
    else
      counts[std::min(bins - 1, static_cast<std::size_t>((x - begin) / width))] += 1;
  }
  return {{"begin", number(begin)}, {"width", number(width)}, {"counts", numbers(counts)}, {"outside", outside}};
}

}  // namespace

Json held_out_data(const ReportHeldOut& given) {
  RANKFLOW_ASSERT(given.observed.size() == given.predicted.size(), "observed and predicted differ in length");
  ReportHeldOut data;
  for (std::size_t i = 0; i < given.observed.size(); ++i)
    if (std::isfinite(given.observed[i]) && std::isfinite(given.predicted[i])) {
      data.observed.push_back(given.observed[i]);
      data.predicted.push_back(given.predicted[i]);
    }
  if (data.observed.empty()) return nullptr;
  std::vector<double> residual(data.observed.size());
  for (std::size_t i = 0; i < residual.size(); ++i) residual[i] = data.observed[i] - data.predicted[i];
  const Moments m = moments(residual);

  std::vector<double> x, y;
  for (const std::size_t i : sample(residual)) {
    x.push_back(data.observed[i]);
    y.push_back(data.predicted[i]);
  }
  Json result = {{"count", residual.size()},
                 {"mean", number(m.mean)},
                 {"spread", number(m.spread)},
                 {"observed", numbers(x)},
                 {"predicted", numbers(y)}};
  if (Json list = boxes(data); !list.is_null()) result["boxes"] = list;
  if (Json bars = histogram(residual, m); !bars.is_null()) result["histogram"] = bars;
  return result;
}

}  // namespace rankflow::report
