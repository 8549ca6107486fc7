// How fast a CP factorization is evaluated at a million observations, and their gradient collected (MTTKRP), against
// what this machine can do at most, measured in the same run.
// SPDX-License-Identifier: Apache-2.0

// tensor_passes_bench [observations in thousands = 1000] [components = 16] [threads = 1] [size of all modes]
// 2000 x 1500 x 60 x 40 unless a size is given, uniform cells. Two ways: "cells", one cell after another in double
// (growing CP); "descent", the same or products of rows that several cells share, whatever is quicker, in float and in
// double. Both are compared with plain products before anything is timed.
#include <fmt/core.h>

#include <cmath>
#include <cstdlib>

#include "base/threads.h"
#include "experiment/tensor/tensor_data.h"
#include "linalg/aligned.h"
#include "linalg/cp_passes.h"
#include "machine_limits.h"
#include "rankflow/tensor_descent.h"
#include "support/planted_tensors.h"

namespace {

using namespace rankflow;
using namespace rankflow::bench;

// x_k and dL/dx_k W, by definition, for the first cells: the oracle.
double plain_value(const TensorProblem<double>& problem, const CpFactorization<double>& model, std::size_t k) {
  std::vector<std::int32_t> index;
  for (const auto& mode : problem.index) index.push_back(mode[k]);
  return model.entry(index);
}

void require(bool right, const char* what) {
  if (right) return;
  fmt::print(stderr, "wrong result: {}; no time is stated\n", what);
  std::exit(1);
}

struct Limits {
  double flops, stream, gathered;
};

// What has to happen at least, per observation. order products of `components` numbers and their sum; the gradient
// needs them once more for each mode. Rows of all factors are gathered; index and value are streamed.
void print_row(const char* name, double seconds, double count, double flops, double row_bytes, double streamed_bytes,
               const Limits& limits) {
  const double arithmetic = count * flops / limits.flops, memory = count * streamed_bytes / limits.stream,
               gathered = count * row_bytes / limits.gathered;
  const double bound = std::max({arithmetic, memory, gathered});
  const char* which = bound == gathered ? "gathered rows" : bound == memory ? "stream" : "arithmetic";
  fmt::print("{:<28}{:>10.2f} ns/observation{:>10.1f} Gflop/s ({:.0f} % of the peak){:>8.0f} % of the limit by {}\n",
             name, seconds / count * 1e9, count * flops / seconds / 1e9, 100 * count * flops / seconds / limits.flops,
             100 * bound / seconds, which);
}

// Cell after cell: the passes of growing CP.
void time_cells(const TensorProblem<double>& problem, const CpFactorization<double>& model, const Limits& limits) {
  const Index components = model.components(), count = problem.count();
  const std::vector<Index>& shape = problem.shape;
  const Index stride = (components + kCpRowMultiple - 1) / kCpRowMultiple * kCpRowMultiple;
  std::vector<Index> begin = {0};
  for (const Index size : shape) begin.push_back(begin.back() + size);
  AlignedRows<double> factors(begin.back(), components, stride), gradient(begin.back(), components, stride);
  for (std::size_t n = 0; n < shape.size(); ++n)
    for (Index i = 0; i < shape[n]; ++i)
      for (Index r = 0; r < components; ++r) factors.row(begin[n] + i)[r] = model.factors[n](i, r);
  std::vector<std::int32_t> rows;
  for (Index k = 0; k < count; ++k)
    for (std::size_t n = 0; n < shape.size(); ++n)
      rows.push_back(static_cast<std::int32_t>(begin[n] + problem.index[n][k]));
  const CpPass pass{.row = rows.data(),
                    .order = 4,
                    .begin = 0,
                    .end = count,
                    .value = problem.value.data(),
                    .factors = factors.row(0),
                    .stride = stride};
  const CpPasses& passes = cp_passes();
  std::vector<double> x(static_cast<std::size_t>(count));
  passes.values(pass, x.data());
  for (std::size_t k = 0; k < 1000; ++k)
    require(std::abs(x[k] - plain_value(problem, model, k)) < 1e-10, "values of cells");
  const auto n = static_cast<double>(count), r = static_cast<double>(components);
  const double row_bytes = 4 * 8 * static_cast<double>(stride), streamed = 4 * 4 + 8;
  print_row("cells: evaluation", median_seconds([&] { passes.values(pass, x.data()); }), n, 4 * r, row_bytes,
            streamed + 8, limits);
  print_row("cells: gradient", median_seconds([&] { passes.gradient(pass, gradient.row(0)); }), n, 20 * r,
            3 * row_bytes, streamed, limits);
  CpPass one = pass;
  one.value = x.data();
  print_row("cells: one mode (MTTKRP)", median_seconds([&] { passes.one_mode(one, 0, gradient.row(0)); }), n, 5 * r,
            1.25 * row_bytes, streamed, limits);
}

template <class T>
void time_descent(const char* name, const TensorProblem<double>& given, const CpFactorization<double>& reference,
                  const Limits& limits) {
  const TensorProblem<T> problem = experiment::convert<T>(given);
  CpFactorization<T> model;
  for (const Matrix& factor : reference.factors) model.factors.push_back(factor.cast<T>());
  const auto loss = make_loss(problem, model);
  std::vector<MatrixOf<T>> gradient;
  double wanted = 0;
  for (std::size_t k = 0; k < given.value.size(); ++k)
    wanted += std::pow(plain_value(given, reference, k) - given.value[k], 2) / static_cast<double>(given.count());
  require(std::abs(loss->gradient(gradient) / wanted - 1) < 1e-4, "the loss");
  const double evaluation = median_seconds([&] { loss->loss(); });
  const double all = median_seconds([&] { loss->gradient(gradient); });
  const auto n = static_cast<double>(given.count()), r = static_cast<double>(reference.components());
  const double row_bytes = 4 * static_cast<double>(sizeof(T)) * r, streamed = 4 * 4 + static_cast<double>(sizeof(T));
  print_row(fmt::format("{}: evaluation", name).c_str(), evaluation, n, 4 * r, row_bytes, streamed, limits);
  print_row(fmt::format("{}: gradient", name).c_str(), all, n, 20 * r, 3 * row_bytes, streamed, limits);
  print_row(fmt::format("{}: MTTKRP, all modes", name).c_str(), all - evaluation, n, 16 * r, 2 * row_bytes, streamed,
            limits);
}

}  // namespace

