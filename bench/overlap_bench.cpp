// How well and how fast the overlap engine completes an array of which a part was removed.
// SPDX-License-Identifier: Apache-2.0

// overlap_bench FILE.npy [share = .4] [random|MODES] [seeds = 0,1,..] [zero|nan] [threads = 1] [KEY=VALUE ...]
// MODES such as 0 or 2,3: blocks along these modes are removed. zero: cells equal to 0 are holes (nan: NaN). Each line
// has the errors on removed cells (all, and those that are not 0), of shrunk means too, and the coverage of intervals.
#include <fmt/core.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "base/threads.h"
#include "rankflow/archive.h"
#include "rankflow/array_intervals.h"
#include "rankflow/error.h"
#include "rankflow/overlap.h"
#include "rankflow/rng.h"
#include "rankflow/tensor_effects.h"
#include "rankflow/tensor_parts.h"

namespace {

using namespace rankflow;

double user_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec) + 1e-6 * static_cast<double>(usage.ru_utime.tv_usec);
}

DenseArray read(const std::string& path, bool zero_is_hole) {
  const Array file = read_array(path);
  DenseArray array;
  array.shape = file.shape;
  std::visit(
      [&](const auto& data) {
        for (const auto& x : data) {
          double value = 0;
          if constexpr (!std::is_same_v<std::decay_t<decltype(x)>, std::string>) value = static_cast<double>(x);
          const bool seen = !std::isnan(value) && !(zero_is_hole && value == 0);
          array.observed.push_back(seen);
          array.value.push_back(seen ? value : 0);
        }
      },
      file.data);
  return array;
}

// Removes cells, or whole blocks, with the given probability; returns them.
std::vector<Index> remove(DenseArray& array, double share, const std::string& how, std::uint64_t seed) {
  std::vector<bool> along(array.shape.size(), false);
  if (how != "random")
    for (const char c : how)
      if (c >= '0' && c <= '9') along[c - '0'] = true;
  const std::vector<Index> stride = strides(array.shape);
  std::vector<Index> removed;
  for (Index cell = 0; cell < array.cells(); ++cell) {
    Index block = 0;
    for (std::size_t n = 0; n < along.size(); ++n)
      if (!along[n]) block += cell / stride[n] % array.shape[n] * stride[n];
    if (!array.observed[cell] || Rng(seed, 99, static_cast<std::uint64_t>(block)).uniform() >= share) continue;
    removed.push_back(cell);
    array.observed[cell] = 0;
  }
  return removed;
}

double rmse(const std::vector<Index>& cells, const std::vector<double>& truth, auto&& prediction, bool nonzero) {
  double squares = 0, count = 0;
  for (const Index cell : cells) {
    if (nonzero && truth[cell] == 0) continue;
    const double e = static_cast<double>(prediction[cell]) - truth[cell];
    squares += e * e, count += 1;
  }
  return std::sqrt(squares / count);
}

void set_options(OverlapOptions& options, int argc, char** argv, int from) {
  for (int k = from; k < argc; ++k) {
    const std::string text = argv[k];
    const auto equals = text.find('=');
    for (const OptionField& field : fields(options))
      if (field.name == text.substr(0, equals)) field.set(text.substr(equals + 1));
  }
}

std::string text(const OverlapSetting& setting) {
  std::string line;
  for (const double w : setting.weight) line += fmt::format("{:.3f} ", w);
  return line + fmt::format("x {:.3g}", setting.strength);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) return fmt::print("overlap_bench FILE.npy [share] [random|MODES] [seeds] [zero|nan] [threads]\n"), 2;
  const double share = argc > 2 ? std::stod(argv[2]) : .4;
  const std::string how = argc > 3 ? argv[3] : "random";
  std::vector<std::uint64_t> seeds;
  std::stringstream list(argc > 4 ? argv[4] : "0");
  for (std::string seed; std::getline(list, seed, ',');) seeds.push_back(std::stoull(seed));
  const bool zero = argc > 5 && std::string(argv[5]) == "zero";
  set_num_threads(argc > 6 ? std::stoi(argv[6]) : 1);
  OverlapOptions options;
  set_options(options, argc, argv, 7);
  for (const std::uint64_t seed : seeds) {
    DenseArray array = read(argv[1], zero);
    const std::vector<double> truth = array.value;
    const std::vector<Index> removed = remove(array, share, how, seed);
    for (const Index cell : removed) array.value[cell] = 0;
    const double user = user_seconds();
    const auto begin = std::chrono::steady_clock::now();
    const HolePattern pattern = find_pattern(array);
    const auto parts = choose_validation(array, array.observed, pattern, {.seed = 1});
    const OverlapProblem problem{array, array.observed, parts};
    const OverlapResult result = fit_overlap(problem, options);
    const ArrayIntervals intervals =
        calibrate_intervals(array, array.observed, result.values, parts, result.part_values);
    const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const double used = user_seconds() - user;
    const std::vector<double> means = fit_effects(array, array.observed).everywhere();
    double covered = 0, width = 0;
    for (const Index cell : removed) {
      const Interval interval = intervals.at(cell, result.values[cell], .9);
      covered += truth[cell] >= interval.low && truth[cell] <= interval.high;
      width += interval.high - interval.low;
    }
    const double count = static_cast<double>(removed.size());
    fmt::print(
        "{} {}: rmse {:.4f} nonzero {:.4f} means {:.3f} val {:.4f} train {:.4f} | {} trials, {} points, eps {:.4f}, a "
        "{} | "
        "cover {:.3f} width {:.3f} | {} parts {} | {:.1f} s wall {:.1f} s user\n",
        seed, how, rmse(removed, truth, result.values, false), rmse(removed, truth, result.values, true),
        rmse(removed, truth, means, false), result.validation_rmse, result.train_rmse, result.trials.size(),
        result.eps.size(), result.eps.empty() ? 0 : result.eps.back(), text(result.setting), covered / count,
        width / count, parts.size(), pattern.text(), wall, used);
    std::string ranks;
    for (const OverlapUnfolding& unfolding : result.unfoldings) ranks += std::to_string(unfolding.rank) + " ";
    fmt::print("  ranks {}; {}: {}\n", ranks, name(result.stop), result.message);
    for (const OverlapTrial& trial : result.trials)
      fmt::print("  trial {:.4f} eps {:.4f} {}\n", trial.rmse, trial.eps, text(trial.setting));
    std::fflush(stdout);
  }
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "error: {}\n", error.what());
  return 1;
}
