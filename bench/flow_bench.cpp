// How fast a step of the flow is, against what this machine can do at most, measured in the same run.
// SPDX-License-Identifier: Apache-2.0

// flow_bench [observations in millions = 1] [rank = 10] [threads = 1] [float|double]
// 1 million: 6,000 x 4,000; 10 million: 60,000 x 40,000. Every result is verified before anything is timed.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "base/threads.h"
#include "machine_limits.h"
#include "rankflow/flow.h"
#include "rankflow/rng.h"
#include "solver/flow/direction.h"

namespace {

using namespace rankflow;
using namespace rankflow::bench;

struct Problem {
  LowRankModel truth;
  double noise = .5;
};

template <class T>
Observations<T> make_problem(Index m, Index n, Index count, Index rank, Problem& problem) {
  LowRankModel& w = problem.truth;
  w.u = Matrix(m, rank), w.v = Matrix(n, rank), w.s = Vector::Ones(rank);
  w.row_bias = Vector::Zero(m), w.column_bias = Vector::Zero(n);
  Rng factors(1);
  for (Index k = 0; k < w.u.size(); ++k) w.u.data()[k] = factors.normal() / std::sqrt(static_cast<double>(rank));
  for (Index k = 0; k < w.v.size(); ++k) w.v.data()[k] = factors.normal();
  EntryList<T> list;
  const Index per_row = count / m;
  std::vector<std::int32_t> columns;
  for (Index i = 0; i < m; ++i) {
    Rng rng(2, static_cast<std::uint64_t>(i));
    columns.clear();
    while (static_cast<Index>(columns.size()) < per_row)
      columns.push_back(static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(n))));
    std::sort(columns.begin(), columns.end());
    columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
    for (const std::int32_t j : columns) {
      list.row.push_back(static_cast<std::int32_t>(i));
      list.column.push_back(j);
      list.value.push_back(static_cast<T>(w.u.row(i).dot(w.v.row(j)) + problem.noise * rng.normal()));
    }
  }
  return make_observations(m, n, list);
}

void refuse(bool wrong, const char* what) {
  if (!wrong) return;
  fmt::print(stderr, "wrong result: {}; nothing is timed\n", what);
  std::exit(1);
}

// The kernels' gradient at a few rows and columns against a plain loop.
template <class T>
void verify_slope(const Observations<T>& set, const flow::Point& point, const flow::Slope& slope) {
  const double tolerance = std::is_same_v<T, double> ? 1e-10 : 1e-3;
  for (const Index i : {Index{0}, set.num_rows / 2, set.num_rows - 1}) {
    Vector expected = Vector::Zero(point.width());
    for (Index k = set.by_row.begin[i]; k < set.by_row.begin[i + 1]; ++k) {
      const Index j = set.by_row.other[k];
      expected += (point(i, j) - static_cast<double>(set.by_row.value[k])) * point.v.row(j).transpose();
    }
    refuse((expected.transpose() - slope.g_right.row(i)).norm() > tolerance * (1 + expected.norm()), "G V");
  }
}

double resident_mebibytes() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word)
    if (word == "VmHWM:") {
      double kib = 0;
      status >> kib;
      return kib / 1024;
    }
  return kNaN;
}

