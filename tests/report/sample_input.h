// A report of realistic size and shape, made from nothing but a seed: what tests render and people look at.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "rankflow/report.h"
#include "rankflow/rng.h"

namespace rankflow::sample {

// Twelve directions that rise one after another, a validation error that turns up near the end.
inline std::vector<Step> history(Index steps, const char* stage) {
  std::vector<Step> list;
  Rng noise(1, 2);
  constexpr int kWidth = 12;
  for (Index i = 0; i < steps; ++i) {
    Step step;
    step.engine = "flow";
    step.stage = stage;
    step.iteration = i;
    step.seconds = 0.011 * static_cast<double>(i + 1);
    step.time = 2e-3 * std::pow(1.0 + 40.0 * static_cast<double>(i) / static_cast<double>(steps), 2.2);
    step.step_size = 2e-3 * (1 + 0.3 * noise.normal() * noise.normal()) * (1 + static_cast<double>(i) / 30);
    const double clock = std::log10(step.time) + 3;
    double rest = 0;
    for (int k = 0; k < kWidth; ++k) {
      const double top = 60 * std::pow(0.62, k), grown = 1 / (1 + std::exp(-4.2 * (clock - 0.7 - 0.36 * k)));
      step.singular_values.push_back(std::max(top * grown, 1e-3 * (1 - 0.04 * k)));
      rest += std::pow(top * (1 - grown), 2);
    }
    std::sort(step.singular_values.rbegin(), step.singular_values.rend());
    step.train_rmse = 0.66 + 0.34 * std::sqrt(rest / 5800) - 0.05 * std::max(0.0, clock - 3.2);
    step.validation_rmse =
        0.80 + 0.25 * std::sqrt(rest / 5800) + 0.06 * std::pow(std::max(0.0, clock - 3.3), 2) + 0.0008 * noise.normal();
    Vector s = Eigen::Map<const Vector>(step.singular_values.data(), kWidth);
    step.effective_rank = effective_rank(s);
    step.rank = std::count_if(step.singular_values.begin(), step.singular_values.end(),
                              [&](double x) { return x > 1e-2 * step.singular_values[0]; });
    step.rate = 6.1e6 * (1 + 0.08 * noise.normal());
    list.push_back(step);
  }
  return list;
}

inline ReportHeldOut ratings(Index count) {
  ReportHeldOut held;
  Rng rng(3, 4);
  for (Index i = 0; i < count; ++i) {
    const double taste = 3.5 + 0.75 * rng.normal();
    held.predicted.push_back(std::clamp(taste, 0.5, 5.0));
    held.observed.push_back(std::clamp(std::round(2 * (taste + 0.8 * rng.normal())) / 2, 0.5, 5.0));
  }
  return held;
}

inline ReportHeldOut measurements(Index count) {
  ReportHeldOut held;
  Rng rng(5, 6);
  for (Index i = 0; i < count; ++i) {
    const double truth = 20 + 8 * rng.normal();
    held.observed.push_back(truth);
    held.predicted.push_back(20 + 0.9 * (truth - 20) + 2.1 * rng.normal() * (rng.uniform() < 0.05 ? 3 : 1));
  }
  return held;
}

// A smooth table of low rank with scattered holes and one missing block.
inline ReportMap map(Index rows, Index columns, bool image) {
  ReportMap map;
  Rng rng(7, 8);
  map.after.resize(rows, columns);
  map.before.resize(rows, columns);
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < columns; ++j) {
      const double x = static_cast<double>(i) / static_cast<double>(rows);
      const double y = static_cast<double>(j) / static_cast<double>(columns);
      const double value = 100 + 60 * std::sin(6 * x) * std::cos(9 * y) + 40 * std::sin(17 * x + 1) * y + 30 * x;
      map.after(i, j) = value;
      const bool block = x > 0.55 && x < 0.7 && y > 0.2 && y < 0.45;
      map.before(i, j) = block || rng.uniform() < 0.3 ? kNaN : value + 3 * rng.normal();
    }
  map.image = image;
  return map;
}

