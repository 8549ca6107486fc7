// How fast an iteration of gradient descent on a hierarchical factorization is, and what share of one core's arithmetic
// it uses.
// SPDX-License-Identifier: Apache-2.0

// tree_bench                        a table of all cases
// tree_bench WIDTH ITERATIONS       one case as JSON: 8 x 8 x 8 x 8, ((0,1),(2,3)), 2,048 cells, all widths WIDTH
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>

#include "base/processor.h"
#include "base/threads.h"
#include "linalg/aligned.h"
#include "linalg/matrix_product.h"
#include "linalg/vector_passes.h"
#include "one_core.h"
#include "rankflow/rng.h"
#include "rankflow/tensor_descent.h"

namespace {

using namespace rankflow;
using bench::least_seconds;

const std::vector<Index> kShape = {8, 8, 8, 8};

// Half the cells of a tensor with widths (5, 5) and root mean square 1 (Razin, Maman and Cohen 2022).
TensorProblem<float> half_the_cells() {
  VectorOf<float> cells =
      initialize_tree<float>(ModeTree::perfect(4), kShape, {5}, {.deviation = 1, .seed = 1}).dense();
  cells *= std::sqrt(static_cast<float>(cells.size())) / cells.norm();
  TensorProblem<float> problem;
  problem.shape = kShape;
  problem.index.resize(4);
  Rng rng(2);
  for (Index cell = 0, left = cells.size() / 2; cell < cells.size(); ++cell) {
    if (rng.below(static_cast<std::uint64_t>(cells.size() - cell)) >= static_cast<std::uint64_t>(left)) continue;
    --left;
    for (Index n = 3, rest = cell; n >= 0; --n, rest /= 8)
      problem.index[n].push_back(static_cast<std::int32_t>(rest % 8));
    problem.value.push_back(cells[cell]);
  }
  return problem;
}

struct Timing {
  double gradient = 0, iteration = 0;  // seconds
  double first_loss = 0, last_loss = 0;
};

// One adaptive step for all weights, as the papers take it.
Timing time_case(Index width, Index iterations) {
  const TensorProblem<float> problem = half_the_cells();
  // Cells of size about .3, whatever the widths (a sum over width^3 products of 7 weights): the loss moves at once.
  const double deviation = std::pow(.3 / std::pow(static_cast<double>(width), 1.5), 1.0 / 7);
  auto model = initialize_tree<float>(ModeTree::perfect(4), kShape, {width}, {.deviation = deviation, .seed = 3});
  const auto loss = make_loss(problem, model);
  std::vector<MatrixOf<float>> gradient;
  for (const MatrixOf<float>* weights : loss->weights()) gradient.emplace_back(weights->rows(), weights->cols());
  const VectorPasses<float> passes = vector_passes<float>();
  double mean_square = 0, power = 1;
  const auto iterate = [&] {
    double squares = 0;
    loss->gradient(gradient);
    for (const auto& g : gradient) squares += passes.squared_norm(g.data(), g.size());
    mean_square = .99 * mean_square + .01 * squares;
    power *= .99;
    const auto step = static_cast<float>(1e-2 / (std::sqrt(mean_square / (1 - power)) + 1e-6));
    for (std::size_t k = 0; k < gradient.size(); ++k)
      passes.subtract(model.weights[k].data(), gradient[k].data(), step, gradient[k].size());
  };
  Timing timing;
  timing.first_loss = loss->loss();
  iterate();  // memory is there, caches are warm
  const auto times = [&](const auto& call) {
    return least_seconds([&] {
             for (Index k = 0; k < iterations; ++k) call();
           }) /
           static_cast<double>(iterations);
  };
  timing.iteration = times(iterate);
  timing.gradient = times([&] { loss->gradient(gradient); });
  timing.last_loss = loss->loss();
  return timing;
}

// 64 distinct rows at either pair: three products with the pair's weights, three at the root over all 64 x 64 pairs.
double flops(Index width) {
  const auto r = static_cast<double>(width);
  return 2 * 3 * 2 * 64 * r * r + 3 * 2 * 64 * 64 * r;
}

// The most arithmetic that one core does on products of this size that stay in its cache.
double peak_flops() {
  const Index n = 192;
  AlignedRows<float> a(n, n, n), b(n, n, n), c(n, n, n);
  const MatrixProduct<float> product{
      .a = a.row(0), .a_row = n, .b = b.row(0), .b_row = n, .c = c.row(0), .c_row = n, .m = n, .n = n, .k = n};
  return 2.0 * n * n * n / least_seconds([&] { multiply(product); }, 200);
}

}  // namespace

int main(int argc, char** argv) {
  set_num_threads(1);
  if (argc == 3) {
    const Timing timing = time_case(std::atol(argv[1]), std::atol(argv[2]));
    fmt::print("{{\"seconds_per_iteration\": {}, \"seconds_per_gradient\": {}, \"loss\": {}, \"threads\": {}}}\n",
               timing.iteration, timing.gradient, timing.last_loss, num_threads());
    return std::isfinite(timing.last_loss) ? 0 : 1;
  }
  if (argc != 1) {
    fmt::print(stderr, "usage: tree_bench [WIDTH ITERATIONS]\n");
    return 2;
  }
  const double peak = peak_flops();
  fmt::print("{}, {}; one core: {:.0f} GFLOP/s on cached products\n", processor_name(), name(instruction_set()),
             peak / 1e9);
  fmt::print("{:<8}{:>14}{:>13}{:>10}{:>13}{:>24}\n", "widths", "us/iteration", "us/gradient", "GFLOP/s", "arithmetic",
             "loss");
  for (const Index width : {32, 64, 512}) {
    const Timing t = time_case(width, width > 100 ? 20 : 400);
    fmt::print("{:<8}{:>14.1f}{:>13.1f}{:>10.1f}{:>11.0f} %{:>12.4f} -> {:>8.5f}\n", width, t.iteration * 1e6,
               t.gradient * 1e6, flops(width) / t.gradient / 1e9, 100 * flops(width) / t.gradient / peak, t.first_loss,
               t.last_loss);
    if (!(t.last_loss < t.first_loss)) return 1;
  }
  return 0;
}