int main(int argc, char** argv) {
  const Index count = 1000 * (argc > 1 ? std::atol(argv[1]) : 1000), components = argc > 2 ? std::atol(argv[2]) : 16;
  set_num_threads(argc > 3 ? std::atoi(argv[3]) : 1);
  std::vector<Index> shape = {2000, 1500, 60, 40};
  if (argc > 4) shape.assign(4, std::atol(argv[4]));
  const double cores = num_threads();
  const auto model = initialize_cp<double>(shape, components, {.deviation = .5, .seed = 1});
  Rng rng(3);
  const TensorProblem<double> problem = test::observe_cells(shape, test::draw_cells(test::num_cells(shape), count, 1),
                                                            [&](Index) { return rng.normal(); });
  // Rows of the longest factors, at the cells' places.
  std::vector<std::int32_t> places(problem.index[1]);
  const auto limits = [&](Index size) {
    const Index bytes = (components * size + 63) / 64 * 64;
    return Limits{cores * (size == 4 ? peak_flops<float>() : peak_flops<double>()), stream_bandwidth(),
                  cores * gather_bandwidth(shape[1], bytes, places)};
  };
  const Limits in_double = limits(8), in_float = limits(4);
  fmt::print(
      "{} observations, {} components, {} thread(s); machine: {:.0f} Gflop/s in double, {:.0f} in float, stream "
      "{:.1f} GB/s, gathered rows {:.0f} and {:.0f} GB/s\n",
      count, components, num_threads(), in_double.flops / 1e9, in_float.flops / 1e9, in_double.stream / 1e9,
      in_double.gathered / 1e9, in_float.gathered / 1e9);
  if (num_threads() == 1) time_cells(problem, model, in_double);
  time_descent<double>("descent, double", problem, model, in_double);
  time_descent<float>("descent, float", problem, model, in_float);
  return 0;
}