inline ReportInput ratings_report() {
  ReportInput input;
  input.title = "ratings.csv, completed";
  input.source = "data/ml-latest-small/ratings.csv (csv triplets userId, movieId, rating)";
  input.summary =
      "610 users rated 9\u202F724 films; 1.7 % of the table is observed. The posterior engine predicts held-out "
      "ratings "
      "with an error of 0.814 stars (RMSE), 5.6 % better than user and film means alone. Its 90 % intervals held 90.3 "
      "% "
      "of the held-out ratings, so they can be taken at their word.";
  input.figures = {
      {"Size", "610 × 9\u202F724", "100\u202F836 observed, 1.7 %",
       "Rows by columns, and the share of cells with a value."},
      {"Held-out error", "0.8137", "95 % interval 0.806 to 0.821",
       "RMSE in stars, on entries that no engine has seen."},
      {"Gain over means", "5.6 %", "means and biases: 0.8625",
       "What the low-rank part adds to a mean per row and column."},
      {"Rank", "20", "effective rank 8.3", "Directions kept; the effective rank weighs them by size."},
      {"Training error", "0.6612", "",
       "RMSE on the entries that were fitted; far below the held-out error means overfitting."},
      {"Coverage", "90.3 %", "of 90 % intervals", "Share of held-out entries inside their interval."},
      {"Engine", "posterior", "by 1.9 % on validation", "The engine with the lowest error on the validation part."},
      {"Stopped", "enough sweeps", "after 120 sweeps", "Why the engine stopped."},
      {"Time", "18.2 s", "2 threads", "From reading the file to writing the last result."},
      {"Memory", "212 MiB", "at its peak", "Largest amount of memory in use."}};
  input.notes = {"The columns userId, movieId and rating were taken as row, column and value; timestamp was ignored.",
                 "Row and column names are integers; they were kept as written."};
  input.warnings = {"3\u202F446 films have a single rating; their predictions rest on that rating and the film mean."};
  input.candidates = {{"posterior", 0.8121, true, "lowest validation error"},
                      {"flow, depth 3", 0.8278, false, "1.9 % worse on the validation part"},
                      {"means and biases", 0.8601, false, "5.9 % worse on the validation part"}};
  input.history = history(700, "validate");
  const std::vector<Step> refit = history(2000, "refit");
  input.history.insert(input.history.end(), refit.begin(), refit.end());
  for (auto step = input.history.end() - 2000; step != input.history.end(); ++step) step->validation_rmse = kNaN;
  for (int i = 0; i < 120; ++i) {
    Step step;
    step.engine = "posterior";
    step.stage = "validate";
    step.iteration = i + 1;
    step.seconds = 0.1 * i;
    step.validation_rmse = 0.812 + 0.07 * std::exp(-0.08 * i);
    step.train_rmse = 0.655 + 0.1 * std::exp(-0.1 * i);
    step.rate = 1.2e6;
    input.history.push_back(step);
  }
  input.held_out = ratings(10'084);
  std::vector<double> spectrum;
  for (int k = 0; k < 40; ++k) spectrum.push_back(60 * std::pow(0.72, k) * (k < 20 ? 1 : 0.4) + 0.05);
  input.spectrum = ReportSpectrum{spectrum, 20};
  input.calibration = ReportCalibration{{.1, .2, .3, .4, .5, .6, .7, .8, .9, .95, .99},
                                        {.1, .2, .3, .4, .5, .6, .7, .8, .9, .95, .99},
                                        {.112, .218, .314, .409, .512, .606, .709, .801, .903, .949, .981}};
  for (int i = 0; i < 12; ++i)
    input.surprises.push_back({std::to_string(100 + 37 * i), "Film (" + std::to_string(1960 + 5 * i) + ")",
                               i % 2 ? 5.0 : 0.5, i % 2 ? 1.9 + 0.05 * i : 4.4 - 0.05 * i, 4.6 - 0.15 * i});
  input.options = {
      {"engine", "auto", "auto", "Which engine fits: flow, posterior, or the better of both on validation."},
      {"depth", "3", "3", "Depth of the flow; larger prefers lower rank."},
      {"holdout", "0.1", "0.1", "Share of the entries that judge the result."},
      {"max_rank", "30", "60", "Upper limit of the rank."},
      {"seed", "7", "0", "Seed of every random number."}};
  input.facts = {{"Seed", "7"},       {"rankflow", "0.1.0"}, {"Processor", "AMD EPYC 7763, 2 cores"},
                 {"Kernels", "avx2"}, {"Threads", "2"},      {"OpenBLAS", "0.3.21 (Haswell)"}};
  input.command = "rankflow complete data/ml-latest-small/ratings.csv --max-rank 30 --seed 7 --report -o out";
  return input;
}

// A dense table: map, columns, points instead of boxes; no posterior, no candidates.
inline ReportInput table_report() {
  ReportInput input;
  input.title = "Air quality";
  input.source = "air.csv";
  input.summary = "153 days by 6 sensors with a fifth of the entries missing; held-out error 0.38 spreads.";
  input.figures = {{"Held-out error", "0.378", "95 % interval 0.33 to 0.42", "RMSE in units of each column's spread."},
                   {"Gain over column means", "62 %", "column means: 1.00", ""}};
  input.history = history(90, "fit");
  input.held_out = measurements(240);
  input.maps = {map(153, 40, false)};
  for (int j = 0; j < 40; ++j)
    input.columns.push_back({"sensor " + std::to_string(j + 1), 12.0 + j, j == 7 ? 1.08 : 0.25 + 0.015 * j,
                             j == 9 ? kNaN : 0.98 + 0.001 * j, 30 - j % 5});
  input.command = "rankflow complete air.csv --report";
  return input;
}

}  // namespace rankflow::sample
