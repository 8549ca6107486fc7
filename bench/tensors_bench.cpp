// The side of bench/tensors.py that runs the library: factorizations of tensors, by iterations or to the stopping rule.
// SPDX-License-Identifier: Apache-2.0

// tensors_bench CASE run ITERATIONS [FILE.npz]   descent from a start; mean over the whole run; with a file: also its
//                                                entries and its start, in float32
// tensors_bench CASE stop SEED DEVIATION TOLERANCE PATIENCE [MOST = 100000]
//                                                descent until the mean squared error was below the tolerance at
//                                                more than PATIENCE tests, 25 iterations apart (float32)
// tensors_bench CASE grow SEED                   the growing factorization on the same entries
//   CASE: cp4 (10 x 10 x 10 x 10, rank 5, 2,000 entries, 1,000 components), cp3 (16 x 16 x 16, rank 5, half of the
//         entries, 256 components), treeW (8 x 8 x 8 x 8, widths 5 and 5, half of the entries, widths W)
// Seconds are processor seconds on one thread.
#include <fmt/core.h>
#include <time.h>

#include <cmath>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/threads.h"
#include "experiment/tensor/tensor_data.h"
#include "rankflow/archive.h"
#include "rankflow/grow_cp.h"
#include "rankflow/grow_tree.h"
#include "rankflow/tensor_descent.h"
#include "support/planted_tensors.h"

namespace {

using namespace rankflow;

constexpr Index kWide = 128;  // widths from which on most local components are negligible

double now() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

struct Case {
  std::string name;
  std::vector<Index> shape;
  Index observed = 0, components = 0, width = 0;  // width 0: CP
  double norm = 1;                                // of the tensor (Razin, Maman, Cohen 2021 and 2022)
  double deviation = 0;                           // of the start in run: it moves within few iterations
  bool tree() const { return width > 0; }
};

bool find_case(const std::string& name, Case& found) {
  if (name == "cp4") found = {name, {10, 10, 10, 10}, 2000, 1000, 0, 1, .05};
  if (name == "cp3") found = {name, {16, 16, 16}, 2048, 256, 0, 64, .05};
  if (name.starts_with("tree")) {
    found = {name, {8, 8, 8, 8}, 2048, 0, std::atol(name.c_str() + 4), 64, 0};
    // Cells of size about .3 whatever the widths: a sum of width^3 products of seven weights.
    found.deviation = std::pow(.3 / std::pow(static_cast<double>(found.width), 1.5), 1.0 / 7);
  }
  return !found.name.empty() && (found.components > 0 || found.width > 0);
}

struct Planted {
  Vector truth;
  TensorProblem<double> problem;
};
Planted plant(const Case& given, std::uint64_t seed) {
  Planted made;
  made.truth =
      given.tree()
          ? initialize_tree<double>(ModeTree::perfect(4), given.shape, {5}, {.deviation = 1, .seed = seed}).dense()
          : test::cp_cells(test::cp_target(given.shape, 5, seed));
  made.truth *= given.norm / made.truth.norm();
  made.problem = test::observe(given.shape, made.truth, given.observed, seed);
  return made;
}

// A model of either kind, and its loss.
struct Learner {
  CpFactorization<float> cp;
  TreeFactorization<float> tree;
  std::unique_ptr<TensorModelLoss<float>> loss;

