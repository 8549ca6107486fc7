// How fast an iteration of gradient descent on factors is, and what share of this machine's arithmetic and memory it
// uses. Also the side of bench/descent.py that runs the library.
// SPDX-License-Identifier: Apache-2.0

// descent_bench                                     a table of all cases
// descent_bench CASE DEPTH ITERATIONS [FILE.npz]    one case as JSON; with a file: also its data, start and end
//   CASE: completion (100 x 100, 2,000 entries), large (1682 x 943, 10,000 skewed ratings),
//         sensing (2,000 Gaussian measurements of 100 x 100), stop (completion from a start of size 1e-3 until the mean
//         squared error is 1e-6), flow (the flow on the same entries, to its end), peak (the arithmetic of one core)
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/processor.h"
#include "base/threads.h"
#include "linalg/vector_passes.h"
#include "one_core.h"
#include "rankflow/descent.h"
#include "rankflow/flow.h"
#include "rankflow/rng.h"

namespace {

using namespace rankflow;
using bench::least_seconds;
using bench::peak_flops;
using bench::seconds_of;

MatrixOf<float> normal_matrix(Index rows, Index columns, std::uint64_t stream, double scale = 1) {
  MatrixOf<float> a(rows, columns);
  Rng rng(1, stream);
  for (Index k = 0; k < a.size(); ++k) a.data()[k] = static_cast<float>(scale * rng.normal());
  return a;
}

// W* of rank 5 with root mean square 1 (Arora et al. 2019).
MatrixOf<float> truth(Index rows, Index columns) {
  MatrixOf<float> w = normal_matrix(rows, 5, 1) * normal_matrix(columns, 5, 2).transpose();
  return w * (std::sqrt(static_cast<float>(w.size())) / w.norm());
}

// Rows and columns by Zipf's law with exponent 1/2 where `skewed`: a few have hundreds of entries, many one.
EntryList<float> entries_of(const MatrixOf<float>& w, Index count, bool skewed) {
  Rng rng(2, skewed);
  std::set<std::pair<Index, Index>> taken;
  EntryList<float> list;
  while (static_cast<Index>(taken.size()) < count) {
    double u = rng.uniform(), v = rng.uniform();
    if (skewed) u *= u, v *= v;
    const auto i = static_cast<Index>(u * static_cast<double>(w.rows()));
    const auto j = static_cast<Index>(v * static_cast<double>(w.cols()));
    if (!taken.emplace(i, j).second) continue;
    list.row.push_back(static_cast<std::int32_t>(i));
    list.column.push_back(static_cast<std::int32_t>(j));
    list.value.push_back(w(i, j));
  }
  return list;
}

struct Case {
  MatrixProblem<float> problem;
  DeepFactorization<float> start;
};

Case make_case(const std::string& kind, Index depth) {
  const bool large = kind == "large";
  const Index rows = large ? 1682 : 100, columns = large ? 943 : 100;
  const MatrixOf<float> w = truth(rows, columns);
  Case made;
  if (kind == "sensing") {
    made.problem.measurement = Measurement::dense;
    made.problem.num_rows = rows;
    made.problem.num_columns = columns;
    made.problem.matrices = normal_matrix(2000, rows * columns, 3, .01);
    made.problem.values = VectorOf<float>::Zero(2000);
    made.problem.values = measure(made.problem, w);
  } else {
    made.problem = completion_problem<float>(rows, columns, entries_of(w, large ? 10'000 : 2000, large), {});
  }
  // Large enough that the loss moves within a few iterations, so that equal losses say something.
  made.start = initialize<float>(layer_dims(rows, columns, depth), {.scale = .1});
  return made;
}

const DescentOptions kOptions{.epsilon = 1e-4, .loss_tolerance = 0};

void export_case(const std::string& path, const Case& made, const DescentResult<float>& result) {
  Archive archive;
  const MatrixProblem<float>& problem = made.problem;
  for (std::size_t l = 0; l < made.start.factors.size(); ++l)
    archive.set("factor" + std::to_string(l + 1), made.start.factors[l]);
  if (problem.measurement == Measurement::dense) {
    archive.set("matrices", problem.matrices);
    archive.set("values", MatrixOf<float>(problem.values));
  } else {
    archive.set("row", problem.entries.row);
    archive.set("column", problem.entries.column);
    archive.set("value", problem.entries.value);
  }
  archive.set("end", result.model.end_matrix());
  archive.write(path, false);
}

int run_case(const std::string& kind, Index depth, Index iterations, const char* path) {
  const Case made = make_case(kind, depth);
  Descent<float> engine(made.problem, made.start, kOptions);
  engine.advance(iterations);
  const DescentResult<float> result = engine.result();
  if (path) export_case(path, made, result);
  Descent<float> again(made.problem, made.start, kOptions);
  again.advance(std::min<Index>(10, iterations));  // memory is there, caches are warm
  const double seconds = seconds_of([&] { again.advance(iterations); }) / static_cast<double>(iterations);
  fmt::print("{{\"seconds_per_iteration\": {}, \"loss\": {}, \"iterations\": {}, \"threads\": {}}}\n", seconds,
             result.loss, iterations, num_threads());
  return std::isfinite(result.loss) ? 0 : 1;
}

// Until the mean squared error on the entries is 1e-6 or less.
int run_flow(Index depth) {
  const EntryList<float> entries = make_case("completion", 2).problem.entries;
  const Observations<float> observed = make_observations<float>(100, 100, entries);
  FlowOptions options;
  options.depth = static_cast<double>(depth);
  FlowResult result;
  const double seconds = least_seconds([&] { result = fit_flow<float>(observed, {}, options); }, 3);
  const double error = result.train_rmse * result.train_rmse;
  fmt::print("{{\"seconds\": {}, \"train_error\": {}}}\n", seconds, error);
  return error <= 1e-6 ? 0 : 1;
}

int run_to_stop(Index depth, Index most) {
  const MatrixProblem<float> problem = make_case("completion", depth).problem;
  DescentOptions options = kOptions;
  options.loss_tolerance = 1e-6;
  options.max_iterations = most;
  const auto result = fit_descent(problem, initialize<float>(layer_dims(100, 100, depth), {}), options);
  fmt::print("{{\"iterations\": {}, \"loss\": {}}}\n", result.iterations, result.loss);
  return result.stop == Stop::converged ? 0 : 1;
}

double bandwidth() {
  const MatrixOf<float> block = MatrixOf<float>::Ones(1, 32 << 20);
  volatile double sink = 0;
  return 4.0 * static_cast<double>(block.size()) /
         least_seconds([&] { sink = vector_passes<float>().squared_norm(block.data(), block.size()); });
}

void print_row(const std::string& kind, Index depth, Index iterations, double flops, double bytes, double peak,
               double memory) {
  const Case made = make_case(kind, depth);
  Descent<float> engine(made.problem, made.start, kOptions);
  engine.advance(3);
  const double seconds = least_seconds([&] { engine.advance(iterations); }, 5) / static_cast<double>(iterations);
  fmt::print("{:<12}{:>6}{:>14.1f}{:>12.1f}{:>11.0f} %{:>11.0f} %\n", kind, depth, seconds * 1e6, flops / seconds / 1e9,
             100 * flops / seconds / peak, 100 * bytes / seconds / memory);
}

int print_table() {
  const double peak = peak_flops(), memory = bandwidth();
  fmt::print("{}, {}; one core: {:.0f} GFLOP/s on cached products, {:.1f} GB/s from memory\n", processor_name(),
             name(instruction_set()), peak / 1e9, memory / 1e9);
  fmt::print("{:<12}{:>6}{:>14}{:>12}{:>13}{:>13}\n", "case", "depth", "us/iteration", "GFLOP/s", "arithmetic",
             "memory");
  for (const Index depth : {2, 3, 4}) {
    // Entries: a product and two accumulations over each; 3 (N - 2) dense products.
    const double flops = 6.0 * 2000 * 100 + 3.0 * static_cast<double>(depth - 2) * 2e6;
    print_row("completion", depth, 400, flops, 0, peak, memory);
  }
  for (const Index depth : {2, 3}) {
    const double factors = 4.0 * 943 * (1682 + 943.0 * static_cast<double>(depth - 1));
    const double flops = 6.0 * 10'000 * 943 + 3.0 * static_cast<double>(depth - 2) * 2.0 * 943 * 943 * 943;
    print_row("large", depth, 5, flops, 5 * factors, peak, memory);  // gradient out, norm, update: x twice
  }
  for (const Index depth : {2, 3}) print_row("sensing", depth, 5, 4.0 * 2000 * 1e4, 4.0 * 2000 * 1e4, peak, memory);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  set_num_threads(1);
  if (argc == 1) return print_table();
  if (argc < 4) {
    fmt::print(stderr, "usage: descent_bench [CASE DEPTH ITERATIONS [FILE.npz]]\n");
    return 2;
  }
  const std::string kind = argv[1];
  if (kind == "peak") {
    fmt::print("{{\"flops\": {}}}\n", peak_flops());
    return 0;
  }
  if (kind == "flow") return run_flow(std::atol(argv[2]));
  if (kind == "stop") return run_to_stop(std::atol(argv[2]), std::atol(argv[3]));
  return run_case(kind, std::atol(argv[2]), std::atol(argv[3]), argc > 4 ? argv[4] : nullptr);
}
