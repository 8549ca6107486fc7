// How fast an iteration of gradient descent on a factorization of a tensor is, beside the arithmetic of one core.
// SPDX-License-Identifier: Apache-2.0

// tensor_bench              a table of all cases
// tensor_bench CASE         one case as JSON
//   CASE: four (10 x 10 x 10 x 10, 1,000 components, 2,000 entries), three (16 x 16 x 16, 256 components, 2,048
//         entries), both about a tensor of rank 5 as in Razin, Maman and Cohen 2021 and 2022; full (four, all entries);
//         windows (four from the published start of deviation 0.005, negligible components moved once per window)
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "base/processor.h"
#include "base/threads.h"
#include "one_core.h"
#include "rankflow/rng.h"
#include "rankflow/tensor_descent.h"

namespace {

using namespace rankflow;
using bench::least_seconds;
using bench::peak_flops;

struct Case {
  std::string name;
  std::vector<Index> shape;
  Index components, count;
  bool windows = false;
};
const std::vector<Case> kCases = {{"four", {10, 10, 10, 10}, 1000, 2000},
                                  {"three", {16, 16, 16}, 256, 2048},
                                  {"full", {10, 10, 10, 10}, 1000, 10'000},
                                  {"windows", {10, 10, 10, 10}, 1000, 2000, true}};

// Entries of a tensor of rank 5 and Frobenius norm 1, drawn without replacement.
TensorProblem<float> make_problem(const Case& given) {
  CpFactorization<float> truth = initialize_cp<float>(given.shape, 5, {.deviation = 1, .seed = 1});
  const VectorOf<float> cells = truth.dense();
  std::vector<Index> cell;
  for (Index c = 0; c < cells.size(); ++c) cell.push_back(c);
  Rng rng(2);
  TensorProblem<float> problem;
  problem.shape = given.shape;
  problem.index.resize(given.shape.size());
  for (Index k = 0; k < given.count; ++k) {
    std::swap(cell[k], cell[k + static_cast<Index>(rng.below(static_cast<std::uint64_t>(cells.size() - k)))]);
    problem.value.push_back(cells[cell[k]] / cells.norm());
    Index rest = cell[k];
    for (std::size_t n = given.shape.size(); n-- > 0; rest /= given.shape[n])
      problem.index[n].push_back(static_cast<std::int32_t>(rest % given.shape[n]));
  }
  normalize(problem);
  return problem;
}

// A start that moves within a few iterations, so that the loss at the end says something.
struct Measured {
  double seconds, loss;
};
Measured measure_case(const Case& given) {
  const TensorProblem<float> problem = make_problem(given);
  CpFactorization<float> model =
      initialize_cp<float>(given.shape, given.components, {.deviation = given.windows ? .005 : .05});
  const auto loss = given.windows ? make_loss(problem, model, CpWindowOptions{}) : make_loss(problem, model);
  TensorDescent<float> engine(*loss, {.step_size = 1e-2, .loss_tolerance = 0});
  engine.advance(100);
  const double end = engine.moment().loss;
  const double seconds = least_seconds([&] { engine.advance(64); }, 15) / 64;
  return {seconds, end};
}

}  // namespace

int main(int argc, char** argv) {
  set_num_threads(1);
  if (argc > 1) {
    for (const Case& given : kCases)
      if (given.name == argv[1]) {
        const Measured found = measure_case(given);
        fmt::print("{{\"seconds_per_iteration\": {}, \"loss_after_100\": {}}}\n", found.seconds, found.loss);
        return 0;
      }
    fmt::print(stderr, "usage: tensor_bench [four|three|full|windows]\n");
    return 2;
  }
  const double peak = peak_flops();
  fmt::print("{}, {}; one core: {:.0f} GFLOP/s on cached products\n", processor_name(), name(instruction_set()),
             peak / 1e9);
  fmt::print("{:<8}{:>14}{:>18}{:>13}{:>13}\n", "case", "us/iteration", "needed GFLOP/s", "arithmetic", "loss");
  for (const Case& given : kCases) {
    const Measured found = measure_case(given);
    // An inner product and two weighted sums per entry and component; the products of rows are not counted. Windows
    // leave most of them out.
    const double flops = 6.0 * static_cast<double>(given.count * given.components);
    const std::string rate = given.windows ? "-" : fmt::format("{:.1f}", flops / found.seconds / 1e9);
    const std::string share = given.windows ? "-" : fmt::format("{:.0f} %", 100 * flops / found.seconds / peak);
    fmt::print("{:<8}{:>14.1f}{:>18}{:>13}{:>13.4g}\n", given.name, found.seconds * 1e6, rate, share, found.loss);
  }
  return 0;
}