  Learner(const Case& given, const TensorProblem<float>& problem, double deviation, std::uint64_t seed, bool windows) {
    const TensorInitializationOptions start{.deviation = deviation, .seed = seed};
    if (given.tree()) {
      tree = initialize_tree<float>(ModeTree::perfect(4), given.shape, {given.width}, start);
      loss = windows ? make_loss(problem, tree, TreeWindowOptions{}) : make_loss(problem, tree);
    } else {
      cp = initialize_cp<float>(given.shape, given.components, start);
      loss = windows ? make_loss(problem, cp, CpWindowOptions{}) : make_loss(problem, cp);
    }
  }
  double error(const Vector& truth) const {
    const Vector cells = tree.weights.empty() ? Vector(cp.dense().cast<double>()) : Vector(tree.dense().cast<double>());
    return (cells - truth).norm() / truth.norm();
  }
};

// weights: in the order of loss->weights(): factors by mode; or leaves, pairs, the root.
void write_rival(const std::string& path, const TensorProblem<float>& problem, Learner& learner) {
  Archive archive;
  for (std::size_t n = 0; n < problem.index.size(); ++n) archive.set(fmt::format("index{}", n), problem.index[n]);
  archive.set("value", problem.value);
  const auto weights = learner.loss->weights();
  for (std::size_t k = 0; k < weights.size(); ++k) archive.set(fmt::format("weights{}", k), *weights[k]);
  archive.write(path, false);
}

int run(const Case& given, Index iterations, const char* path) {
  const TensorProblem<float> problem = experiment::convert<float>(plant(given, 1).problem);
  Learner learner(given, problem, given.deviation, 1, false);
  if (path != nullptr) write_rival(path, problem, learner);
  TensorDescent<float> engine(*learner.loss, {.step_size = 1e-2, .loss_tolerance = 0});
  const double start = now();
  engine.advance(iterations);
  const double seconds = now() - start;
  fmt::print("{{\"seconds_per_iteration\": {}, \"loss\": {}}}\n", seconds / static_cast<double>(iterations),
             engine.moment().loss);
  return 0;
}

int stop(const Case& given, std::uint64_t seed, double deviation, double tolerance, Index patience, Index most) {
  const Planted planted = plant(given, seed);
  const TensorProblem<float> problem = experiment::convert<float>(planted.problem);
  Learner learner(given, problem, deviation, seed, !given.tree() || given.width >= kWide);
  // The published rule asks for more than `patience` tests in a row.
  TensorDescent<float> engine(*learner.loss, {.step_size = 1e-2,
                                              .loss_tolerance = tolerance,
                                              .patience = patience + 1,
                                              .test_every = 25,
                                              .max_iterations = most});
  double least = INFINITY, seconds = 0;
  for (bool going = true; going;) {
    const double start = now();
    going = engine.advance(25);
    seconds += now() - start;
    least = std::min(least, learner.error(planted.truth));
  }
  const TensorDescentResult result = engine.result();
  fmt::print(
      "{{\"stop\": \"{}\", \"iterations\": {}, \"seconds\": {}, \"loss\": {}, \"error\": {}, \"least_error\": {}}}\n",
      name(result.stop), result.iterations, seconds, result.loss, learner.error(planted.truth), least);
  return 0;
}

int grow(const Case& given, std::uint64_t seed) {
  const Planted planted = plant(given, seed);
  const double start = now();
  Vector cells;
  GrowReport report;
  if (given.tree()) {
    const GrowTreeResult result = fit_grow_tree(planted.problem, nullptr, ModeTree::perfect(4), {.seed = seed});
    cells = result.model.dense();
    report = result;
  } else {
    const GrowCpResult result = fit_grow_cp(planted.problem, nullptr, {.seed = seed});
    cells = result.model.dense();
    report = result;
  }
  fmt::print("{{\"solved\": {}, \"seconds\": {}, \"error\": {}}}\n", report.solved(), now() - start,
             (cells - planted.truth).norm() / planted.truth.norm());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  set_num_threads(1);
  Case given;
  const std::string what = argc > 2 ? argv[2] : "";
  if (argc < 4 || !find_case(argv[1], given)) {
    fmt::print(stderr, "usage: tensors_bench cp4|cp3|treeW run|stop|grow ... (the file's first lines say more)\n");
    return 2;
  }
  if (what == "run") return run(given, std::atol(argv[3]), argc > 4 ? argv[4] : nullptr);
  const auto seed = static_cast<std::uint64_t>(std::atol(argv[3]));
  if (what == "grow") return grow(given, seed);
  if (what == "stop" && argc > 6)
    return stop(given, seed, std::atof(argv[4]), std::atof(argv[5]), std::atol(argv[6]),
                argc > 7 ? std::atol(argv[7]) : 100'000);
  return 2;
}
