// How often and how fast growing factorizations find tensors of low rank.
// SPDX-License-Identifier: Apache-2.0

// grow_bench SHAPE RANK OBSERVATIONS [seeds = 20] [noise = 0] [strategy = automatic] [threads = 1], SHAPE as
// 10x10x10x10
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/threads.h"
#include "rankflow/grow_cp.h"
#include "support/planted_tensors.h"

namespace {

using namespace rankflow;

std::vector<Index> parse_shape(const std::string& text) {
  std::vector<Index> shape;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = 0;
    shape.push_back(std::stoll(text.substr(at), &length));
    at += length + 1;
  }
  return shape;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr, "grow_bench SHAPE RANK OBSERVATIONS [seeds] [noise] [strategy] [threads]\n");
    return 2;
  }
  const std::vector<Index> shape = parse_shape(argv[1]);
  const Index rank = std::atoll(argv[2]), count = std::atoll(argv[3]);
  const int seeds = argc > 4 ? std::atoi(argv[4]) : 20;
  const double noise = argc > 5 ? std::atof(argv[5]) : 0;
  GrowOptions options;
  if (argc > 6)
    for (OptionField& option : fields(options))
      if (option.name == "strategy") option.set(argv[6]);
  set_num_threads(argc > 7 ? std::atoi(argv[7]) : 1);
  std::vector<double> seconds, errors, from_truth;
  int solved = 0, wrong = 0, right_rank = 0, first = 0;
  for (int seed = 1; seed <= seeds; ++seed) {
    const auto factors = test::cp_target(shape, rank, static_cast<std::uint64_t>(seed));
    const Vector truth = test::cp_cells(factors);
    const TensorProblem<double> problem = test::observe(shape, truth, count, static_cast<std::uint64_t>(seed), noise);
    const GrowCpResult result = fit_grow_cp(problem, nullptr, options);
    const double error = test::relative_error(test::cp_cells(result.model.factors), truth);
    fmt::print(
        "{:3} {:14} components {:2} error {:8.1e} residual {:8.1e} amplification {:8.1e} ridge {:.1e} attempts {:2} "
        "steps {:5} {:.3f} s\n",
        seed, name(result.verdict), result.model.components(), error, result.relative_residual, result.amplification,
        result.ridge, result.attempts, result.iterations, result.seconds);
    if (noise > 0) {
      GrowCpResult start;
      start.model.factors = factors;
      start.strategy = GrowStrategy::noisy;
      const GrowCpResult ideal = refit_grow_cp(problem, start, options);
      from_truth.push_back(test::relative_error(test::cp_cells(ideal.model.factors), truth));
    }
    seconds.push_back(result.seconds);
    errors.push_back(error);
    solved += result.solved();
    wrong += result.solved() && error > 1e-4;
    right_rank += result.model.components() == rank;
    first += result.solved() && result.attempts == 1;
  }
  std::sort(seconds.begin(), seconds.end());
  std::sort(errors.begin(), errors.end());
  fmt::print(
      "{} rank {} from {} of {} cells, noise {}: solved {} of {} ({} at the first attempt), wrongly {}, rank right {}; "
      "error median {:.2e} worst {:.2e}; seconds median {:.3f} worst {:.3f}\n",
      argv[1], rank, count, test::num_cells(shape), noise, solved, seeds, first, wrong, right_rank,
      errors[errors.size() / 2], errors.back(), seconds[seconds.size() / 2], seconds.back());
  if (from_truth.empty()) return 0;
  std::sort(from_truth.begin(), from_truth.end());
  fmt::print("a fit without ridge from the truth: error median {:.2e} worst {:.2e}\n",
             from_truth[from_truth.size() / 2], from_truth.back());
}