template <class T>
void run(double millions, Index rank, int threads) {
  set_num_threads(threads);
  const double scale = std::min(10.0, millions);
  const Index m = static_cast<Index>(6000 * scale), n = static_cast<Index>(4000 * scale);
  Problem problem;
  const Observations<T> set = make_problem<T>(m, n, static_cast<Index>(millions * 1e6), rank, problem);
  const double count = static_cast<double>(set.count());
  fmt::print("{} x {}, {} observations, rank {}, {}, {} thread(s), kernels {}\n", m, n, set.count(), rank,
             std::is_same_v<T, double> ? "double" : "float", threads, kernels().name);

  // One step of the noisy path's kind, from the truth's neighbourhood.
  const auto loss = flow::make_observed_loss(set);
  flow::Point point = flow::from_factors(problem.truth.u, problem.truth.v, problem.truth);
  const flow::Law law{3, 0};
  flow::Slope slope = flow::slope_at(*loss, point);
  verify_slope(set, point, slope);
  refuse(std::abs(flow::rmse(*loss, slope.loss) - problem.noise) > .05 * problem.noise, "residual at the truth");
  const flow::Tangent direction = flow::flow_direction(point, slope, law);
  flow::Point next = flow::Retraction(point, direction).at(1e-4);
  const flow::Tangent previous = flow::transport(point, direction, next);
  refuse(!(flow::value_at(*loss, next) < slope.loss), "the flow's direction does not descend");

  const double cores = threads;
  const double flops = cores * peak_flops<T>(), stream = stream_bandwidth();
  const Index stride = (rank + 2 + kRowMultiple<T> - 1) / kRowMultiple<T> * kRowMultiple<T>;
  const Index plane_stride = (3 * rank + kRowMultiple<T> - 1) / kRowMultiple<T> * kRowMultiple<T>;
  const Index row_bytes = stride * static_cast<Index>(sizeof(T));
  const double by_row = cores * gather_bandwidth(n, row_bytes, set.by_row.other);
  const double by_column = cores * gather_bandwidth(m, row_bytes, set.by_column.other);
  const double by_plane = cores * gather_bandwidth(n, plane_stride * static_cast<Index>(sizeof(T)), set.by_row.other);
  fmt::print(
      "machine: {:.1f} Gflop/s, stream {:.1f} GB/s; gathered rows: {:.1f} (columns' factor), {:.1f} (rows' factor) "
      "GB/s\n",
      flops / 1e9, stream / 1e9, by_row / 1e9, by_column / 1e9);

  const double entry_bytes = 4 + sizeof(T);
  // At least: the arithmetic, the gathered rows, and the streamed entries, each at its measured limit; they overlap.
  const auto bound = [&](double per_entry_flops, double gathered, double bandwidth, double streamed) {
    return count * std::max({per_entry_flops / flops, gathered / bandwidth, streamed / stream});
  };
  const auto report = [&](const char* what, double seconds, double at_best) {
    fmt::print("  {:34} {:9.3f} ms  {:6.2f} ns an observation  at best {:9.3f} ms: {:3.0f} %\n", what, seconds * 1e3,
               seconds * 1e9 / count, at_best * 1e3, 100 * at_best / seconds);
  };
  const double wide = static_cast<double>(stride), row = static_cast<double>(row_bytes);
  const double pass_rows = bound(4 * wide, row, by_row, entry_bytes),
               pass_columns = bound(4 * wide, row, by_column, entry_bytes);
  const double plane = bound(8 * static_cast<double>(rank), static_cast<double>(plane_stride) * sizeof(T), by_plane, 4);
  const double slope_seconds = median_seconds([&] { slope = flow::slope_at(*loss, point); });
  report("gradient (both passes)", slope_seconds, pass_rows + pass_columns);
  const double plane_seconds =
      median_seconds([&] { flow::minimum_over_plane(*loss, point, slope, law, direction, previous); });
  report("plane search", plane_seconds, plane);
  const double value_seconds = median_seconds([&] { flow::value_at(*loss, point); });
  report("loss", value_seconds, bound(2 * wide, row, by_row, entry_bytes));
  const double dense_seconds = median_seconds([&] {
    const flow::Tangent d = flow::flow_direction(point, slope, law);
    next = flow::Retraction(point, d).at(1e-4);
    flow::transport(point, d, next);
  });
  fmt::print("  {:34} {:9.3f} ms\n", "direction, retraction, transport", dense_seconds * 1e3);
  report("whole step", slope_seconds + plane_seconds + value_seconds + dense_seconds,
         pass_rows + pass_columns + plane + bound(2 * wide, row, by_row, entry_bytes));
  fmt::print("memory: {:.0f} MiB resident at most, {:.1f} bytes an observation\n", resident_mebibytes(),
             resident_mebibytes() * 1048576 / count);
}

}  // namespace

int main(int argc, char** argv) {
  const double millions = argc > 1 ? std::atof(argv[1]) : 1;
  const Index rank = argc > 2 ? std::atoll(argv[2]) : 10;
  const int threads = argc > 3 ? std::atoi(argv[3]) : 1;
  if (argc > 4 && std::strcmp(argv[4], "float") == 0) {
    run<float>(millions, rank, threads);
  } else {
    run<double>(millions, rank, threads);
  }
}
